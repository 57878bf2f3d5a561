"""How a run begins: from what somebody says of a supplier, or from a mail."""

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from pydantic import ValidationError

from invoicer_core.plugin import (
    Actor,
    FieldError,
    InboundRequest,
    InboundResponse,
    InvalidInput,
    say,
)
from invoicer_core.plugin.use_cases import suppliers, workflows

from .flow import FIELDS, NAME, OnboardingInput
from .settings import Ctx

SIGNATURE: Final = "x-onboarding-signature"


def begin(given: Mapping[str, Any], *, by: Actor) -> Any:
    """A new run, as a snapshot. Raises InvalidInput, with a pointer for each wrong field."""
    return workflows.start(workflow=NAME, given=checked(given), by=by)


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a run begins with. Raises InvalidInput, with a pointer for each wrong field."""
    fields = given.get("supplier")
    if isinstance(fields, Mapping):
        known = {name: fields[name] for name in FIELDS if fields.get(name)}
        suppliers.checked(fields=known, pointer="/supplier")
    try:
        return OnboardingInput.model_validate(given).model_dump()
    except ValidationError as wrong:
        raise InvalidInput(say("Please correct what is marked."), list(_faults(wrong))) from wrong


def verify(ctx: Ctx, request: InboundRequest) -> bool:
    """HMAC-SHA256 over the raw body, in hexadecimal."""
    secret = ctx.settings.mail_secret
    if secret is None:
        return False
    right = hmac.new(secret.reveal().encode(), request.body, sha256).hexdigest()
    return hmac.compare_digest(right.encode(), request.headers.get(SIGNATURE, "").encode())


def message_id(request: InboundRequest) -> str | None:
    """The mail's own id: the same mail begins one run."""
    return _text(_mail(request), "message_id")


def receive(ctx: Ctx, request: InboundRequest) -> InboundResponse:
    """A mail begins a run: its sender is the supplier. Raises InvalidInput."""
    mail = _mail(request)
    missing = [name for name in ("message_id", "from") if _text(mail, name) is None]
    if missing:
        words = say("The mail needs this, as text.")
        raise InvalidInput(words, [FieldError(f"/{name}", words) for name in missing])
    sender = str(mail["from"])
    supplier = {"name": _text(mail, "from_name") or sender, "email": sender}
    run = begin({"supplier": supplier, "source": "mail"}, by=ctx.actor)
    return InboundResponse(202, str(run.id))


def _mail(request: InboundRequest) -> Mapping[str, Any]:
    """The body's object; empty when it is none."""
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(mail: Mapping[str, Any], name: str) -> str | None:
    value = mail.get(name)
    return value.strip() or None if isinstance(value, str) else None


def _faults(wrong: ValidationError) -> list[FieldError]:
    return [
        FieldError("/" + "/".join(str(part) for part in fault["loc"]), fault["msg"])
        for fault in wrong.errors(include_url=False, include_input=False, include_context=False)
    ]
