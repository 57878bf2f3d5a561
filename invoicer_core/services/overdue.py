"""The sweep that notices invoices whose due date has passed, by the business's own calendar."""

from typing import Final

from sqlalchemy import text

from invoicer_core.domain.actor import SYSTEM
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import invoices
from invoicer_core.services.transaction import transaction

BATCH: Final = 100

_NOTE: Final = text(
    "UPDATE invoices SET overdue_noted_for = due_date WHERE id IN ("
    " SELECT i.id FROM invoices i JOIN businesses b ON b.id = i.business_id"
    " WHERE i.business_id = :business AND i.state = 'issued' AND i.settled < i.amount_due"
    " AND i.due_date < (now() AT TIME ZONE b.time_zone)::date"
    " AND i.overdue_noted_for IS DISTINCT FROM i.due_date"
    " AND NOT EXISTS (SELECT FROM payments p WHERE p.business_id = i.business_id"
    "  AND p.invoice_id = i.id AND p.status = 'pending')"
    " ORDER BY i.id LIMIT :batch FOR UPDATE OF i SKIP LOCKED)"
    " AND business_id = :business RETURNING id"
)


def sweep() -> int:
    """Tell ``invoice.overdue`` once for each invoice and due date; how many were told."""
    total = 0
    while True:
        told = _sweep_some()
        total += told
        if told < BATCH:
            return total


def _sweep_some() -> int:
    with transaction(by=SYSTEM) as unit:
        values = {"business": current_business_id(), "batch": BATCH}
        ids = sorted(db.session.scalars(_NOTE, values).all())
        for invoice_id in ids:
            found = invoices.get(invoice_id=invoice_id)
            unit.publish("invoice.overdue", found, client_id=found.client_id, invoice_id=invoice_id)
        if ids:
            unit.record("invoice.overdue", invoices=ids)
        return len(ids)
