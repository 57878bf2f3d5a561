"""A second click, a reload or a lost answer must not do a thing twice.

Every form that makes something carries a random token; the work is done under it once, and a
repetition leads to what the first one made.
"""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID, uuid4

from flask import request
from markupsafe import Markup

from invoicer_core.services import idempotency
from invoicer_core.web import access

FIELD: Final = "once"


def field(form: Any = None) -> Markup:
    """The hidden field; a form that is shown again keeps its token."""
    kept = form.get(FIELD) if form is not None else ""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, kept or uuid4().hex)


def token() -> str | None:
    """The token of the form that was sent, when it is one of ours."""
    sent = request.form.get(FIELD, "")
    try:
        return UUID(hex=sent).hex
    except ValueError:
        return None


def made(work: Callable[[], str]) -> str:
    """The address of what the work makes; done at most once for this form's token.

    The work and the memory of it commit together. A form without a token is just done.

    Raises:
        Conflict: the same form is being worked on at this moment.
    """
    key = token()
    if key is None:
        return work()
    asked = idempotency.fingerprint(request.path.encode(), key.encode())

    def run() -> idempotency.Answer:
        return idempotency.Answer(303, {"Location": work()}, b"")

    answer = idempotency.once(key=f"form:{key}", asked=asked, by=access.actor(), run=run)
    return answer.headers["Location"]
