"""The account of one client, for its own pages: every reading names the client it is for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import InvalidInput, NotFound
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import (
    CreditNoteSnapshot,
    InvoiceSnapshot,
    Page,
    PaymentSnapshot,
    StoredDocument,
)
from invoicer_core.models import db
from invoicer_core.models.invoices import CreditNote, Invoice
from invoicer_core.models.payments import Payment
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import credit_notes, documents, payments
from invoicer_core.services.invoices import rows
from invoicer_core.services.invoices.standing import overdue_sql
from invoicer_core.services.listing import Ordering, read_page
from invoicer_core.services.payments import RECEIVED
from invoicer_core.services.portal import mail, view
from invoicer_core.services.rate_limits import check_sign_in
from invoicer_core.services.transaction import transaction

Which = Literal["open", "paid", "all"]

LONGEST_REQUEST: Final = 2_000
_INVOICES: Final = Invoice.__table__.c
_ORDERING: Final = Ordering(
    _INVOICES.id, {"issue_date": func.coalesce(_INVOICES.issue_date, date(1970, 1, 1))}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a client owes, and what the business owes it, by currency."""

    open: Mapping[str, Decimal]
    overdue: Mapping[str, Decimal]
    credit: Mapping[str, Decimal]


def standing(*, client_id: int) -> Standing:
    """The sums above a client's pages."""
    return Standing(
        open=_sums(client_id),
        overdue=_sums(client_id, overdue_sql()),
        credit=_credit(client_id),
    )


def invoices(
    *, client_id: int, which: Which = "all", limit: int | None = None, cursor: str | None = None
) -> Page[InvoiceSnapshot]:
    """Issued invoices of the client, newest first; ``open`` ones the earliest due first."""
    statement = rows.selection().where(
        _INVOICES.client_id == client_id, _INVOICES.state.in_(("issued", "void"))
    )
    if which == "open":
        statement = statement.where(
            _INVOICES.state == "issued", _INVOICES.settled < _INVOICES.amount_due
        )
    elif which == "paid":
        statement = statement.where(
            _INVOICES.state == "issued", _INVOICES.settled >= _INVOICES.amount_due
        )
    names = statement.selected_columns.keys()

    def made(found: Sequence[Any]) -> list[InvoiceSnapshot]:
        read = rows.snapshots([dict(zip(names, row, strict=True)) for row in found])
        return [view.bared(each) for each in read]

    return read_page(statement, _ORDERING, made, sort="-issue_date", limit=limit, cursor=cursor)


def credit_notes_of(*, client_id: int, cursor: str | None = None) -> Page[CreditNoteSnapshot]:
    """Credit notes of the client, newest first."""
    return credit_notes.find(client_id=client_id, cursor=cursor)


def money(
    *, client_id: int, limit: int | None = None, cursor: str | None = None
) -> Page[PaymentSnapshot]:
    """Payments of the client whose money came in or is on its way, newest first."""
    return payments.find(client_id=client_id, state="told", limit=limit, cursor=cursor)


def receipt(*, client_id: int, public_id: UUID) -> tuple[StoredDocument, bytes]:
    """The receipt of one of the client's payments. Raises NotFound, also for others'."""
    statement = select(Payment.id).where(
        Payment.business_id == current_business_id(),
        Payment.client_id == client_id,
        Payment.public_id == public_id,
        Payment.status.in_(RECEIVED),
    )
    payment_id = db.session.scalar(statement)
    if payment_id is None:
        raise NotFound.of("payment", public_id)
    return documents.await_pdf(payment_id=payment_id)


def credit_note_pdf(*, client_id: int, public_id: UUID) -> tuple[StoredDocument, bytes]:
    """The PDF of one of the client's credit notes. Raises NotFound, also for others'."""
    statement = select(CreditNote.id).where(
        CreditNote.business_id == current_business_id(),
        CreditNote.client_id == client_id,
        CreditNote.public_id == public_id,
    )
    note_id = db.session.scalar(statement)
    if note_id is None:
        raise NotFound.of("credit note", public_id)
    return documents.await_pdf(credit_note_id=note_id)


def ask_for_change(*, client_id: int, email: str, text: str, by: Actor) -> None:
    """Send the business what the client wants changed.

    Raises:
        InvalidInput: at ``/text``: empty, or too long.
        TooManyRequests: too many messages.
    """
    text = text.strip()
    if not text:
        raise InvalidInput.at("/text", say("Write what should be changed."))
    if len(text) > LONGEST_REQUEST:
        raise InvalidInput.at("/text", say("At most %(most)s characters.", most=LONGEST_REQUEST))
    check_sign_in(f"portal-request {current_business_id()} {client_id}", None)
    with transaction(by=by) as unit:
        mail.request(client_id=client_id, email=email, text=text, by=by)
        unit.record("portal.change_asked", client=client_id)


# --- inside --------------------------------------------------------------------------------------


def _sums(client_id: int, *conditions: ColumnElement[bool]) -> dict[str, Decimal]:
    """What is open on the client's invoices, by currency."""
    statement = (
        select(Invoice.currency, func.sum(Invoice.amount_due - Invoice.settled))
        .where(
            Invoice.business_id == current_business_id(),
            Invoice.client_id == client_id,
            Invoice.state == "issued",
            Invoice.settled < Invoice.amount_due,
            *conditions,
        )
        .group_by(Invoice.currency)
        .order_by(Invoice.currency)
    )
    return {str(currency): Decimal(amount) for currency, amount in db.session.execute(statement)}


def _credit(client_id: int) -> dict[str, Decimal]:
    left = Payment.amount - Payment.allocated - Payment.refunded
    statement = (
        select(Payment.currency, func.sum(left))
        .where(
            Payment.business_id == current_business_id(),
            Payment.client_id == client_id,
            Payment.status.in_(("succeeded", "partly_refunded")),
        )
        .group_by(Payment.currency)
        .having(func.sum(left) > 0)
    )
    return {str(currency): Decimal(amount) for currency, amount in db.session.execute(statement)}
