"""The invoice editor: a form whose rows, choices and totals come from the server."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.errors import InvoicerError, StaleVersion
from invoicer_core.domain.snapshots import InvoiceSnapshot, TaxRateSnapshot
from invoicer_core.services import editing, invoices
from invoicer_core.web import access, editor_parts, editor_saving, formats, headers, once, words
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.editor_parts import chosen_client, compute, rates_in_use
from invoicer_core.web.editor_rows import Drawing
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.differences import Comparison, choices
from invoicer_core.web.forms.invoice import InvoiceForm
from invoicer_core.web.forms.rows import usual_tax
from invoicer_core.web.invoices import id_of

Rates = Sequence[TaxRateSnapshot]


def install(site: Site) -> None:
    """Add the pages of this file, and the parts they fetch."""
    both = ["GET", "POST"]
    site.add_url_rule("/invoices/new", "new_invoice", new_invoice, methods=both)
    site.add_url_rule("/invoices/<int:invoice_id>/edit", "edit_invoice", edit_invoice, methods=both)
    editor_parts.install(site)


@members("invoices.write")
def new_invoice() -> Answer:
    """Write an invoice. It becomes a draft while it is written, or by its button; with ``then``
    it is issued (and sent) at once."""
    rates = rates_in_use()
    if request.method == "GET":
        form = _empty(rates)
        form.values["client"] = str(id_of(request.args.get("client_id")) or "")
        client = chosen_client(form)
        if client is not None and client.currency:
            form.values["currency"] = client.currency
        return _page(form, rates)
    form = InvoiceForm.of_request(request.form, formats.locale())
    if request.args.get("autosave"):
        return editor_saving.keep_new(form, rates)
    if request.args.get("restore"):
        return _page(form, rates)
    draft = form.draft(rates)
    _require_items(form)
    if not form.ok:
        return _page(form, rates), 422
    try:
        return _make(form, draft, rates)
    except InvoicerError as error:
        form.refuse_draft(error)
        return _page(form, rates), status_of(error)


def _make(form: InvoiceForm, draft: InvoiceDraft, rates: Rates) -> Answer:
    """Store what was typed as a new invoice. Where an answer to an autosave was lost, its draft is
    already there under this form's token: then that one is changed."""
    wish = _wish()

    def store() -> str:
        made = invoices.create(
            draft=draft, by=access.actor(), issue=bool(wish), send=wish == "send"
        )
        _tell(made)
        return url_for("web.invoice", invoice_id=made.id)

    address = once.made(store)
    kept = editor_saving.id_in(address)
    if kept is None:
        return redirect(address)
    form.values["version"] = "1"
    return _change(invoices.get(invoice_id=kept), form, rates)


@members("invoices.write")
def edit_invoice(invoice_id: int) -> Answer:
    """Change a draft; what somebody else saved meanwhile is never overwritten unseen."""
    rates = rates_in_use()
    stored = invoices.get(invoice_id=invoice_id)
    form = InvoiceForm.of_request(request.form, formats.locale())
    if request.method == "POST" and request.args.get("autosave"):
        return editor_saving.keep(stored, form, rates)
    if stored.state != "draft":
        flash(_("An issued invoice can not be changed. Duplicate it, or write a credit note."),
              "warning")  # fmt: skip
        return redirect(url_for("web.invoice", invoice_id=invoice_id))
    if request.method == "GET":
        return _page(InvoiceForm.of_invoice(stored, rates, formats.locale()), rates, stored)
    if request.args.get("restore"):
        conflict = editor_saving.is_stale(form, stored)
        return _page(form, rates, stored, conflict=conflict), 409 if conflict else 200
    return _change(stored, form, rates)


