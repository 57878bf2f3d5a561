"""The tax rates: those in use, those that were put away, and the usual one."""

from typing import Any

from flask import url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.services import tax_rates
from invoicer_core.web import access, formats, once, words
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.forms.reading import Form, shown_number
from invoicer_core.web.forms.taxes import tax_rate_fields
from invoicer_core.web.settings import frame

NAMES = {"name": "tax_name", "rate": "tax_rate", "category": "tax_category"}


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/settings/taxes", "settings_taxes", show)
    site.add_url_rule("/settings/taxes/<int:rate_id>", "settings_tax", edit)
    for path, name, view in (
        ("taxes", "add_tax", add),
        ("taxes/<int:rate_id>", "save_tax", save),
        ("taxes/<int:rate_id>/usual", "usual_tax", make_usual),
        ("taxes/<int:rate_id>/remove", "remove_tax", remove),
    ):
        site.add_url_rule(f"/settings/{path}", name, view, methods=["POST"])


def exemption_codes() -> list[tuple[str, str]]:
    """The commonest reasons of the VATEX list (CEF, EN 16931 BT-121)."""
    return [
        ("", _("none")),
        ("VATEX-EU-AE", _("Reverse charge: the client pays the tax")),
        ("VATEX-EU-IC", _("Delivery within the EU")),
        ("VATEX-EU-G", _("Export outside the EU")),
        ("VATEX-EU-O", _("Not subject to tax")),
        ("VATEX-EU-132", _("Exempt in the public interest, such as health or teaching")),
        ("VATEX-EU-143", _("Exempt imports")),
        ("VATEX-EU-79-C", _("Paid for on behalf of the client")),
        ("VATEX-FR-FRANCHISE", _("Small business in France")),
    ]  # fmt: skip


def _page(form: Form) -> str:
    return frame.page(
        "taxes", form, rates=tax_rates.find(limit=200).items,
        archived=tax_rates.find(archived=True, limit=50).items,
        tax_categories=words.tax_categories(), exemption_codes=exemption_codes(),
    )  # fmt: skip


@members("settings.write")
def show() -> Answer:
    """All rates, and the form for one more."""
    return _page(Form({"tax_category": "S"}))


def _fields(form: Form) -> dict[str, Any]:
    """The fields of a rate, with those that not every version of the form holds."""
    fields = tax_rate_fields(form)
    fields["exemption_text"] = form.text("exemption_text", longest=300)
    for name in ("valid_from", "valid_to"):
        if name in form.values:
            fields[name] = form.date(name)
    if "exemption_code" in form.values:
        fields["exemption_code"] = form.text("exemption_code", longest=30)
        fields["compound"] = bool(form.get("compound"))
    return fields


@members("settings.write")
def add() -> Answer:
    """Add a rate."""
    form = frame.sent()
    fields = _fields(form)
    if not form.ok:
        return _page(form), 422

    def store() -> str:
        tax_rates.create(fields=fields, by=access.actor())
        return url_for("web.settings_taxes")

    try:
        once.made(store)
    except InvoicerError as error:
        status = frame.refusal(form, error, **NAMES)
        return _page(form), status
    return frame.saved("settings_taxes")


@members("settings.write")
def edit(rate_id: int) -> Answer:
    """One rate."""
    rate = tax_rates.get(tax_rate_id=rate_id)
    values = {
        "tax_name": rate.name,
        "tax_rate": shown_number(rate.rate.normalize(), formats.locale()),
        "tax_category": rate.category,
        "exemption_code": rate.exemption_code,
        "exemption_text": rate.exemption_text,
        "compound": "1" if rate.compound else "",
        "valid_from": rate.valid_from,
        "valid_to": rate.valid_to,
    }
    form = Form({name: "" if value is None else str(value) for name, value in values.items()})
    return _edit(rate_id, form)


def _edit(rate_id: int, form: Form) -> str:
    return frame.page(
        "tax", form, rate=tax_rates.get(tax_rate_id=rate_id),
        tax_categories=words.tax_categories(), exemption_codes=exemption_codes(),
    )  # fmt: skip


@members("settings.write")
def save(rate_id: int) -> Answer:
    """Change a rate for the documents to come."""
    form = frame.sent()
    fields = _fields(form)
    if not form.ok:
        return _edit(rate_id, form), 422
    try:
        tax_rates.update(tax_rate_id=rate_id, fields=fields, by=access.actor())
    except InvoicerError as error:
        status = frame.refusal(form, error, **NAMES)
        return _edit(rate_id, form), status
    return frame.saved("settings_taxes")


@members("settings.write")
def make_usual(rate_id: int) -> Answer:
    """Make a rate the one that new items get."""
    tax_rates.update(tax_rate_id=rate_id, fields={"is_default": True}, by=access.actor())
    return frame.saved("settings_taxes")


@members("settings.write")
def remove(rate_id: int) -> Answer:
    """Take a rate out of the choices; invoices that use it keep it."""
    tax_rates.archive(tax_rate_id=rate_id, by=access.actor())
    return frame.saved("settings_taxes")
