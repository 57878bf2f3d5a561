"""What stays possible with an invoice after its issue, and what credit notes and payments share."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import func

from invoicer_core.domain import calendar, lifecycle
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, InvalidInput, StaleVersion
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.host import refuse_objected
from invoicer_core.models import db
from invoicer_core.models.invoices import Invoice
from invoicer_core.models.payments import Allocation
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.invoices import rows
from invoicer_core.services.orders.order_rows import give_back
from invoicer_core.services.transaction import Unit, transaction

DETAILS: Final = frozenset({"internal_note", "tags", "reminders_stopped", "due_date", "plugins"})
"""What may change at any time, also of an issued invoice."""


def update_details(
    *,
    invoice_id: int,
    changes: Mapping[str, Any],
    by: Actor,
    expected_version: int | None = None,
) -> InvoiceSnapshot:
    """Change some of DETAILS.

    Raises:
        InvalidInput: another field, or due before issued.
        Conflict: changed meanwhile.
    """
    for name in changes.keys() - DETAILS:
        raise InvalidInput.at(f"/{name}", say("This can not be changed on its own."))
    with transaction(by=by) as unit:
        found = rows.load(invoice_id, lock=True)
        check_version(found, expected_version)
        due = changes.get("due_date")
        if due is not None and found.issue_date is not None:
            calendar.check_due_date(found.issue_date, due)
        return _change(unit, found, "invoice.updated", dict(changes))


def void(*, invoice_id: int, reason: str, by: Actor) -> InvoiceSnapshot:
    """Annul an issued invoice that no money touched; number and row stay.

    Raises:
        Conflict: not issued, or money was put on it, or a plugin objects.
        InvalidInput: no reason.
    """
    reason = _stated(reason)
    with transaction(by=by) as unit:
        found = rows.load(invoice_id, lock=True)
        lifecycle.require_transition(found.state, "void")
        if found.balance_due != found.amount_due:
            raise Conflict(
                say(
                    "Money was put on invoice %(number)s: write a credit note instead.",
                    number=found.invoice_number,
                )
            )
        refuse_objected(
            db.session(), "before_invoice_voided", found, business_id=current_business_id(), by=by
        )
        give_back(unit, found)
        changes = {"state": "void", "voided_at": func.now(), "void_reason": reason}
        return _change(unit, found, "invoice.voided", changes)


def write_off(*, invoice_id: int, reason: str, by: Actor) -> InvoiceSnapshot:
    """Stop collecting the balance; the invoice stays issued.

    Raises:
        Conflict: not issued, or no balance.
        InvalidInput: no reason.
    """
    reason = _stated(reason)
    with transaction(by=by) as unit:
        found = rows.load(invoice_id, lock=True)
        require_balance(found)
        db.session.add(
            Allocation(
                business_id=current_business_id(),
                invoice_id=invoice_id,
                kind="write_off",
                amount=found.balance_due,
                reason=reason,
                actor=by.label,
            )
        )
        db.session.flush()
        return told(unit, invoice_id, "invoice.written_off", amount=found.balance_due)


def mark_sent(*, invoice_id: int, channel: str, by: Actor) -> InvoiceSnapshot:
    """Note a successful delivery; each one is an event, the first sets ``sent_at``."""
    with transaction(by=by) as unit:
        found = rows.load(invoice_id, lock=True)
        changes = {"sent_at": func.coalesce(Invoice.sent_at, func.now())}
        return _change(unit, found, "invoice.sent", changes, channel=channel)


def mark_viewed(*, invoice_id: int, by: Actor) -> InvoiceSnapshot:
    """Note that the client opened it; the first time is an event."""
    found = rows.load(invoice_id)
    if found.viewed_at is not None or found.state == "draft":
        return found
    with transaction(by=by) as unit:
        found = rows.load(invoice_id, lock=True)
        if found.viewed_at is not None:
            return found
        return _change(unit, found, "invoice.viewed", {"viewed_at": func.now()})


def check_version(found: InvoiceSnapshot, expected: int | None) -> None:
    """Refuse an edit of something that was changed meanwhile. Raises StaleVersion."""
    if expected is not None and expected != found.version:
        raise StaleVersion(
            say(
                "Invoice %(number)s was changed meanwhile: it has version "
                "%(version)s, not %(expected)s. Look at the newer one and try again.",
                number=found.invoice_number,
                version=found.version,
                expected=expected,
            ),
            found,
        )


def require_balance(found: InvoiceSnapshot) -> None:
    """Money can be put on an issued invoice with a balance only. Raises Conflict."""
    if found.state == "draft":
        raise Conflict(
            say(
                "%(number)s is a draft: issue it first.",
                number=found.invoice_number,
            )
        )
    if found.state == "void":
        raise Conflict(
            say(
                "Invoice %(number)s is void: nothing is owed on it.",
                number=found.invoice_number,
            )
        )
    if found.balance_due <= 0:
        raise Conflict(
            say(
                "Nothing is open on invoice %(number)s.",
                number=found.invoice_number,
            )
        )


def told(unit: Unit, invoice_id: int, event: str | None, **detail: Any) -> InvoiceSnapshot:
    """Read the invoice again after money moved; publish what happened, and that it is paid.

    Args:
        event: what happened to the invoice itself; None when the payment's event tells it.
    """
    found = rows.load(invoice_id)
    ids = {"client_id": found.client_id, "invoice_id": invoice_id}
    if event is not None:
        unit.publish(event, found, **ids)
        unit.record(event, invoice=invoice_id, **detail)
    if found.payment_state == "paid":
        unit.publish("invoice.paid", found, **ids)
    return found


def _change(
    unit: Unit, found: InvoiceSnapshot, event: str, changes: dict[str, Any], **detail: Any
) -> InvoiceSnapshot:
    rows.write(found.id, {**changes, "version": Invoice.version + 1, "updated_at": func.now()})
    changed = rows.load(found.id)
    unit.publish(event, changed, client_id=changed.client_id, invoice_id=changed.id)
    unit.record(event, invoice=changed.id, fields=sorted(changes), **detail)
    return changed


def _stated(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise InvalidInput.at("/reason", say("Say why; the reason is kept with the invoice."))
    return reason
