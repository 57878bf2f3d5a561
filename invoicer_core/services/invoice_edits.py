"""One request that changes an invoice: what is typed, what may change later, and the status."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.errors import Conflict
from invoicer_core.domain.saying import say, state_word
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.services import contract_status, invoices
from invoicer_core.services.invoices import rows
from invoicer_core.services.invoices.drafts import draft_of
from invoicer_core.services.transaction import transaction

Edit = Callable[[InvoiceDraft], InvoiceDraft]


def change(
    *,
    invoice_id: int,
    by: Actor,
    edit: Edit | None = None,
    details: Mapping[str, Any] | None = None,
    status: str | None = None,
    expected_version: int | None = None,
) -> InvoiceSnapshot:
    """Change a draft in all, an issued invoice in its details, then the status, all or nothing.

    Args:
        edit: makes the new draft from the present one; None when only details change.
        details: of `invoices.changes.DETAILS`.
        status: the contract's status that the invoice shall show.

    Raises:
        NotFound, StaleVersion, InvalidInput.
        Conflict: ``edit`` of an issued invoice, or a status that cannot be reached.
    """
    wanted = dict(details or {})
    with transaction(by=by):
        found = rows.load(invoice_id, lock=True)
        invoices.check_version(found, expected_version)
        if found.state == "draft":
            found = _change_draft(found, edit, wanted, by)
        elif edit is not None or wanted:
            _refuse_fixed(found, edit, wanted)
            found = invoices.update_details(invoice_id=invoice_id, changes=wanted, by=by)
        if status is None:
            return found
        return contract_status.change(invoice_id=invoice_id, status=status, by=by)


def _refuse_fixed(found: InvoiceSnapshot, edit: Edit | None, wanted: Mapping[str, Any]) -> None:
    """What of an invoice that is issued or void stays as it is."""
    if edit is not None:
        raise Conflict(
            say(
                "Invoice %(number)s is %(state)s: what it says can not change. Void it or write a "
                "credit note.",
                number=found.invoice_number,
                state=state_word(found.state),
            )
        )
    if found.state == "void":
        number = found.invoice_number
        raise Conflict(say("Invoice %(number)s is void: it stays as it is.", number=number))
    if wanted.get("due_date", found.due_date) is None:
        raise Conflict(say("An issued invoice keeps a due date: give another day."))


def _change_draft(
    found: InvoiceSnapshot, edit: Edit | None, details: dict[str, Any], by: Actor
) -> InvoiceSnapshot:
    stopped = details.pop("reminders_stopped", None)
    if edit is not None or details:
        draft = replace(draft_of(found), **_typed(details))
        draft = draft if edit is None else edit(draft)
        found = invoices.update_draft(invoice_id=found.id, draft=draft, by=by)
    if stopped is not None and stopped != found.reminders_stopped:
        changes = {"reminders_stopped": stopped}
        found = invoices.update_details(invoice_id=found.id, changes=changes, by=by)
    return found


def _typed(details: Mapping[str, Any]) -> dict[str, Any]:
    typed = dict(details)
    if "tags" in typed:
        typed["tags"] = tuple(typed["tags"] or ())
    if "plugins" in typed:
        typed["plugins"] = dict(typed["plugins"] or {})
    return typed
