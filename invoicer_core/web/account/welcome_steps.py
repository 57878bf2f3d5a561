"""What each step of the first set-up asks, shows and saves."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from flask import g, request
from flask_babel import gettext as _

from invoicer_core.domain.account import SeriesSnapshot
from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.numbering import Pattern
from invoicer_core.services import (
    businesses,
    clients,
    files,
    first_rates,
    invoices,
    series,
    tax_rates,
)
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats, words
from invoicer_core.web.forms.reading import Form, shown_number

BUSINESS: Final = (
    "name", "address", "postcode", "city", "country", "vat_id", "tax_number", "email", "iban",
)  # fmt: skip
REGION: Final = ("currency", "time_zone", "locale", "payment_terms_days")
RESETS: Final = ("never", "yearly", "monthly", "fiscal_year")
NAMES: Final = {
    "/pattern": "pattern", "/reset": "reset", "/file": "logo", "/logo_file_id": "logo",
}  # fmt: skip
COLOR: Final = "#2f54c8"
MOST_RATES: Final = 30


def stored(step: str) -> dict[str, str]:
    """What stands in the step's fields before anything is typed."""
    values: dict[str, Any] = {"version": g.business.version}
    if step in ("business", "region"):
        names = BUSINESS if step == "business" else REGION
        values |= {name: getattr(g.business, name) for name in names}
        values["locale"] = (g.business.locale or access.signed_in().user.locale or "en").replace(
            "_", "-"
        )
    elif step == "look":
        values["color"] = g.business.color or COLOR
    elif step == "numbers":
        found = _series()
        values |= {"pattern": found.pattern, "reset": found.reset}
    elif step == "taxes":
        values |= _rate_values()
    elif step == "mail":
        values["recipient"] = access.signed_in().email
    return {name: "" if value is None else str(value) for name, value in values.items()}


def shown(step: str, form: Form) -> dict[str, Any]:
    """What else the step's page needs."""
    if step == "numbers":
        return {"resets": _resets(), **example(form.get("pattern"), form.get("reset"))}
    if step == "taxes":
        return {"rows": _rate_rows(form), "country": g.business.country}
    if step == "mail":
        return {"mail_ready": bool(g.business.email)}
    if step == "invoice":
        return {
            "has_client": bool(clients.find(limit=1).items),
            "has_invoice": bool(invoices.find(limit=1).items),
        }
    return {}


def save(step: str, form: Form) -> None:
    """Store what was typed, if nothing is wrong with it. Raises InvoicerError."""
    savers: dict[str, Callable[[Form], None]] = {
        "business": _save_business, "region": _save_region, "look": _save_look,
        "numbers": _save_numbers, "taxes": _save_taxes,
    }  # fmt: skip
    if step in savers:
        savers[step](form)


def _update(form: Form, fields: dict[str, Any]) -> None:
    version = form.get("version")
    businesses.update(
        fields=fields,
        by=access.actor(),
        expected_version=int(version) if version.isascii() and version.isdigit() else None,
    )


def _save_business(form: Form) -> None:
    fields = {
        "name": form.text("name", required=True),
        "address": form.text("address", longest=500),
        "postcode": form.text("postcode", longest=20),
        "city": form.text("city", longest=100),
        "country": form.text("country", required=True, longest=2),
        "vat_id": form.text("vat_id", longest=50),
        "tax_number": form.text("tax_number", longest=50),
        "email": form.email("email"),
        "iban": form.text("iban", longest=50),
    }
    if form.ok:
        _update(form, fields)


def _save_region(form: Form) -> None:
    fields = {
        "currency": form.choice("currency", [code for code, _word in words.currency_options()]),
        "time_zone": form.text("time_zone", required=True, longest=64),
        "locale": form.choice("locale", [code for code, _word in words.locale_options()]),
        "payment_terms_days": form.whole("payment_terms_days"),
    }
    if form.ok:
        _update(form, fields)


