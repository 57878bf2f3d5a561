"""An example plugin that takes payments: its provider is a till on the same machine."""

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
    OutcomeUnknown,
    PaymentOutcome,
    PaymentProvider,
    PaymentRequest,
    PaymentStart,
    PermanentFailure,
    Plugin,
    RetryLater,
    Settings,
    field,
    hookimpl,
)
from invoicer_core.plugin.use_cases import payments

STATES = {"open": "pending", "paid": "succeeded", "refused": "failed", "lost": "unknown"}


class PayingSettings(Settings):
    """Where the till stands."""

    till: str = field("", title="Address of the till", env="PAYING_TILL", max_length=200)


class PayingPlugin(Plugin):
    """Takes payments at a till."""

    name, title, settings = "paying", "Till", PayingSettings

    @hookimpl
    def payment_providers(self) -> Iterable[PaymentProvider]:
        yield PaymentProvider(
            "till", "the Till", start=start, lookup=lookup, currencies=frozenset({"EUR", "USD"})
        )

    @hookimpl
    def inbound_webhooks(self) -> Iterable[InboundWebhook]:
        yield InboundWebhook(
            "till",
            verify=lambda ctx, request: request.headers.get("till") == "rings",
            handle=told,
            event_id=lambda request: request.headers.get("event"),
            ready=lambda ctx: True,
        )


def start(ctx: Context, request: PaymentRequest) -> PaymentStart:
    """A sale at the till; the attempt's id keeps it from being opened twice."""
    sale = _till(
        ctx,
        "/sales",
        {
            "key": str(request.attempt_id),
            "amount": str(request.amount),
            "currency": request.currency,
            "back": request.return_url,
            "cancel": request.cancel_url,
            "what": request.invoice.invoice_number,
        },
    )
    return PaymentStart(provider_ref=sale["id"], redirect_url=sale["url"])


def lookup(ctx: Context, reference: str) -> PaymentOutcome:
    """What became of a sale."""
    return _outcome(_till(ctx, f"/sales/{reference}"))


def told(ctx: Context, request: InboundRequest) -> InboundResponse:
    """The till rings: something became of a sale."""
    sale = json.loads(request.body)
    payments.settle(provider_ref=sale["id"], outcome=_outcome(sale), by=ctx.actor)
    return InboundResponse(204)


def _outcome(sale: dict[str, Any]) -> PaymentOutcome:
    return PaymentOutcome(
        state=STATES[sale["state"]],  # type: ignore[arg-type]  # one of the four
        provider_ref=sale["id"],
        amount=Decimal(sale["amount"]),
        currency=sale["currency"],
        reason=sale.get("reason"),
    )


def _till(ctx: Context, path: str, sent: dict[str, str] | None = None) -> dict[str, Any]:
    body = None if sent is None else json.dumps(sent).encode()
    request = Request(ctx.settings.till + path, body)  # noqa: S310 - a loopback address
    try:
        with urlopen(request, timeout=5) as answer:  # noqa: S310
            found: dict[str, Any] = json.loads(answer.read())
            return found
    except HTTPError as error:
        if error.code == 402:
            raise PermanentFailure("The till is closed.") from error
        if error.code == 504:
            raise OutcomeUnknown("The till did not say.") from error
        raise RetryLater("The till stumbled.") from error
    except URLError as error:
        raise RetryLater("There is no till.") from error
