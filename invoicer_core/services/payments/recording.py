"""Money received: recorded, put on invoices, taken off again. Only ever countered."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import func, select

from invoicer_core.domain import money
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.drafts import PaymentDraft
from invoicer_core.domain.errors import Conflict, FieldError, InvalidInput, NotFound
from invoicer_core.domain.saying import say, state_word
from invoicer_core.domain.snapshots import InvoiceSnapshot, PaymentSnapshot
from invoicer_core.hooks import codec
from invoicer_core.models import db
from invoicer_core.models.parties import Client
from invoicer_core.models.payments import Allocation, Payment
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import drafting, invoices
from invoicer_core.services.invoices import rows, standing
from invoicer_core.services.payments.reading import get
from invoicer_core.services.rows import find_row
from invoicer_core.services.transaction import Unit, transaction

MANUAL: Final = "manual"
USABLE: Final = frozenset({"succeeded", "partly_refunded"})
"""Payments whose money is there; one that is refunded whole or pending can not be put anywhere."""


def record(*, draft: PaymentDraft, by: Actor) -> PaymentSnapshot:
    """Record money received by hand.

    On ``invoice_id`` it is allocated up to the balance; ``allocations`` say the parts themselves.
    What is not allocated stays the client's credit.

    Raises:
        InvalidInput: no amount, parts that exceed it, or another currency than the invoice's.
        NotFound: no such client or invoice.
        Conflict: the invoice is a draft or void, or a part exceeds a balance.
    """
    with transaction(by=by) as unit:
        targets = _targets(draft)
        client_id, currency = _whose(draft, targets)
        amount = money.to_currency(draft.amount, currency)
        if amount <= 0:
            raise InvalidInput.at("/amount", say("A payment is more than zero."))
        parts = _parts(draft, targets, amount)
        payment = Payment(
            business_id=current_business_id(),
            client_id=client_id,
            invoice_id=draft.invoice_id,
            amount=amount,
            currency=currency,
            method=draft.method,
            status="succeeded",
            date=draft.date or _today(),
            reference=draft.reference,
            note=draft.note,
            provider=MANUAL,
            recorded_by=by.label,
        )
        db.session.add(payment)
        db.session.flush()
        post(payment.id, parts, by)
        return tell(unit, payment.id, [invoice.id for invoice, _ in parts])


def pay_balance(*, invoice_id: int, by: Actor, method: str = "other") -> PaymentSnapshot:
    """Record a payment of all that is open on an invoice, today. Raises Conflict, NotFound."""
    with transaction(by=by):
        found = rows.load(invoice_id, lock=True)
        invoices.require_balance(found)
        draft = PaymentDraft(amount=found.balance_due, method=method, invoice_id=invoice_id)
        return record(draft=draft, by=by)


def allocate(
    *, payment_id: int, allocations: Sequence[tuple[int, Decimal]], by: Actor
) -> PaymentSnapshot:
    """Put unapplied money of a payment on invoices of the same client.

    Raises:
        InvalidInput: more than is unapplied, or an invoice in another currency.
        Conflict: more than an invoice's balance, or money that is not there.
    """
    with transaction(by=by) as unit:
        payment = locked(payment_id)
        require_usable(payment)
        draft = PaymentDraft(
            amount=payment.amount - payment.allocated - payment.refunded,
            currency=payment.currency,
            client_id=payment.client_id,
            allocations=tuple(allocations),
        )
        targets = _targets(draft)
        _whose(draft, targets)
        parts = _parts(draft, targets, draft.amount)
        post(payment_id, parts, by)
        return tell(unit, payment_id, [each.id for each, _ in parts], "payment.allocated")


def unallocate(*, payment_id: int, allocation_id: int, by: Actor) -> PaymentSnapshot:
    """Take money off an invoice again, by a counter row.

    Raises:
        NotFound: no such allocation of this payment.
        Conflict: it was taken back already, whole or in part by a refund.
    """
    with transaction(by=by) as unit:
        locked(payment_id)
        allocation = db.session.scalar(
            select(Allocation).where(
                Allocation.business_id == current_business_id(),
                Allocation.payment_id == payment_id,
                Allocation.id == allocation_id,
            )
        )
        if allocation is None:
            raise NotFound.of("allocation", allocation_id)
        if allocation.reverses_id is not None or _is_reversed(allocation_id):
            raise Conflict(say("This allocation was taken back already."))
        rows.load(allocation.invoice_id, lock=True)
        if allocation.amount > _held(payment_id, allocation.invoice_id):
            raise Conflict(say("A refund took a part of this allocation back already."))
        _counter(allocation, allocation.amount, by)
        return tell(unit, payment_id, [allocation.invoice_id], "payment.allocated")


def tell(
    unit: Unit,
    payment_id: int,
    invoice_ids: Sequence[int],
    event: str = "payment.recorded",
    **detail: Any,
) -> PaymentSnapshot:
    """Publish the payment with the first invoice it touched; the others as updated."""
    payment = get(payment_id=payment_id)
    touched = [rows.load(invoice_id) for invoice_id in dict.fromkeys(invoice_ids)]
    data: Any = {**codec.to_json(payment), "invoice": touched[0]} if touched else payment
    first = touched[0].id if touched else None
    unit.publish(event, data, client_id=payment.client_id, invoice_id=first)
    unit.record(event, payment=payment_id, amount=detail.get("amount", payment.amount))
    for invoice in touched[1:]:
        unit.publish("invoice.updated", invoice, client_id=invoice.client_id, invoice_id=invoice.id)
    for invoice in touched:
        invoices.told(unit, invoice.id, None)
    return payment


def locked(payment_id: int) -> Payment:
    """The payment, locked. Raises NotFound."""
    return find_row(Payment, payment_id, "payment", lock=True)


def require_usable(payment: Payment) -> None:
    """Refuse a payment whose money is not there. Raises Conflict."""
    if payment.status not in USABLE:
        raise Conflict(
            say(
                "This payment is %(status)s: its money can not be moved.",
                status=state_word(payment.status),
            )
        )


def _today() -> date:
    return db.session.scalar(select(standing.today_sql())) or date.min


def _targets(draft: PaymentDraft) -> list[InvoiceSnapshot]:
    """The invoices it is put on, locked in the order of their ids so that two never wait for each
    other."""
    ids = {invoice_id for invoice_id, _ in draft.allocations}
    if draft.invoice_id is not None:
        ids.add(draft.invoice_id)
    found = [rows.load(invoice_id, lock=True) for invoice_id in sorted(ids)]
    for invoice in found:
        invoices.require_balance(invoice)
    return found


def _whose(draft: PaymentDraft, targets: Sequence[InvoiceSnapshot]) -> tuple[int, str]:
    client_id, currency = draft.client_id, draft.currency
    for invoice in targets:
        client_id = client_id or invoice.client_id
        currency = currency or invoice.currency
        if invoice.client_id != client_id:
            message = say("Invoice %(number)s is of another client.", number=invoice.invoice_number)
            raise InvalidInput.at("/allocations", message)
        if invoice.currency != currency:
            message = say(
                "Invoice %(number)s is in %(currency)s, not %(wanted)s.",
                number=invoice.invoice_number,
                currency=invoice.currency,
                wanted=currency,
            )
            raise InvalidInput.at("/currency", message)
    if client_id is None:
        raise InvalidInput.at("/client_id", say("Say whose payment it is: a client or an invoice."))
    client = find_row(
        Client, client_id, "client", Client.deleted_at.is_(None), pointer="/client_id"
    )
    return client_id, currency or client.currency or drafting.business_currency()


def _parts(
    draft: PaymentDraft, targets: Sequence[InvoiceSnapshot], amount: Decimal
) -> list[tuple[InvoiceSnapshot, Decimal]]:
    """What goes on each invoice: at most its balance, together at most ``amount``."""
    if not draft.allocations:
        return [(invoice, min(amount, invoice.balance_due)) for invoice in targets]
    by_id = {invoice.id: invoice for invoice in targets}
    wanted: dict[int, Decimal] = {}
    for index, (invoice_id, part) in enumerate(draft.allocations):
        part = money.to_currency(part, by_id[invoice_id].currency, f"/allocations/{index}/amount")
        if part <= 0:
            message = say("An allocation is more than zero.")
            raise InvalidInput.at(f"/allocations/{index}/amount", message)
        wanted[invoice_id] = wanted.get(invoice_id, Decimal(0)) + part
        if wanted[invoice_id] > by_id[invoice_id].balance_due:
            invoice = by_id[invoice_id]
            message = say(
                "Only %(open)s is open on invoice %(number)s.",
                open=invoice.balance_due,
                number=invoice.invoice_number,
            )
            raise Conflict(message, [FieldError(f"/allocations/{index}/amount", message)])
    if sum(wanted.values()) > amount:
        raise InvalidInput.at(
            "/allocations", say("The parts exceed the %(amount)s that is there.", amount=amount)
        )
    return [(by_id[invoice_id], part) for invoice_id, part in wanted.items()]


def post(payment_id: int, parts: Sequence[tuple[InvoiceSnapshot, Decimal]], by: Actor) -> None:
    """Put these parts of a payment on invoices, in the running transaction."""
    for invoice, part in parts:
        db.session.add(
            Allocation(
                business_id=current_business_id(),
                invoice_id=invoice.id,
                kind="payment",
                payment_id=payment_id,
                amount=part,
                actor=by.label,
            )
        )
    db.session.flush()


def _is_reversed(allocation_id: int) -> bool:
    statement = select(func.count()).where(
        Allocation.business_id == current_business_id(), Allocation.reverses_id == allocation_id
    )
    return bool(db.session.scalar(statement))


def _held(payment_id: int, invoice_id: int) -> Decimal:
    """What of a payment lies on an invoice."""
    total = func.coalesce(func.sum(Allocation.amount), Decimal(0))
    statement = select(total).where(
        Allocation.business_id == current_business_id(),
        Allocation.payment_id == payment_id,
        Allocation.invoice_id == invoice_id,
    )
    return db.session.scalar(statement) or Decimal(0)


def _counter(allocation: Allocation, amount: Decimal, by: Actor) -> None:
    db.session.add(
        Allocation(
            business_id=allocation.business_id,
            invoice_id=allocation.invoice_id,
            kind="payment",
            payment_id=allocation.payment_id,
            amount=-amount,
            reverses_id=allocation.id if amount == allocation.amount else None,
            actor=by.label,
        )
    )
    db.session.flush()