def _save_look(form: Form) -> None:
    fields: dict[str, Any] = {"color": form.text("color", required=True, longest=7)}
    sent = request.files.get("logo")
    if sent is not None and sent.filename and form.ok:
        stored_file = files.upload(name=sent.filename, data=sent.stream.read(), by=access.actor())
        if not stored_file.media_type.startswith("image/"):
            form.fail("logo", _("A logo is a picture: PNG, JPEG, GIF or WebP."))
            return
        fields["logo_file_id"] = stored_file.id
    if form.ok:
        _update(form, fields)


# --- numbers ------------------------------------------------------------------------------------


def _series() -> SeriesSnapshot:
    found = series.find(document_type="invoice", limit=200).items
    return next(each for each in found if each.is_default)


def _resets() -> words.Options:
    return [
        ("yearly", _("each year")), ("monthly", _("each month")), ("never", _("never")),
        ("fiscal_year", _("each fiscal year")),
    ]  # fmt: skip


def example(pattern: str, reset: str) -> dict[str, Any]:
    """The first two numbers of a pattern today, or what is wrong with it."""
    start = int(formats.business_settings().get("fiscal_year_start") or 1)
    try:
        template = Pattern.parse(pattern, reset).expand(formats.today(), "CLIENT", start)
        return {"numbers": [template.render(1), template.render(2)], "wrong": None}
    except InvoicerError as error:
        return {"numbers": [], "wrong": told(error.detail)}


def _save_numbers(form: Form) -> None:
    fields = {
        "pattern": form.text("pattern", required=True, longest=100),
        "reset": form.choice("reset", RESETS),
    }
    if form.ok:
        series.update(series_id=_series().id, fields=fields, by=access.actor())


# --- taxes --------------------------------------------------------------------------------------


def _rate_values() -> dict[str, str]:
    """One row for each rate there is, then for each usual one of the country that is missing."""
    known = tax_rates.find(limit=200).items
    values: dict[str, str] = {}
    for place, rate in enumerate(known):
        values |= _row(place, str(rate.id), rate.name, rate.rate, rate.category, keep=True)
        if rate.is_default:
            values["usual"] = str(place)
    for place, fresh in enumerate(first_rates.missing(), start=len(known)):
        values |= _row(place, "", fresh.name, fresh.rate, fresh.category, keep=False)
    return values


def _row(
    place: int, rate_id: str, name: str, rate: Decimal, category: str, *, keep: bool
) -> dict[str, str]:
    plain = shown_number(rate.normalize(), formats.locale())
    return {
        f"id-{place}": rate_id, f"name-{place}": name, f"rate-{place}": plain,
        f"category-{place}": category, f"keep-{place}": "1" if keep else "",
    }  # fmt: skip


def _places(form: Form) -> list[int]:
    return [place for place in range(MOST_RATES) if f"name-{place}" in form.values]


def _rate_rows(form: Form) -> list[dict[str, Any]]:
    return [
        {
            "place": place,
            "id": form.get(f"id-{place}"),
            "category": form.get(f"category-{place}"),
            "keep": bool(form.get(f"keep-{place}")),
            "usual": form.get("usual") == str(place),
        }
        for place in _places(form)
    ]


def _save_taxes(form: Form) -> None:
    known = {str(each.id): each.id for each in tax_rates.find(limit=200).items}
    categories = [code for code, _word in words.tax_categories()]
    wanted, dropped = [], []
    for place in _places(form):
        rate_id = known.get(form.get(f"id-{place}"))
        if not form.get(f"keep-{place}"):
            dropped += [] if rate_id is None else [rate_id]
            continue
        fields = {
            "name": form.text(f"name-{place}", required=True, longest=50),
            "rate": form.number(f"rate-{place}", required=True, least=Decimal(0), most=Decimal(99)),
            "is_default": form.get("usual") == str(place),
        }
        category = form.choice(f"category-{place}", categories)
        if category is not None:
            wanted.append(first_rates.Choice(rate_id, category, fields))
    if not wanted:
        form.problem = _("Keep at least one rate. If you charge no tax, keep the one with 0 %.")
    if form.ok:
        first_rates.save(choices=wanted, dropped=dropped, by=access.actor())
