"""Text messages: sent, asked after, and priced before they go."""

from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from invoicer_core.plugin import (
    Context,
    OutgoingMessage,
    PermanentFailure,
    ProductLowStock,
    Quote,
    SendResult,
    say,
)
from invoicer_core.plugin.phones import e164, plain, required, segments
from invoicer_core.plugin.use_cases import consents, messages
from invoicer_twilio import failures, tracing, words
from invoicer_twilio.client import Stopped, ask, connect, order
from invoicer_twilio.settings import TwilioSettings, sender_of

Ctx = Context[TwilioSettings]
News = tuple[str, str | None] | None
"""A state for the core and why it is none better."""

CHANNEL: Final = "sms"
LONGEST: Final = 1600
"""Characters that Twilio takes as one message."""

_HERE: Final = ("localhost", "127.0.0.1", "::1")
_STATES: Final = {
    "sent": "sent", "delivered": "delivered", "read": "read",
    "undelivered": "bounced", "failed": "failed", "canceled": "failed",
}  # fmt: skip


def send(ctx: Ctx, message: OutgoingMessage) -> SendResult:
    """Hand a text to Twilio, which reports later what became of it."""
    client = connect(ctx.settings)
    number, text = required(message.recipient), plain(message.text)
    if not text:
        raise PermanentFailure(say("The message has no text."))
    if len(text) > LONGEST:
        raise PermanentFailure(
            say(
                "The text has %(count)s characters; at most %(most)s can go.",
                count=len(text),
                most=LONGEST,
            )
        )
    given: dict[str, Any] = {**sender_of(ctx.settings), "body": text}
    if can_be_reached(ctx):
        given["status_callback"] = f"{ctx.webhook_url('status')}?message={message.message_id}"
    try:
        return _result(order(lambda: client.messages.create(to=number, **given)))
    except Stopped:
        consents.withdraw(channel=CHANNEL, address=number, how="STOP, says Twilio", by=ctx.actor)
        raise


def lookup(ctx: Ctx, message: OutgoingMessage, provider_ref: str | None) -> SendResult | None:
    """What became of a message whose sending has no known end; None when Twilio has none that
    must be ours. Raises PermanentFailure when it did not arrive."""
    client = connect(ctx.settings)
    if provider_ref is not None:
        return _result(ask(lambda: client.messages(provider_ref).fetch()))
    number, text = required(message.recipient), _one_line(plain(message.text))
    found = ask(lambda: client.messages.list(to=number, limit=tracing.LOOKED_AT))
    same = (each for each in found if _one_line(str(each.body)).endswith(text))
    ours = tracing.oldest(message, CHANNEL, same)
    return None if ours is None else _result(ours)


def news(status: str | None, code: int | str | None) -> News:
    """What a status of Twilio's means; None when it is of no interest."""
    state = _STATES.get(status or "")
    if state is None:
        return None
    failed = state in ("failed", "bounced")
    return state, failures.failure(code, say("The network did not deliver it.")) if failed else None


def quote(ctx: Ctx, message: OutgoingMessage) -> Quote:
    """Parts and cost of a text, before it is sent."""
    text, price, note = plain(message.text), ctx.settings.segment_cost, ""
    cut = segments(text)
    if len(text) > LONGEST:
        note = say("Too long: at most %(most)s characters can be sent.", most=LONGEST)
    elif cut.encoding == "UCS-2":
        strange = sorted({sign for sign in text if segments(sign).encoding == "UCS-2"})
        note = say("Shorter parts because of %(signs)s", signs=" ".join(strange[:5]))
    cost = None if price is None else price * cut.count
    currency = None if price is None else ctx.settings.cost_currency
    return Quote(segments=cut.count, cost=cost, currency=currency, note=note)


def alert_low_stock(ctx: Ctx, event: ProductLowStock) -> None:
    """Tell the owner's number that a product runs low, once for each event."""
    number = e164(ctx.settings.alert_number)
    if number is None:
        return
    left = Decimal(str(event.data.get("stock_quantity") or 0))
    text = words.say(
        ctx.business.locale,
        "low_stock",
        business=ctx.business.name,
        product=str(event.data.get("name") or event.product_id),
        quantity=f"{left.normalize():f}",
    )
    messages.queue(
        kind="low_stock", channel=CHANNEL, recipient=number, text=text,
        token=f"twilio-low-stock-{event.id}", by=ctx.actor,
    )  # fmt: skip


def can_be_reached(ctx: Ctx) -> bool:
    """Whether Twilio can call Invoicer back: it refuses a message that names an address on this
    machine. A stand-in for Twilio is on this machine too."""
    host = urlsplit(ctx.webhook_url("status")).hostname
    return bool(ctx.settings.api_address) or host not in _HERE


def result(sid: str, found: News) -> SendResult:
    """News as the end of sending. Raises PermanentFailure."""
    if found is None:
        return SendResult("queued", sid)
    if found[1] is not None:
        raise PermanentFailure(found[1])
    return SendResult("sent" if found[0] == "sent" else "delivered", sid)


def _result(made: Any) -> SendResult:
    return result(made.sid, news(made.status, made.error_code))


def _one_line(text: str) -> str:
    return " ".join(text.split())
