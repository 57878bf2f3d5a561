"""Mails about a client's account: statements and receipts, in the client's language."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, InvalidInput
from invoicer_core.domain.snapshots import ClientSnapshot, MessageSnapshot
from invoicer_core.services import businesses, clients, mail_texts, messages, payments, statements

STATEMENT: Final = "statement"
PAYMENT: Final = "payment"

_LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {"period": "Period", "opening": "Opening balance", "closing": "Closing balance",
           "amount": "Amount", "date": "Received on", "invoices": "Invoices"},
    "de": {"period": "Zeitraum", "opening": "Anfangssaldo", "closing": "Endsaldo",
           "amount": "Betrag", "date": "Eingegangen am", "invoices": "Rechnungen"},
    "fr": {"period": "Période", "opening": "Solde initial", "closing": "Solde final",
           "amount": "Montant", "date": "Reçu le", "invoices": "Factures"},
    "es": {"period": "Periodo", "opening": "Saldo inicial", "closing": "Saldo final",
           "amount": "Importe", "date": "Recibido el", "invoices": "Facturas"},
}  # fmt: skip


def send_statement(
    *, statement_id: int, by: Actor, recipient: str | None = None, token: str | None = None
) -> MessageSnapshot:
    """Send a statement that was frozen, with its PDF.

    Args:
        recipient: None for the client's own address.
        token: makes the call idempotent.

    Raises:
        NotFound: no such statement.
        InvalidInput: the client has no address (``/recipient``).
    """
    kept = statements.get(statement_id=statement_id)
    client = clients.get(client_id=kept.client_id)
    said, label = kept.statement, _labels(client)
    start, end = _day(said.start, client), _day(said.end, client)
    rows = [
        (label["period"], f"{start} \u2013 {end}"),
        (label["opening"], _money(said.opening_balance, said.currency, client)),
        (label["closing"], _money(said.closing_balance, said.currency, client)),
    ]
    values = {"start": start, "end": end}
    return _send(STATEMENT, client, recipient, values, rows, {"statement": statement_id}, by, token)


def send_receipt(*, payment_id: int, by: Actor, recipient: str | None = None) -> MessageSnapshot:
    """Send the receipt of a payment, as often as one likes.

    Raises:
        NotFound: no such payment.
        Conflict: its money has not come in.
        InvalidInput: the client has no address (``/recipient``).
    """
    paid = payments.get(payment_id=payment_id)
    if paid.status not in payments.RECEIVED:
        raise Conflict(f"Payment {paid.id} is {paid.status}: there is nothing to confirm.")
    client = clients.get(client_id=paid.client_id)
    label = _labels(client)
    rows = [
        (label["amount"], _money(paid.amount, paid.currency, client)),
        (label["date"], _day(paid.date, client)),
    ]
    numbers = dict.fromkeys(each.invoice_number for each in paid.allocations)
    if numbers:
        rows.append((label["invoices"], ", ".join(numbers)))
    return _send(PAYMENT, client, recipient, {}, rows, {"payment": payment_id}, by, None)


def _send(
    kind: str,
    client: ClientSnapshot,
    recipient: str | None,
    values: Mapping[str, str],
    rows: list[tuple[str, str]],
    attachment: Mapping[str, int],
    by: Actor,
    token: str | None,
) -> MessageSnapshot:
    to = recipient or client.email
    if to is None:
        raise InvalidInput.at("/recipient", "The client has no e-mail address: say to whom.")
    business = businesses.current()
    given = {
        "business": business.name,
        "client": client.name,
        "signature": str(business.settings.get("mail_signature") or ""),
        **values,
    }
    letter = mail_texts.compose(
        kind, client.locale or business.locale, given, link="", rows=rows, color=business.color
    )
    return messages.queue(
        kind=kind,
        recipient=to,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        client_id=client.id,
        attachments=[attachment],
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
