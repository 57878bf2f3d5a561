"""A second click, a reload or a lost answer must not do a thing twice.

Every form that makes something carries a random token; the work is done under it once, and a
repetition leads to what the first one made.
"""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID, uuid4

from flask import request
from markupsafe import Markup

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
    """The address of what the work makes; done at most once for this form's token."""
    return work()
