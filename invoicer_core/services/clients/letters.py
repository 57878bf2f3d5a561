"""Messages about a client's account: statements, receipts and orders, in the client's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, InvalidInput
from invoicer_core.domain.saying import say, state_word
from invoicer_core.domain.snapshots import ClientSnapshot, MessageSnapshot
from invoicer_core.services import (
    businesses,
    clients,
    mail_texts,
    messages,
    orders,
    payments,
    statements,
)
from invoicer_core.services.messages import composing
from invoicer_core.services.messages.composing import EMAIL

STATEMENT: Final = "statement"
PAYMENT: Final = "payment"
ORDER: Final = "order"

_LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {"period": "Period", "opening": "Opening balance", "closing": "Closing balance",
           "amount": "Amount", "date": "Received on", "invoices": "Invoices",
           "number": "Order", "ordered": "Ordered on", "total": "Total"},
    "de": {"period": "Zeitraum", "opening": "Anfangssaldo", "closing": "Endsaldo",
           "amount": "Betrag", "date": "Eingegangen am", "invoices": "Rechnungen",
           "number": "Auftrag", "ordered": "Bestellt am", "total": "Summe"},
    "fr": {"period": "Période", "opening": "Solde initial", "closing": "Solde final",
           "amount": "Montant", "date": "Reçu le", "invoices": "Factures",
           "number": "Commande", "ordered": "Commandé le", "total": "Total"},
    "es": {"period": "Periodo", "opening": "Saldo inicial", "closing": "Saldo final",
           "amount": "Importe", "date": "Recibido el", "invoices": "Facturas",
           "number": "Pedido", "ordered": "Pedido el", "total": "Total"},
}  # fmt: skip


def send_statement(
    *,
    statement_id: int,
    by: Actor,
    recipient: str | None = None,
    channel: str = EMAIL,
    token: str | None = None,
    automatic: bool = False,
    thread_id: int | None = None,
) -> MessageSnapshot:
    """Send a statement that was frozen, with its PDF where the channel carries files.

    Args:
        recipient: None for the client's own e-mail address.
        token: makes the call idempotent.
        automatic: no person wrote it.
        thread_id: what it says once more, over another channel.

    Raises:
        NotFound: no such statement or channel.
        InvalidInput: the client has no address, or no consent (``/recipient``).
    """
    kept = statements.get(statement_id=statement_id)
    client = clients.get(client_id=kept.client_id)
    said, label = kept.statement, _labels(client)
    start, end = _day(said.start, client), _day(said.end, client)
    closing = _money(said.closing_balance, said.currency, client)
    rows = [
        (label["period"], f"{start} \u2013 {end}"),
        (label["opening"], _money(said.opening_balance, said.currency, client)),
        (label["closing"], closing),
    ]
    values = {"start": start, "end": end, "balance": closing}
    return _send(
        _Paper(STATEMENT, client, values, rows, {"statement": statement_id}), by=by,
        recipient=recipient, channel=channel, token=token, automatic=automatic, thread_id=thread_id,
    )  # fmt: skip


def send_receipt(
    *,
    payment_id: int,
    by: Actor,
    recipient: str | None = None,
    channel: str = EMAIL,
    token: str | None = None,
    automatic: bool = False,
    thread_id: int | None = None,
) -> MessageSnapshot:
    """Send the receipt of a payment, as often as one likes. Arguments as `send_statement`.

    Raises:
        NotFound: no such payment or channel.
        Conflict: its money has not come in.
        InvalidInput: the client has no address, or no consent (``/recipient``).
    """
    paid = payments.get(payment_id=payment_id)
    if paid.status not in payments.RECEIVED:
        raise Conflict(
            say(
                "Payment %(id)s is %(status)s: there is nothing to confirm.",
                id=paid.id,
                status=state_word(paid.status),
            )
        )
    client = clients.get(client_id=paid.client_id)
    label = _labels(client)
    values = {
        "amount": _money(paid.amount, paid.currency, client),
        "date": _day(paid.date, client),
        "invoices": ", ".join(dict.fromkeys(each.invoice_number for each in paid.allocations)),
    }
    rows = [(label[name], value) for name, value in values.items() if value]
    return _send(
        _Paper(PAYMENT, client, values, rows, {"payment": payment_id}), by=by,
        recipient=recipient, channel=channel, token=token, automatic=automatic, thread_id=thread_id,
    )  # fmt: skip


def send_order(
    *, order_id: int, by: Actor, recipient: str | None = None, channel: str = EMAIL
) -> MessageSnapshot:
    """Confirm an order to its client, as often as one likes. Arguments as `send_statement`.

    Raises:
        NotFound: no such order or channel.
        Conflict: it was cancelled.
        InvalidInput: the client has no address, or no consent (``/recipient``).
    """
    found = orders.get(order_id=order_id)
    if found.status == "cancelled":
        raise Conflict(say("A cancelled order is not confirmed."))
    client = clients.get(client_id=found.client_id)
    label = _labels(client)
    values = {
        "number": found.order_number,
        "date": _day(found.order_date, client),
        "total": _money(found.total_amount, found.currency, client),
    }
    rows = [
        (label["number"], values["number"]),
        (label["ordered"], values["date"]),
        (label["total"], values["total"]),
    ]
    return _send(
        _Paper(ORDER, client, values, rows, None), by=by, recipient=recipient, channel=channel,
        token=None, automatic=False, thread_id=None,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Paper:
    """What is sent: its kind and words, and the file that goes with it."""

    kind: str
    client: ClientSnapshot
    values: Mapping[str, str]
    rows: list[tuple[str, str]]
    attachment: Mapping[str, int] | None


def _send(
    paper: _Paper,
    *,
    by: Actor,
    recipient: str | None,
    channel: str,
    token: str | None,
    automatic: bool,
    thread_id: int | None,
) -> MessageSnapshot:
    client = paper.client
    to = recipient or (client.email if channel == EMAIL else None)
    if to is None:
        raise InvalidInput.at("/recipient", say("The client has no e-mail address: say to whom."))
    draft = composing.drafted(
        kind=paper.kind, channel=channel, locale=client.locale, rows=paper.rows,
        values={"client": client.name, **paper.values},
    )  # fmt: skip
    letter = draft.letter()
    return messages.queue(
        kind=paper.kind,
        channel=channel,
        recipient=to,
        subject=letter.subject or None,
        text=letter.text,
        html=letter.html or None,
        client_id=client.id,
        attachments=[] if paper.attachment is None else [paper.attachment],
        thread_id=thread_id,
        automatic=automatic,
        locale=draft.language,
        by=by,
        token=token,
    )


def _labels(client: ClientSnapshot) -> Mapping[str, str]:
    return _LABELS[mail_texts.language_of(client.locale or businesses.current().locale)]


def _locale(client: ClientSnapshot) -> Locale:
    name = client.locale or businesses.current().locale or "en"
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _money(amount: Decimal, currency: str, client: ClientSnapshot) -> str:
    return format_currency(amount, currency, locale=_locale(client))


def _day(day: date, client: ClientSnapshot) -> str:
    return format_date(day, "long", locale=_locale(client))
