"""What became of a message that Twilio may or may not have taken: it is looked for there."""

from datetime import UTC, timedelta
from typing import Any, Final

import requests
from twilio.base.exceptions import TwilioRestException, TwilioServiceException

from invoicer_core.plugin import (
    OutgoingMessage,
    PermanentFailure,
    RetryLater,
    SendResult,
    phones,
    say,
)
from invoicer_core.plugin.use_cases import messages
from invoicer_whatsapp import twilio_way
from invoicer_whatsapp.composing import CHANNEL, Ctx
from invoicer_whatsapp.failures import at_twilio

LOOKED_AT: Final = 100
"""The newest messages to a number that are compared."""

SILENT: Final = say("Twilio does not say how the message stands.")
_SLACK: Final = timedelta(minutes=2)
_GONE: Final = ("failed", "undelivered", "canceled")


def lookup(ctx: Ctx, message: OutgoingMessage, provider_ref: str | None) -> SendResult | None:
    """How Twilio says that a message stands; None where it has none, or several, that may be this
    one: Twilio keeps no word of ours with a message.

    Raises:
        RetryLater: it does not answer. PermanentFailure: the message did not arrive.
    """
    client = twilio_way.connect(ctx.settings, ctx.settings.seconds)
    try:
        if provider_ref is not None:
            return _result(client.messages(provider_ref).fetch())
        to = f"whatsapp:{phones.required(message.recipient)}"
        found = list(client.messages.list(to=to, limit=LOOKED_AT))
    except (TwilioRestException, TwilioServiceException) as refusal:
        raise RetryLater(at_twilio(refusal.code, SILENT)) from None
    except (requests.RequestException, ValueError):
        raise RetryLater(SILENT) from None
    ours = _may_be(ctx, message, found)
    return _result(ours[0]) if len(ours) == 1 else None


def _may_be(ctx: Ctx, message: OutgoingMessage, found: list[Any]) -> list[Any]:
    """From our number, since the newest try, and no other message's of ours."""
    since = messages.get(message_id=message.message_id).attempts[-1].created_at.astimezone(UTC)
    page = messages.find(q=message.recipient, channel=CHANNEL, limit=LOOKED_AT)
    taken = {
        attempt.provider_ref
        for each in page.items
        if each.id != message.message_id
        for attempt in each.attempts
    }
    return [
        each
        for each in found
        if str(each.from_) == f"whatsapp:{ctx.settings.twilio_number}"
        and each.sid not in taken
        and (each.date_created is None or each.date_created >= since - _SLACK)
    ]


def _result(made: Any) -> SendResult:
    status = str(made.status)
    if status in _GONE:
        raise PermanentFailure(at_twilio(made.error_code, say("Twilio did not say why.")))
    if status in ("delivered", "read"):
        return SendResult("delivered", made.sid)
    return SendResult("sent" if status == "sent" else "queued", made.sid)
