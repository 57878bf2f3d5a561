"""Settings: the business, numbers, taxes, mails to clients, plugins."""

from types import SimpleNamespace
from typing import Any, Final

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.account import SeriesSnapshot
from invoicer_core.domain.errors import InvoicerError, NotFound
from invoicer_core.domain.numbering import Pattern
from invoicer_core.services import businesses, plugins, series, tax_rates
from invoicer_core.web import access, formats, once, words
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.parties import BUSINESS_FIELDS, business_fields
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.forms.taxes import tax_rate_fields
from invoicer_core.web.invoices import id_of

MAILS: Final = {
    "notify_sent": "mail_sent", "notify_paid": "mail_paid", "notify_overdue": "mail_overdue",
}  # fmt: skip
KINDS: Final = ("invoice", "credit_note")


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/settings", "settings", settings)
    site.add_url_rule("/settings/<part>", "settings", settings)
    for path, name, view in (
        ("business", "save_business", save_business),
        ("numbering", "save_numbering", save_numbering),
        ("notifications", "save_notifications", save_notifications),
        ("taxes", "add_tax", add_tax),
        ("taxes/<int:rate_id>/usual", "usual_tax", usual_tax),
        ("taxes/<int:rate_id>/remove", "remove_tax", remove_tax),
        ("plugins/<name>", "switch_plugin", switch_plugin),
    ):
        site.add_url_rule(f"/settings/{path}", name, view, methods=["POST"])


def _parts() -> list[tuple[str, str, str]]:
    return [
        ("business", "building-store", _("Business")),
        ("numbering", "list-numbers", _("Numbers")),
        ("taxes", "receipt-tax", _("Taxes")),
        ("notifications", "bell", _("Mails to clients")),
        ("plugins", "plug", _("Plugins")),
    ]


@members("settings.write")
def settings(part: str = "business") -> Answer:
    """One part of the settings."""
    if part not in {key for key, _icon, _label in _parts()}:
        raise NotFound(_("There is no such part of the settings."))
    return _page(part)


def _page(part: str, form: Form | None = None) -> str:
    form = form or Form(_stored(part))
    more: dict[str, Any] = {}
    if part == "taxes":
        more = {"rates": tax_rates.find(limit=200).items, "tax_categories": words.tax_categories()}
    elif part == "plugins":
        more = {"plugins": plugins.find(), "quarantined": plugins.quarantined()}
    elif part == "numbering":
        more = {"examples": _examples(), "resets": _resets()}
    return render_template("settings/page.html", part=part, parts=_parts(), form=form, **more)


def _resets() -> list[tuple[str, str]]:
    return [
        ("never", _("never")), ("yearly", _("each year")), ("monthly", _("each month")),
        ("fiscal_year", _("each fiscal year")),
    ]  # fmt: skip


def _series() -> dict[str, SeriesSnapshot]:
    """The series in use for each kind of document that the page shows."""
    found = series.find(limit=200).items
    return {each.document_type: each for each in found if each.is_default}


def _examples() -> SimpleNamespace:
    """A number as each series would write it today."""
    start = int(formats.business_settings().get("fiscal_year_start") or 1)
    examples = {}
    for kind, each in _series().items():
        pattern = Pattern.parse(each.pattern, each.reset)
        examples[kind] = pattern.expand(formats.today(), "CLIENT", start).render(1)
    return SimpleNamespace(**{kind: examples.get(kind) for kind in KINDS})


def _stored(part: str) -> dict[str, str]:
    business = g.business
    if part == "business":
        values = {name: getattr(business, name) for name in BUSINESS_FIELDS}
        values["color"] = values["color"] or "#2f54c8"
        values["locale"] = values["locale"] or "en"
    elif part == "notifications":
        values = {ours: business.settings.get(theirs) or "" for ours, theirs in MAILS.items()}
    elif part == "numbering":
        values = {}
        for kind, each in _series().items():
            values[f"{kind}_pattern"] = each.pattern
            values[f"{kind}_reset"] = each.reset
    else:
        values = {"tax_category": "S"}
    values["version"] = business.version
    return {name: "" if value is None else str(value) for name, value in values.items()}


def _saved(part: str) -> Answer:
    flash(_("Saved."), "success")
    return redirect(url_for("web.settings", part=part))


def _refused(part: str, form: Form, error: InvoicerError, **names: str) -> Answer:
    form.refuse(error, names)
    return _page(part, form), status_of(error)


@members("settings.write")
def save_business() -> Answer:
    """Change the business's own data; issued invoices keep what they say."""
    form = Form.sent(request.form, formats.locale())
    fields = business_fields(form)
    if not form.ok:
        return _page("business", form), 422
    try:
        businesses.update(
            fields=fields, by=access.actor(), expected_version=id_of(form.get("version"))
        )
    except InvoicerError as error:
        form.values["version"] = str(businesses.current().version)
        return _refused("business", form, error)
    return _saved("business")


@members("settings.write")
def save_notifications() -> Answer:
    """Which mails clients get."""
    chosen = {theirs: bool(request.form.get(ours)) for ours, theirs in MAILS.items()}
    businesses.update(fields={"settings": chosen}, by=access.actor())
    return _saved("notifications")


@members("settings.write")
def save_numbering() -> Answer:
    """How the next documents are numbered."""
    form = Form.sent(request.form, formats.locale())
    for kind in KINDS:
        form.text(f"{kind}_pattern", required=True, longest=100)
        form.choice(f"{kind}_reset", [value for value, _label in _resets()])
    if not form.ok:
        return _page("numbering", form), 422
    for kind, each in _series().items():
        if kind not in KINDS:
            continue
        wanted = {"pattern": form.get(f"{kind}_pattern"), "reset": form.get(f"{kind}_reset")}
        try:
            series.update(series_id=each.id, fields=wanted, by=access.actor())
        except InvoicerError as error:
            form.refuse(error, {"/pattern": f"{kind}_pattern", "/reset": f"{kind}_reset"})
            return _page("numbering", form), status_of(error)
    return _saved("numbering")


@members("settings.write")
def add_tax() -> Answer:
    """Add a tax rate."""
    form = Form.sent(request.form, formats.locale())
    fields = tax_rate_fields(form)
    if not form.ok:
        return _page("taxes", form), 422

    def store() -> str:
        tax_rates.create(fields=fields, by=access.actor())
        flash(_("Saved."), "success")
        return url_for("web.settings", part="taxes")

    try:
        return redirect(once.made(store))
    except InvoicerError as error:
        form.refuse(error, {"/name": "tax_name", "/rate": "tax_rate", "/category": "tax_category"})
        return _page("taxes", form), status_of(error)


@members("settings.write")
def usual_tax(rate_id: int) -> Answer:
    """Make a rate the one that new items get."""
    tax_rates.update(tax_rate_id=rate_id, fields={"is_default": True}, by=access.actor())
    return _saved("taxes")


@members("settings.write")
def remove_tax(rate_id: int) -> Answer:
    """Take a rate out of the choices; invoices that use it keep it."""
    tax_rates.archive(tax_rate_id=rate_id, by=access.actor())
    return _saved("taxes")


@members("plugins.write")
def switch_plugin(name: str) -> Answer:
    """Switch a plugin on or off for this business."""
    plugins.change(name=name, enabled=bool(request.form.get("enabled")), by=access.actor())
    return _saved("plugins")
