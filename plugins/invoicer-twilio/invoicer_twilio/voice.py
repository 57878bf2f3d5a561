"""Calls that say an invoice's number, amount and due date, and listen to keys."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from twilio.twiml.voice_response import VoiceResponse

from invoicer_core.plugin import (
    Context,
    MessageSnapshot,
    NotFound,
    OutgoingMessage,
    PermanentFailure,
    Quote,
    SendResult,
    say,
)
from invoicer_core.plugin.phones import required
from invoicer_core.plugin.use_cases import clients, consents, invoices, messages
from invoicer_twilio import sms, speech, tracing, words
from invoicer_twilio.client import ask, connect, order
from invoicer_twilio.settings import TwilioSettings, caller_of

Ctx = Context[TwilioSettings]

CHANNEL: Final = "voice"
MOST_REPEATS: Final = 5
CALL_AGE: Final = timedelta(hours=4)  # a call that says it began earlier is a recording of one
LONGEST_SAY: Final = 3000  # characters; Twilio stops at 4096, and nobody listens for that long
_FAILED: Final = {
    "busy": "The line was busy.",
    "no-answer": "Nobody answered.",
    "failed": "The call could not be put through.",
    "canceled": "The call was cancelled.",
}


def send(ctx: Ctx, message: OutgoingMessage) -> SendResult:
    """Have Twilio call; what is said is asked for when somebody answers."""
    client = connect(ctx.settings)
    number, caller = required(message.recipient), caller_of(ctx.settings)
    if not sms.can_be_reached(ctx):
        raise PermanentFailure(
            "Twilio has to ask Invoicer what to say: set INVOICER_URL to an address that can be"
            " reached from outside."
        )
    query = f"?message={message.message_id}"
    made = order(
        lambda: client.calls.create(
            to=number, from_=caller, timeout=30, time_limit=300,
            url=ctx.webhook_url("voice") + query, method="POST",
            status_callback=ctx.webhook_url("call") + query, status_callback_method="POST",
            status_callback_event=["initiated", "ringing", "answered", "completed"],
        )
    )  # fmt: skip
    return SendResult("queued", made.sid)


def lookup(ctx: Ctx, message: OutgoingMessage, provider_ref: str | None) -> SendResult | None:
    """What became of a call whose beginning has no known end; None when Twilio has none that must
    be ours. Raises PermanentFailure when nobody heard it."""
    client = connect(ctx.settings)
    if provider_ref is not None:
        return _result(ask(lambda: client.calls(provider_ref).fetch()))
    number = required(message.recipient)
    found = ask(lambda: client.calls.list(to=number, limit=tracing.LOOKED_AT))
    ours = tracing.oldest(message, CHANNEL, found)
    return None if ours is None else _result(ours)


def news(status: str | None) -> sms.News:
    """What a status of a call means; None when it is of no interest."""
    if status in _FAILED:
        return "failed", _FAILED[status]
    return ("delivered", None) if status == "completed" else None


def quote(ctx: Ctx, message: OutgoingMessage) -> Quote:
    """About how long a call takes, and what that costs by begun minutes."""
    seconds = len(message.text) // 14 + 30  # signs a second, menu
    minutes, price = -(-seconds // 60), ctx.settings.call_cost
    cost = None if price is None else price * minutes
    currency = None if price is None else ctx.settings.cost_currency
    note = say("A call of about %(seconds)s seconds", seconds=seconds)
    return Quote(cost=cost, currency=currency, note=note)


def called(message_id: str | None, call_sid: str | None) -> MessageSnapshot:
    """The message that a call is about. Raises NotFound: none of ours, another call's, or old."""
    tries = tracing.attempts(message_id)
    if not tries or not call_sid or tries[-1].provider_ref not in (None, call_sid):
        raise NotFound("There is no such call.")
    if tries[-1].channel != CHANNEL or datetime.now(UTC) - tries[-1].created_at > CALL_AGE:
        raise NotFound("This call is over.")
    return messages.get(message_id=int(message_id or 0))


def speak(ctx: Ctx, message: MessageSnapshot, heard: int = 0, before: str = "") -> str:
    """What is said when somebody answers, as TwiML.

    Args:
        heard: how often it was said already.
        before: a sentence in front of it.
    """
    locale = locale_of(ctx, message)
    answer, language = VoiceResponse(), speech.voice_of(locale)
    action = f"{ctx.webhook_url('keys')}?message={message.id}&heard={heard}"
    keys = answer.gather(input="dtmf", num_digits=1, timeout=8, action=action, method="POST")
    if before:
        keys.say(clean(before), language=language)
    keys.say(clean(_text(ctx, message, locale)), language=language)
    keys.pause(length=1)
    keys.say(words.say(locale, "menu"), language=language)
    return _ended(answer, locale, "goodbye")


def pressed(ctx: Ctx, message: MessageSnapshot, key: str, heard: int, call_sid: str) -> str:
    """What follows from a key, as TwiML. A second time the same key changes nothing."""
    locale = locale_of(ctx, message)
    if key == "2":
        sent = _send_link(ctx, message, locale, f"call-{call_sid}-link")
        return _ended(VoiceResponse(), locale, "sent" if sent else "not_sent")
    if key == "9":
        consents.withdraw(
            channel=CHANNEL, address=message.recipient, how="pressed 9 in a call", by=ctx.actor
        )
        return _ended(VoiceResponse(), locale, "left")
    if heard >= MOST_REPEATS:
        return _ended(VoiceResponse(), locale, "goodbye")
    return speak(ctx, message, heard + 1, "" if key == "1" else words.say(locale, "again"))


def locale_of(ctx: Ctx, message: MessageSnapshot | None) -> str | None:
    """The language of a message's client, else the business's."""
    if message is None or message.client_id is None:
        return ctx.business.locale
    try:
        return clients.get(client_id=message.client_id).locale or ctx.business.locale
    except NotFound:
        return ctx.business.locale


def clean(text: str) -> str:
    """Text that may stand in XML, of a bearable length."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(shown.split())[:LONGEST_SAY]


def _send_link(ctx: Ctx, message: MessageSnapshot, locale: str | None, token: str) -> bool:
    """The link as a text message to the number that was called, once for each ``token``; False
    when it must not be."""
    to, client_id, invoice_id = message.recipient, message.client_id, message.invoice_id
    if invoice_id is None or not ctx.settings.sender:
        return False
    if not consents.allowed(client_id=client_id, channel=sms.CHANNEL, address=to):
        return False
    text = messages.compose(
        kind="invoice", invoice_id=invoice_id, channel=sms.CHANNEL, locale=locale
    ).text
    messages.queue(
        kind="invoice", channel=sms.CHANNEL, recipient=to, text=text, client_id=client_id,
        invoice_id=invoice_id, automatic=False, locale=locale, token=token, by=ctx.actor,
    )  # fmt: skip
    return True


def _ended(answer: VoiceResponse, locale: str | None, name: str) -> str:
    answer.say(words.say(locale, name), language=speech.voice_of(locale))
    answer.hangup()
    return str(answer)


def _text(ctx: Ctx, message: MessageSnapshot, locale: str | None) -> str:
    if message.invoice_id is None:
        return words.say(locale, "note", business=ctx.business.name, text=message.text or "")
    return speech.about(invoices.get(invoice_id=message.invoice_id), ctx.business, locale)


def _result(made: Any) -> SendResult:
    return sms.result(made.sid, news(str(made.status)))
