"""Saves drafts while somebody writes, and finds out what others saved meanwhile."""

from collections.abc import Sequence

from flask import render_template
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError, StaleVersion
from invoicer_core.domain.snapshots import InvoiceSnapshot, TaxRateSnapshot
from invoicer_core.services import clients, editing, invoices
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats, once, words
from invoicer_core.web.access import Answer
from invoicer_core.web.editor_parts import edit_address, first_words
from invoicer_core.web.forms.differences import Comparison, Shown
from invoicer_core.web.forms.invoice import InvoiceForm
from invoicer_core.web.invoices import id_of

Rates = Sequence[TaxRateSnapshot]


def is_stale(form: InvoiceForm, stored: InvoiceSnapshot) -> bool:
    """True when the draft was saved by somebody else since this form was filled from it."""
    return id_of(form.get("version")) != stored.version


def compare(
    form: InvoiceForm, stored: InvoiceSnapshot, base: InvoiceSnapshot | None, rates: Rates
) -> Comparison:
    """The typed text beside the stored draft, and the version that the text started from."""
    locale = formats.locale()
    theirs = InvoiceForm.of_invoice(stored, rates, locale)
    started = InvoiceForm.of_invoice(base, rates, locale) if base is not None else None
    taxes = {str(rate.id): f"{rate.name} {formats.percent(rate.rate)}" for rate in rates}
    return Comparison(form, theirs, started, Shown(_words, dict(words.units()), taxes))


def adopt(form: InvoiceForm, saved: InvoiceSnapshot) -> None:
    """Bind the form to the version that was just saved from it: items have new ids in each."""
    form.values["version"] = str(saved.version)
    for row, item in zip(form.used_rows, saved.items, strict=False):
        row.item_id = str(item.id)
    places = {"discount": 1 if form.get("discount") else 0, "charge": 0}
    for extra in form.extras or ():
        if not extra.blank:
            extra.kept = f"{extra.kind}{places[extra.kind]}"
            places[extra.kind] += 1


# --- while somebody writes ------------------------------------------------------------------------


def keep_new(form: InvoiceForm, rates: Rates) -> Answer:
    """A new invoice becomes a draft as soon as it has a client and a whole item; until then the
    browser keeps the text. A client who is typed anew is made by the button only."""
    if form.get("client") == "new":
        return _answer(form, waiting=_("The new client is added when you save the draft."))
    if not form.used_rows or not form.get("client"):
        return _answer(form, waiting=_("The draft begins with a client and an item."))
    draft = form.draft(rates)
    if not form.ok:
        return _answer(form, waiting=first_words(form) or _("An item is not finished yet."))

    made: list[InvoiceSnapshot] = []

    def store() -> str:
        made.append(invoices.create(draft=draft, by=access.actor()))
        return edit_address(made[0].id)

    try:
        known = id_in(once.made(store))
    except InvoicerError as error:
        return _answer(form, waiting=told(error.detail))
    if made:
        adopt(form, made[0])
        return _answer(form, made[0], done=True)
    if known is None:  # the form itself was sent meanwhile
        return _answer(form)
    form.values["version"] = "1"  # the answer to an earlier autosave was lost
    return keep(invoices.get(invoice_id=known), form, rates)


def keep(stored: InvoiceSnapshot, form: InvoiceForm, rates: Rates) -> Answer:
    """Save the typed text over the draft, unless others changed it or it cannot be read yet."""
    if stored.state != "draft":
        gone = _("Somebody else issued this draft meanwhile, so it can no longer be changed.")
        return _answer(form, stored, waiting=gone), 409
    if is_stale(form, stored):
        return _conflict(form, stored, rates)
    if form.get("client") == "new":
        return _answer(form, stored, waiting=_("The new client is added when you save the draft."))
    draft = form.draft(rates, stored)
    if not form.ok:
        return _answer(form, stored, waiting=first_words(form) or _("An item is not finished yet."))
    try:
        saved = invoices.update_draft(
            invoice_id=stored.id, draft=draft, by=access.actor(), expected_version=stored.version
        )
    except StaleVersion:
        return _conflict(form, invoices.get(invoice_id=stored.id), rates)
    except InvoicerError as error:
        return _answer(form, stored, waiting=told(error.detail))
    adopt(form, saved)
    return _answer(form, saved, done=True)


def id_in(address: str) -> int | None:
    """Whose editor an address leads to; None for any other page."""
    start, _slash, rest = address.partition("/invoices/")
    number, _slash, last = rest.partition("/")
    return id_of(number) if not start and last == "edit" else None


def _conflict(form: InvoiceForm, stored: InvoiceSnapshot, rates: Rates) -> Answer:
    base = editing.at_version(stored=stored, version=id_of(form.get("version")) or 0)
    found = compare(form, stored, base, rates).differences()
    return _answer(form, stored, differences=found), 409


def _answer(
    form: InvoiceForm, stored: InvoiceSnapshot | None = None, *, done: bool = False, **more: object
) -> str:
    """The small line that says how the saving went, with what the form has to know next."""
    saved = editing.last_saved(invoice_id=stored.id) if stored is not None else None
    return render_template(
        "invoices/saved.html", form=form, invoice=stored, done=done, last_saved=saved, **more
    )


def _words(form: InvoiceForm, name: str) -> str:
    """A field of the whole draft as people read it."""
    value = form.get(name)
    if name == "client":
        return _client_words(form)
    if name in ("issue_date", "due_date"):
        day = form.date(name)
        return str(formats.day(day) if day else _("not set"))
    if name == "prices_include_tax":
        return str(_("yes") if value else _("no"))
    if name == "discount" and value:
        return f"{value} %" if form.get("discount_kind") != "amount" else value
    if name == "withholding" and value:
        return f"{value} %"
    if name == "extras":
        each = (f"{extra.reason} {extra.size}".strip() for extra in form.extras or ()
                if not extra.blank)  # fmt: skip
        return " · ".join(each) or _("none")
    return str(value or _("empty"))


def _client_words(form: InvoiceForm) -> str:
    client_id = id_of(form.get("client"))
    if client_id is None:
        return form.get("new_name") or _("none")
    return clients.get(client_id=client_id).name
