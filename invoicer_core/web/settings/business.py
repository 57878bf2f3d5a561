"""The business's own data: what is printed, how it is reached, where money goes, its logo."""

from typing import Any

from babel import Locale
from flask import g, request
from flask_babel import get_locale
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.services import businesses, files
from invoicer_core.web import access, uploads
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.forms.parties import BUSINESS_FIELDS, business_fields
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.invoices import id_of
from invoicer_core.web.settings import frame

MORE: tuple[str, ...] = ("legal_name", "region", "contact_name")
MONTHS = tuple(str(month) for month in range(1, 13))


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/settings/business", "settings_business", show)
    for path, name, view in (
        ("business", "save_business", save),
        ("business/logo", "settings_business_logo", add_logo),
        ("business/logo/remove", "settings_business_no_logo", remove_logo),
    ):
        site.add_url_rule(f"/settings/{path}", name, view, methods=["POST"])
    site.add_url_rule("/settings/business/logo", "settings_business_picture", picture)


@members("settings.write")
def show() -> Answer:
    """The form."""
    return _page(Form(_stored()))


def _page(form: Form) -> str:
    return frame.page("business", form, months=_months())


def _months() -> list[tuple[int, str]]:
    names = (get_locale() or Locale("en")).months["stand-alone"]["wide"]
    return [(number, str(names[number])) for number in range(1, 13)]


def _stored() -> dict[str, str]:
    business = g.business
    values: dict[str, Any] = {name: getattr(business, name) for name in (*BUSINESS_FIELDS, *MORE)}
    values["color"] = values["color"] or "#2f54c8"
    values["locale"] = values["locale"] or "en"
    for name in ("registration", "electronic_address"):
        held = getattr(business, name)
        values[name] = held.value if held is not None else None
        values[f"{name}_scheme"] = held.scheme if held is not None else None
    values["fiscal_year_start"] = business.settings.get("fiscal_year_start") or 1
    values["prices_include_tax"] = business.settings.get("prices_include_tax") or None
    values["part_payments"] = business.settings.get("part_payments") or None
    values["version"] = business.version
    return {name: "" if value is None else str(value) for name, value in values.items()}


@members("settings.write")
def save() -> Answer:
    """Change the business's own data; issued invoices keep what they say."""
    form = frame.sent()
    fields = business_fields(form) | _more(form)
    if not form.ok:
        return _page(form), 422
    try:
        businesses.update(
            fields=fields, by=access.actor(), expected_version=id_of(form.get("version"))
        )
    except InvoicerError as error:
        form.values["version"] = str(businesses.current().version)
        status = frame.refusal(form, error)
        return _page(form), status
    return frame.saved("settings_business")


def _more(form: Form) -> dict[str, Any]:
    """What only some versions of the form hold: left alone where it does not."""
    found: dict[str, Any] = {}
    for name in MORE:
        if name in form.values:
            found[name] = form.text(name)
    for name in ("registration", "electronic_address"):
        if name in form.values:
            value = form.text(name, longest=100)
            scheme = form.text(f"{name}_scheme", longest=20)
            found[name] = {"value": value, "scheme": scheme} if value else None
    if "fiscal_year_start" in form.values:
        month = form.choice("fiscal_year_start", MONTHS)
        found["settings"] = {
            "fiscal_year_start": int(month or 1),
            "prices_include_tax": bool(form.get("prices_include_tax")),
            "part_payments": bool(form.get("part_payments")),
        }
    return found


@members("settings.write")
def picture() -> Answer:
    """The logo itself."""
    if g.business.logo_file_id is None:
        return "", 404
    found, data = files.content(file_id=g.business.logo_file_id)
    return data, 200, {"Content-Type": found.media_type}


@uploads.takes_files
@members("settings.write")
def add_logo() -> Answer:
    """Take a picture as the logo."""
    form = Form(_stored())
    given = request.files.get("logo")
    data = given.read() if given is not None else b""
    if given is None or not data:
        form.fail("logo", _("Choose a picture first."))
        return _page(form), 422
    try:
        found = files.upload(name=given.filename or "logo", data=data, by=access.actor())
        if not found.media_type.startswith("image/"):
            form.fail("logo", _("A logo is a picture: PNG or JPEG."))
            return _page(form), 422
        businesses.update(fields={"logo_file_id": found.id}, by=access.actor())
    except InvoicerError as error:
        status = frame.refusal(form, error, file="logo")
        return _page(form), status
    return frame.told("settings_business", _("Your documents now carry this logo."))


@members("settings.write")
def remove_logo() -> Answer:
    """Go on without a logo."""
    businesses.update(fields={"logo_file_id": None}, by=access.actor())
    return frame.told("settings_business", _("The logo is gone; the name stands in its place."))
