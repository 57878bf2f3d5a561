"""An example channel: pigeons fly from a loft on the same machine, which tells what became of them
and what they brought back."""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from invoicer_core.plugin import (
    Context,
    InboundRequest,
    InboundResponse,
    InboundWebhook,
    MessageChannel,
    OutcomeUnknown,
    OutgoingMessage,
    PermanentFailure,
    Plugin,
    Quote,
    RetryLater,
    SendResult,
    Settings,
    field,
    hookimpl,
)
from invoicer_core.plugin.use_cases import messages

CHANNEL = "pigeon"
PART = 60
RING = "copper"
"""What the loft's birds wear; calls without it are not the loft's."""


class PigeonSettings(Settings):
    """Where the loft is."""

    loft: str = field("", title="Address of the loft", env="PIGEON_LOFT", max_length=200)


class PigeonPlugin(Plugin):
    """Sends short messages by pigeon."""

    name, title, settings = "pigeon", "Pigeons", PigeonSettings

    @hookimpl
    def message_channels(self) -> Iterable[MessageChannel]:
        yield MessageChannel(
            CHANNEL, "Pigeon", send, address=lambda client: client.phone, carries_files=False,
            quote=quote, lookup=lookup,
        )  # fmt: skip

    @hookimpl
    def inbound_webhooks(self) -> Iterable[InboundWebhook]:
        yield InboundWebhook(
            "landed",
            verify=lambda ctx, request: request.headers.get("ring") == RING,
            handle=landed,
            event_id=lambda request: request.headers.get("event"),
            ready=lambda ctx: True,
        )


def send(ctx: Context, message: OutgoingMessage) -> SendResult:
    """Let a bird fly; the loft tells later how it fared."""
    sent = {
        "key": f"message-{message.message_id}", "to": message.recipient, "text": message.text,
        "news": ctx.webhook_url("landed"),
    }  # fmt: skip
    return SendResult("queued", _loft(ctx, "/birds", sent)["id"])


def lookup(ctx: Context, message: OutgoingMessage, ref: str | None) -> SendResult | None:
    """What the loft knows of a bird."""
    found = _loft(ctx, f"/birds/{ref or f'message-{message.message_id}'}")
    if found.get("state") == "lost":
        raise PermanentFailure("The bird was lost.")
    return SendResult("sent", found["id"]) if found else None


def quote(_ctx: Context, message: OutgoingMessage) -> Quote:
    """One bird carries 60 letters."""
    birds = -(-len(message.text) // PART)
    return Quote(segments=birds, cost=Decimal("0.02") * birds, currency="EUR", note="by air")


def landed(ctx: Context, request: InboundRequest) -> InboundResponse:
    """A bird landed, came back, or brought an answer."""
    told = json.loads(request.body)
    if "text" in told:
        messages.receive(
            channel=CHANNEL, sender=told["from"], text=told["text"], provider_ref=told["id"],
            by=ctx.actor,
        )  # fmt: skip
    else:
        messages.report(
            channel=CHANNEL, provider_ref=told["id"], state=told["state"],
            error=told.get("reason"), by=ctx.actor,
        )  # fmt: skip
    return InboundResponse(204)


def _loft(ctx: Context, path: str, sent: dict[str, str] | None = None) -> dict[str, Any]:
    body = None if sent is None else json.dumps(sent).encode()
    request = Request(ctx.settings.loft + path, body)  # noqa: S310 - a loopback address
    try:
        with urlopen(request, timeout=5) as answer:  # noqa: S310
            found: dict[str, Any] = json.loads(answer.read())
            return found
    except HTTPError as error:
        if error.code == 404:
            return {}
        raise PermanentFailure("The loft takes no such bird.") from error
    except URLError as error:
        raise RetryLater("The loft is closed.") from error
    except OSError as error:
        raise OutcomeUnknown("The bird was not seen to leave.") from error
