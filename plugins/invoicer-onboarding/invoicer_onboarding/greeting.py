"""What a new supplier is told: which documents are missing, by mail, and a welcome by telephone."""

from collections.abc import Mapping
from typing import Any, Final

from invoicer_core.plugin import Conflict, InvalidInput, NotFound, Run, Unavailable, say
from invoicer_core.plugin.use_cases import consents, messages

from .settings import Ctx

CALLS: Final = "voice"
MAILS: Final = "email"
WANTED: Final = ("email", "address", "country", "vat_id")

ASKED: Final = "asked for"
NO_ADDRESS: Final = "no address"
OFF: Final = "not on"
NO_CONSENT: Final = "no consent"
_WHY: Final = {
    NO_ADDRESS: say("The welcome call is skipped: there is no phone number."),
    OFF: say("The welcome call is skipped: no voice channel is on."),
    NO_CONSENT: say("The welcome call is skipped: no consent to calls is noted."),
}
"""Why there was no call."""


def greet(ctx: Ctx, run: Run, client_id: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """Ask for documents and call, each once however often it is tried; what became of both, in
    words for the run's page."""
    wanted = (
        f"Welcome to {ctx.business.name}!\n\nPlease answer this mail with:"
        f" {ctx.settings.documents}.\n\nThank you."
    )
    call = f"Welcome to {ctx.business.name}. We sent you a mail with what we need from you."
    asked = _say(ctx, run, client_id, MAILS, given.get("email"), wanted)
    called = _say(ctx, run, client_id, CALLS, given.get("phone"), call)
    told: dict[str, Any] = {
        "missing": [each for each in WANTED if not given.get(each)],
        "documents": asked,
        "call": called,
    }
    if called != ASKED:
        told["reason"] = _WHY.get(called) or say(
            "The welcome call is skipped: %(why)s.", why=called
        )
    return told


def _say(
    ctx: Ctx, run: Run, client_id: int, channel: str, recipient: Any, words: str
) -> str:  # fmt: skip
    """Queue a message once; what became of it, in a word."""
    if not messages.is_on(channel):
        return OFF
    if not recipient:
        return NO_ADDRESS
    address = str(recipient)
    if not consents.allowed(client_id=client_id, channel=channel, address=address):
        return NO_CONSENT
    try:
        messages.queue(
            by=ctx.actor, token=f"onboarding-{run.id}-{channel}", kind="note", channel=channel,
            recipient=address, client_id=client_id, text=words,
            subject=f"Welcome to {ctx.business.name}: what we need from you",
            automatic=True, locale="en",
        )  # fmt: skip
    except (NotFound, Unavailable):
        return OFF
    except (InvalidInput, Conflict) as refused:
        return f"not sent: {in_words(refused)}"
    return ASKED


def in_words(wrong: Exception) -> str:
    """An objection with the fields it is about."""
    errors = getattr(wrong, "fields", ())
    return "; ".join(f"{each.pointer}: {each.message}" for each in errors) or str(wrong)
