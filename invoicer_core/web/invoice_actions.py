"""What is done to an invoice from its page: each a form, a word of what happened, and back."""

from collections.abc import Callable
from decimal import Decimal

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.drafts import PaymentDraft
from invoicer_core.domain.errors import InvoicerError, NotFound
from invoicer_core.services import clients, invoices, messages, payments
from invoicer_core.services.messages import writing
from invoicer_core.services.wording import told
from invoicer_core.web import access, composer, formats, once, words
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.invoices import detail_page, id_of


def install(site: Site) -> None:
    """Add the actions."""
    for path, name, view in (
        ("issue", "issue_invoice", issue_invoice),
        ("send", "send_invoice", send_invoice),
        ("remind", "remind_of_invoice", remind_of_invoice),
        ("payments", "pay_invoice", pay_invoice),
        ("void", "void_invoice", void_invoice),
        ("write-off", "write_off_invoice", write_off_invoice),
        ("note", "note_invoice", note_invoice),
        ("reminders", "stop_reminders", stop_reminders),
        ("duplicate", "duplicate_invoice", duplicate_invoice),
        ("delete", "delete_invoice", delete_invoice),
    ):
        site.add_url_rule(f"/invoices/<int:invoice_id>/{path}", name, view, methods=["POST"])
    site.add_url_rule(
        "/invoices/<int:invoice_id>/messages/<int:message_id>/again", "send_message_again",
        send_message_again, methods=["POST"],
    )  # fmt: skip
    site.add_url_rule("/invoices/<int:invoice_id>/letter", "invoice_letter", invoice_letter)


def _to_invoice(invoice_id: int) -> Answer:
    return redirect(url_for("web.invoice", invoice_id=invoice_id))


def _done(
    invoice_id: int, form: Form, show: str, work: Callable[[], None], *, single: bool = False
) -> Answer:
    """Do it and go back to the page, or show the dialog again with what is wrong.

    Args:
        single: a repetition of this very form must not do it again.
    """
    if form.ok:
        try:
            _carry_out(invoice_id, work, single=single)
            return _to_invoice(invoice_id)
        except InvoicerError as error:
            form.refuse(error)
            status = status_of(error)
    else:
        status = 422
    found = invoices.get(invoice_id=invoice_id)
    if form.problem:
        flash(form.problem, "danger")
    return detail_page(found, show=show, form=form), status


def _carry_out(invoice_id: int, work: Callable[[], None], *, single: bool) -> None:
    if not single:
        work()
        return

    def once_only() -> str:
        work()
        return url_for("web.invoice", invoice_id=invoice_id)

    once.made(once_only)


@members("invoices.issue")
def issue_invoice(invoice_id: int) -> Answer:
    """Give the number and freeze; with ``send`` the mail follows."""
    form = Form.sent(request.form, formats.locale())

    def work() -> None:
        found = invoices.issue(
            invoice_id=invoice_id,
            by=access.actor(),
            expected_version=id_of(form.get("version")),
            send=bool(form.get("send")) and access.may("invoices.send"),
        )
        flash(_("Issued as %(number)s. The PDF is being made.", number=found.invoice_number),
              "success")  # fmt: skip

    return _done(invoice_id, form, "", work)


@members("invoices.send")
def send_invoice(invoice_id: int) -> Answer:
    """Send the invoice over a channel."""
    return _write(invoice_id, "send", "invoice")


@members("invoices.send")
def remind_of_invoice(invoice_id: int) -> Answer:
    """Remind the client of what is open."""
    return _write(invoice_id, "remind", "reminder")


def _write(invoice_id: int, show: str, kind: str) -> Answer:
    form = composer.sent()
    found = invoices.get(invoice_id=invoice_id)
    wish = composer.read(form, kind=kind)

    def work() -> None:
        writing.write(client_id=found.client_id, invoice_id=invoice_id, by=access.actor(), **wish)
        flash(_("On its way to %(to)s.", to=wish["recipient"]), "success")

    return _done(invoice_id, form, show, work, single=True)


@members("invoices.send")
def invoice_letter(invoice_id: int) -> Answer:
    """The part of a dialog that shows to whom a message goes and what it says."""
    found = invoices.get(invoice_id=invoice_id)
    kind = "reminder" if request.args.get("kind") == "reminder" else "invoice"
    return composer.part(clients.get(client_id=found.client_id), found, kind)


