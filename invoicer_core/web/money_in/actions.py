"""What is done to a payment from its page: put on invoices, taken off, given back, confirmed."""

from collections.abc import Callable
from uuid import UUID, uuid4

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.services import payments
from invoicer_core.services.clients import letters
from invoicer_core.services.payments import open_items, providers
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats, once
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.money_in.lists import detail_page
from invoicer_core.web.money_in.recording import read_division, refuse_parts


def install(site: Site) -> None:
    """Add the actions."""
    for path, name, view in (
        ("apply", "apply_payment", apply_payment),
        ("allocations/<int:allocation_id>/undo", "undo_payment_part", undo_part),
        ("refund", "refund_payment", refund_payment),
        ("refunds/<int:attempt_id>/ask", "ask_refund", ask_refund),
        ("receipt/send", "send_receipt", send_receipt),
    ):
        site.add_url_rule(f"/payments/<int:payment_id>/{path}", name, view, methods=["POST"])


@members("payments.write")
def apply_payment(payment_id: int) -> Answer:
    """Put what is not used yet on invoices."""
    form = Form.sent(request.form, formats.locale())
    found = payments.get(payment_id=payment_id)
    items = open_items.open_items(client_id=found.client_id, currency=found.currency)
    parts = tuple(read_division(form, items).parts.items())
    if form.ok and not parts:
        form.problem = _("Say how much goes on which invoice.")

    def work() -> None:
        payments.allocate(payment_id=payment_id, allocations=parts, by=access.actor())
        flash(_("Put on the invoices."), "success")

    if form.ok:
        try:
            return _once(payment_id, work)
        except InvoicerError as error:
            refuse_parts(form, error, parts)
            return _again(payment_id, form, "apply"), status_of(error)
    return _again(payment_id, form, "apply"), 422


@members("payments.write")
def undo_part(payment_id: int, allocation_id: int) -> Answer:
    """Take money off an invoice again; it becomes the client's credit."""
    try:
        payments.unallocate(payment_id=payment_id, allocation_id=allocation_id, by=access.actor())
    except InvoicerError as error:
        flash(told(error.detail), "danger")
    else:
        flash(_("Taken off the invoice. The money is not used now."), "success")
    return _to(payment_id)


@members("payments.refund")
def refund_payment(payment_id: int) -> Answer:
    """Give money back, through the provider where there is one, or note that it went by hand."""
    form = Form.sent(request.form, formats.locale())
    amount = form.number("amount", required=True)
    if amount is not None and amount <= 0:
        form.fail("amount", _("This must be more than nothing."))
    reason = form.text("reason", required=True, longest=500)
    found = payments.get(payment_id=payment_id)
    asks = form.get("through") == "provider" and providers.gives_back(payment=found)

    def work() -> None:
        payments.refund(payment_id=payment_id, amount=amount, reason=reason, by=access.actor())
        flash(_("The refund is recorded."), "success")

    if not form.ok:
        return _again(payment_id, form, "refund"), 422
    try:
        if not asks:
            return _once(payment_id, work)
        providers.give_back(
            payment_id=payment_id, key=_key(), amount=amount, reason=reason, by=access.actor()
        )
        flash(_("The money is on its way back."), "success")
        return _to(payment_id)
    except InvoicerError as error:
        form.refuse(error)
        return _again(payment_id, form, "refund"), status_of(error)


@members("payments.refund")
def ask_refund(payment_id: int, attempt_id: int) -> Answer:
    """Ask the provider what became of a refund."""
    try:
        providers.ask_again(payment_id=payment_id, attempt_id=attempt_id, by=access.actor())
    except InvoicerError as error:
        flash(told(error.detail), "danger")
    else:
        flash(_("The money went back."), "success")
    return _to(payment_id)


@members("invoices.send")
def send_receipt(payment_id: int) -> Answer:
    """Send the receipt, as often as wanted."""
    form = Form.sent(request.form, formats.locale())
    recipient = form.email("recipient", required=True)

    def work() -> None:
        letters.send_receipt(payment_id=payment_id, recipient=recipient, by=access.actor())
        flash(_("The receipt is on its way to %(to)s.", to=recipient), "success")

    if not form.ok:
        return _again(payment_id, form, "receipt"), 422
    try:
        return _once(payment_id, work)
    except InvoicerError as error:
        form.refuse(error)
        return _again(payment_id, form, "receipt"), status_of(error)


def _once(payment_id: int, work: Callable[[], None]) -> Answer:
    def run() -> str:
        work()
        return url_for("web.payment", payment_id=payment_id)

    return redirect(once.made(run))


def _key() -> UUID:
    """The form's own token: a second click asks for the same refund."""
    token = once.token()
    return UUID(hex=token) if token else uuid4()


def _again(payment_id: int, form: Form, show: str) -> str:
    if form.problem:
        flash(form.problem, "danger")
    return detail_page(payments.get(payment_id=payment_id), show=show, form=form)


def _to(payment_id: int) -> Answer:
    return redirect(url_for("web.payment", payment_id=payment_id))
