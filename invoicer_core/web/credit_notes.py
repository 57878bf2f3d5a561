"""Credit notes: their list, the page of one, and the form that makes one of an invoice."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.drafts import CreditNoteDraft
from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.snapshots import InvoiceItemSnapshot, InvoiceSnapshot
from invoicer_core.services import clients, credit_notes, invoices, payments
from invoicer_core.services.credit_notes import CreditPreview
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats, once
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form, shown_number
from invoicer_core.web.invoices import id_of
from invoicer_core.web.site import query_of

SETTLEMENTS: Final = ("credit", "refund", "out_of_band")


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/credit-notes", "credit_notes", credit_note_list)
    site.add_url_rule("/credit-notes/<int:credit_note_id>", "credit_note", credit_note)
    credit = "/invoices/<int:invoice_id>/credit"
    site.add_url_rule(credit, "credit_invoice", credit_invoice, methods=["GET", "POST"])
    site.add_url_rule(f"{credit}/preview", "preview_credit", preview_credit, methods=["POST"])


@dataclass(frozen=True, slots=True)
class Line:
    """An item of the invoice in the form: what is left of it, and what shall be credited."""

    place: int
    item: InvoiceItemSnapshot
    left: Decimal
    taken: bool
    typed: str


@members("invoices.read")
def credit_note_list() -> Answer:
    """Credit notes, newest first, of one client or by words."""
    query = query_of("q", "client_id", "cursor")
    client_id = id_of(query.get("client_id"))
    page = credit_notes.find(q=query.get("q"), client_id=client_id, cursor=query.get("cursor"))
    return render_template(
        "credit_notes/list.html",
        page=page,
        query=query,
        client=clients.get(client_id=client_id) if client_id else None,
    )


@members("invoices.read")
def credit_note(credit_note_id: int) -> Answer:
    """One credit note: what it credits, and where its money went."""
    note = credit_notes.get(credit_note_id=credit_note_id)
    return render_template(
        "credit_notes/detail.html", note=note, invoice=invoices.get(invoice_id=note.invoice_id)
    )


@members("credit_notes.write")
def credit_invoice(invoice_id: int) -> Answer:
    """Credit an invoice: all that is left, or chosen items and quantities."""
    invoice = invoices.get(invoice_id=invoice_id)
    if invoice.state != "issued":
        flash(_("Only an issued invoice can be credited."), "warning")
        return redirect(url_for("web.invoice", invoice_id=invoice_id))
    if request.method == "GET":
        return _page(invoice, Form({"settlement": "credit"}, locale=formats.locale()))
    form = Form.sent(request.form, formats.locale())
    draft = _draft(invoice, form)
    if draft is None or not form.ok:
        return _page(invoice, form), 422
    wanted = draft

    def make() -> str:
        made = credit_notes.create(draft=wanted, by=access.actor())
        flash(_("Credit note %(number)s is made.", number=made.credit_note_number), "success")
        return url_for("web.credit_note", credit_note_id=made.id)

    try:
        return redirect(once.made(make))
    except InvoicerError as error:
        form.refuse(error, _names(invoice))
        return _page(invoice, form), status_of(error)


@members("credit_notes.write")
def preview_credit(invoice_id: int) -> Answer:
    """What the chosen items would come to. Stores nothing."""
    invoice = invoices.get(invoice_id=invoice_id)
    form = Form.sent(request.form, formats.locale())
    found, why = _preview(invoice, form)
    return render_template("credit_notes/preview.html", invoice=invoice, credit=found, why=why)


def _page(invoice: InvoiceSnapshot, form: Form) -> str:
    found, why = _preview(invoice, form)
    return render_template(
        "credit_notes/new.html",
        invoice=invoice,
        form=form,
        lines=_lines(invoice, form),
        credit=found,
        why=why,
        paid=invoice.amount_due - invoice.balance_due > 0
        and bool(payments.find(invoice_id=invoice.id, limit=1).items),
    )


def _preview(invoice: InvoiceSnapshot, form: Form) -> tuple[CreditPreview | None, str]:
    """The computed credit, or why there is none yet."""
    typed = Form(dict(form.values), locale=form.locale)
    typed.values["reason"] = typed.get("reason") or "-"
    draft = _draft(invoice, typed)
    if draft is None or not typed.ok:
        return None, next(iter(typed.errors.values()), "")
    try:
        return credit_notes.preview(draft=draft), ""
    except InvoicerError as error:
        return None, told(error.detail)


def _lines(invoice: InvoiceSnapshot, form: Form) -> list[Line]:
    """The invoice's items; all that is left of them is chosen unless the form says otherwise."""
    chosen = "lines" in form.values
    lines = []
    for at, left in enumerate(credit_notes.left_of_items(invoice=invoice)):
        typed = form.get(f"quantity-{at}") if chosen else shown_number(left, formats.locale())
        taken = bool(form.get(f"take-{at}")) if chosen else bool(left)
        lines.append(Line(at, invoice.items[at], left, taken, typed))
    return lines


def _draft(invoice: InvoiceSnapshot, form: Form) -> CreditNoteDraft | None:
    """What was chosen; notes on the form what is wrong with it. None when nothing can be read."""
    reason = form.text("reason", required=True, longest=500)
    settlement = form.choice("settlement", SETTLEMENTS)
    document = None
    if "lines" in form.values:
        wanted: dict[int, Decimal] = {}
        for at in range(len(invoice.items)):
            if form.get(f"take-{at}"):
                wanted[at] = form.number(f"quantity-{at}", required=True) or Decimal(0)
        if form.errors:
            return None
        try:
            document = credit_notes.part_of(invoice=invoice, quantities=wanted)
        except InvoicerError as error:
            form.refuse(error, _names(invoice))
            return None
    return CreditNoteDraft(
        invoice_id=invoice.id,
        document=document,
        reason=reason,
        settlement=settlement or "credit",  # type: ignore[arg-type]
    )


def _names(invoice: InvoiceSnapshot) -> dict[str, str]:
    """The fields of the form by the pointers that services name."""
    return {f"/items/{at}/quantity": f"quantity-{at}" for at in range(len(invoice.items))}