@members("invoices.send")
def send_message_again(invoice_id: int, message_id: int) -> Answer:
    """Send a message about this invoice once more, as it was."""
    form = Form.sent(request.form, formats.locale())
    if messages.get(message_id=message_id).invoice_id != invoice_id:
        raise NotFound.of("message", message_id)

    def work() -> None:
        again = messages.send_again(message_id=message_id, by=access.actor())
        flash(_("On its way to %(to)s.", to=again.recipient), "success")

    return _done(invoice_id, form, "", work, single=True)


@members("payments.write")
def pay_invoice(invoice_id: int) -> Answer:
    """Record money that came in for this invoice."""
    form = Form.sent(request.form, formats.locale())
    amount = form.number("amount", required=True, least=Decimal(0))
    if amount is not None and amount <= 0:
        form.fail("amount", _("This must be more than nothing."))
    day = form.date("date", required=True)
    method = form.choice("method", [code for code, _label in words.method_options()])
    reference = form.text("reference")

    def work() -> None:
        draft = PaymentDraft(
            amount=amount or Decimal(0),
            method=method or "bank_transfer",
            date=day,
            invoice_id=invoice_id,
            reference=reference,
        )
        paid = payments.record(draft=draft, by=access.actor())
        flash(_("Payment of %(amount)s recorded.",
                amount=formats.money(paid.amount, paid.currency)), "success")  # fmt: skip

    return _done(invoice_id, form, "pay", work, single=True)


@members("invoices.void")
def void_invoice(invoice_id: int) -> Answer:
    """Annul an issued invoice that no money touched."""
    form = Form.sent(request.form, formats.locale())
    reason = form.text("reason", required=True, longest=500)

    def work() -> None:
        found = invoices.void(invoice_id=invoice_id, reason=reason or "", by=access.actor())
        flash(_("%(number)s is void.", number=found.invoice_number), "success")

    return _done(invoice_id, form, "void", work)


@members("invoices.write_off")
def write_off_invoice(invoice_id: int) -> Answer:
    """Stop collecting the balance."""
    form = Form.sent(request.form, formats.locale())
    reason = form.text("reason", required=True, longest=500)

    def work() -> None:
        invoices.write_off(invoice_id=invoice_id, reason=reason or "", by=access.actor())
        flash(_("The open amount is written off."), "success")

    return _done(invoice_id, form, "write-off", work)


@members("invoices.write")
def note_invoice(invoice_id: int) -> Answer:
    """Change the internal note; that stays possible after the issue."""
    form = Form.sent(request.form, formats.locale())
    note = form.text("internal_note", longest=4000)

    def work() -> None:
        changes = {"internal_note": note}
        invoices.update_details(invoice_id=invoice_id, changes=changes, by=access.actor())
        flash(_("Note saved."), "success")

    return _done(invoice_id, form, "note", work)


@members("invoices.write")
def stop_reminders(invoice_id: int) -> Answer:
    """Let no reminders go out for this invoice any more, or again."""
    form = Form.sent(request.form, formats.locale())
    stop = bool(form.get("stop"))

    def work() -> None:
        changes = {"reminders_stopped": stop}
        invoices.update_details(invoice_id=invoice_id, changes=changes, by=access.actor())
        said = _("No reminders are sent by themselves any more.") if stop else _("Reminders go on.")
        flash(said, "success")

    return _done(invoice_id, form, "", work)


@members("invoices.write")
def duplicate_invoice(invoice_id: int) -> Answer:
    """A new draft with the same client and items, open for editing."""

    def copy() -> str:
        made = invoices.duplicate(invoice_id=invoice_id, by=access.actor())
        flash(_("This is the copy: a new draft."), "success")
        return url_for("web.edit_invoice", invoice_id=made.id)

    return redirect(once.made(copy))


@members("invoices.write")
def delete_invoice(invoice_id: int) -> Answer:
    """Take a draft away."""
    try:
        invoices.delete(invoice_id=invoice_id, by=access.actor())
    except InvoicerError as error:
        flash(told(error.detail), "danger")
        return _to_invoice(invoice_id)
    flash(_("The draft is deleted."), "success")
    return redirect(url_for("web.invoices"))