def _change(stored: InvoiceSnapshot, form: InvoiceForm, rates: Rates) -> Answer:
    """Save what was typed over a draft, after the visitor chose where others changed it too."""
    base: InvoiceSnapshot | None = stored
    if editor_saving.is_stale(form, stored):
        if id_of(form.get("seen_version")) != stored.version:
            return _page(form, rates, stored, conflict=True), 409
        base = editing.at_version(stored=stored, version=id_of(form.get("version")) or 0)
        compared = editor_saving.compare(form, stored, base, rates)
        form = compared.merged(choices(request.form))
        form.values["version"] = str(stored.version)
        if request.form.get("then") == "merge":
            return _page(form, rates, stored)
    draft = form.draft(rates, stored, base.items if base else ())
    _require_items(form)
    if not form.ok:
        return _page(form, rates, stored), 422
    return _save(stored, form, draft, rates)


def _save(stored: InvoiceSnapshot, form: InvoiceForm, draft: InvoiceDraft, rates: Rates) -> Answer:
    wish = _wish()
    try:
        saved = invoices.update_draft(
            invoice_id=stored.id, draft=draft, by=access.actor(), expected_version=stored.version
        )
    except StaleVersion:
        return _page(form, rates, invoices.get(invoice_id=stored.id), conflict=True), 409
    except InvoicerError as error:
        form.refuse_draft(error)
        return _page(form, rates, stored), status_of(error)
    editor_saving.adopt(form, saved)
    try:
        if wish:
            saved = invoices.issue(
                invoice_id=stored.id, by=access.actor(), send=wish == "send",
                expected_version=saved.version,
            )  # fmt: skip
    except InvoicerError as error:
        form.refuse_draft(error)
        return _page(form, rates, saved), status_of(error)
    _tell(saved)
    return redirect(url_for("web.invoice", invoice_id=stored.id))


def _wish() -> str:
    """What is to follow the saving: ``issue``, ``send`` (after issuing), or nothing."""
    wanted = request.form.get("then", "")
    if wanted not in ("issue", "send") or not access.may("invoices.issue"):
        return ""
    return wanted if wanted == "issue" or access.may("invoices.send") else "issue"


def _require_items(form: InvoiceForm) -> None:
    if _wish() and not form.used_rows:
        form.fail("items", _("Add at least one item before issuing."))


def _tell(saved: InvoiceSnapshot) -> None:
    if saved.state != "issued":
        flash(_("Draft saved."), "success")
    elif _wish() == "send":
        flash(_("Issued as %(number)s and on its way to the client, when there is an e-mail"
                " address.", number=saved.invoice_number), "success")  # fmt: skip
    else:
        flash(_("Issued as %(number)s.", number=saved.invoice_number), "success")


def _empty(rates: Rates) -> InvoiceForm:
    form = InvoiceForm.empty(formats.locale(), currency=formats.currency(), tax=usual_tax(rates))
    settings = formats.business_settings()
    if settings.get("prices_include_tax"):
        form.values["prices_include_tax"] = "1"
    form.values["notes"] = str(settings.get("invoice_notes") or "")
    return form


def _page(
    form: InvoiceForm,
    rates: Rates,
    stored: InvoiceSnapshot | None = None,
    *,
    conflict: bool = False,
) -> str:
    headers.widen("frame-src", "'self'")
    errors, problem = dict(form.errors), form.problem
    totals = compute(form, rates, stored)
    form.errors, form.problem = errors, problem
    client = chosen_client(form)
    compared: Comparison | None = None
    if conflict and stored is not None:
        base = editing.at_version(stored=stored, version=id_of(form.get("version")) or 0)
        compared = editor_saving.compare(form, stored, base, rates)
    return render_template(
        "invoices/edit.html",
        form=form,
        rates=rates,
        drawing=Drawing(rates),
        currencies=_currencies(form.get("currency")),
        invoice=stored,
        client=client,
        totals=totals,
        exposure=editor_parts.exposure(client, totals),
        differences=compared.differences() if compared else None,
        last_saved=editing.last_saved(invoice_id=stored.id) if stored else None,
        conflict=conflict,
    )


def _currencies(current: str) -> list[tuple[str, str]]:
    options = [(code, code) for code in words.CURRENCIES]
    known = {code for code, _label in options}
    return options if current in known or not current else [(current, current), *options]
