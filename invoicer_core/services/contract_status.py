"""The contract's way of changing an invoice: by saying the status it should show."""

from datetime import date

from invoicer_core.domain import lifecycle
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.services import invoices, payments
from invoicer_core.services.invoices import rows
from invoicer_core.services.transaction import transaction


def change(
    *,
    invoice_id: int,
    by: Actor,
    status: str | None = None,
    due_date: date | None = None,
    expected_version: int | None = None,
) -> InvoiceSnapshot:
    """Sent issues, paid records a manual payment of the balance today (a draft is issued first),
    overdue is accepted only when it is true, the same status has no effect.

    Raises:
        Conflict: a backward move, or overdue when it is not.
        InvalidInput: no such status, or due before issued.
    """
    with transaction(by=by):
        found = rows.load(invoice_id, lock=True)
        invoices.check_version(found, expected_version)
        if due_date is not None and due_date != found.due_date:
            changes = {"due_date": due_date}
            found = invoices.update_details(invoice_id=invoice_id, changes=changes, by=by)
        if status is None:
            return found
        wanted = lifecycle.decide_status_change(found.status, status, found.is_overdue)
        if wanted == "none":
            return found
        if found.state == "draft":
            found = invoices.issue(invoice_id=invoice_id, by=by)
        if wanted == "pay" and found.balance_due > 0:
            payments.pay_balance(invoice_id=invoice_id, by=by)
        return rows.load(invoice_id)
