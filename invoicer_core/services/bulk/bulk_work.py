"""Sending and paying many invoices, one transaction each: the effect and its mark commit together,
so that a task which is resumed or repeated sends and pays nothing twice."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.drafts import PaymentDraft
from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.models import db
from invoicer_core.services import bulk, clients, invoices, payments, tasks
from invoicer_core.services.messages import notifications
from invoicer_core.services.tasks import Running, task_rows
from invoicer_core.services.transaction import transaction
from invoicer_core.services.wording import told

AT_ONCE: Final = 20
"""Rows between two looks at how far it is."""

Verdict = tuple[str, str]
Deed = Callable[[InvoiceSnapshot, Mapping[str, Any], Actor], Verdict]
"""Does one invoice; says the outcome and its reason."""


def send(invoice: InvoiceSnapshot, options: Mapping[str, Any], by: Actor) -> Verdict:
    """Mail an invoice to its client; a draft is issued first where that was asked for."""
    if invoice.state == "void":
        return "skipped", "void"
    if invoice.state == "draft" and not options.get("issue"):
        return "skipped", "draft"
    if not clients.get(client_id=invoice.client_id).email:
        return "skipped", "no_address"
    if invoice.state == "draft":
        invoices.issue(invoice_id=invoice.id, by=by, send=True)
        return "done", "issued_and_sent"
    notifications.send_invoice(invoice_id=invoice.id, by=by)
    return "done", "sent"


def pay(invoice: InvoiceSnapshot, options: Mapping[str, Any], by: Actor) -> Verdict:
    """Record a payment of all that is open."""
    if invoice.state == "draft":
        return "skipped", "draft"
    if invoice.state == "void":
        return "skipped", "void"
    if invoice.balance_due <= 0:
        return "skipped", "paid_before"
    draft = PaymentDraft(
        amount=invoice.balance_due,
        method=str(options["method"]),
        date=date.fromisoformat(str(options["date"])),
        invoice_id=invoice.id,
        reference=options.get("reference") or None,
    )
    payments.record(draft=draft, by=by)
    return "done", "paid"


def _each(task: Running, deed: Deed) -> None:
    """Do it to every row that waits."""
    done, total = task_rows.counts(task_id=task.id)
    task.progress(done, total)
    while rows := task_rows.waiting(task_id=task.id, most=AT_ONCE):
        for position, invoice_id in rows:
            _one(task, deed, position, invoice_id)
        done, total = task_rows.counts(task_id=task.id)
        task.state["done"] = done
        task.progress(done, total)
    task.finish()


def _one(task: Running, deed: Deed, position: int, invoice_id: int) -> None:
    try:
        with transaction(by=task.by):
            if not task_rows.claim(task_id=task.id, position=position):
                return
            outcome, reason = deed(invoices.get(invoice_id=invoice_id), task.data, task.by)
            task_rows.close(task_id=task.id, position=position, outcome=outcome, reason=reason)
    except InvoicerError as refused:
        db.session.rollback()
        with transaction(by=task.by):
            task_rows.close(
                task_id=task.id, position=position, outcome="failed", detail=told(refused.detail)
            )


@tasks.work(bulk.SEND)
def send_all(task: Running) -> None:
    """Send every row's invoice."""
    _each(task, send)


@tasks.work(bulk.PAY)
def pay_all(task: Running) -> None:
    """Record a payment for every row's invoice."""
    _each(task, pay)
