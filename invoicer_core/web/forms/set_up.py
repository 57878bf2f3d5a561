"""The set-up form: the first owner, the business, and its usual tax."""

from decimal import Decimal
from typing import Any

from invoicer_core.web.forms.reading import Form


def founder_fields(form: Form) -> dict[str, Any]:
    """Code, name, e-mail and password of the first owner. The password is taken as typed."""
    return {
        "code": form.text("code", required=True, longest=100),
        "name": form.text("name"),
        "email": form.email("email", required=True),
        "password": form.text("password", required=True, longest=1024),
    }


def business_fields(form: Form) -> dict[str, Any]:
    """The business's own data."""
    fields: dict[str, Any] = {
        "name": form.text("business_name", required=True),
        "address": form.text("address"),
        "postcode": form.text("postcode", longest=20),
        "city": form.text("city", longest=100),
        "country": form.text("country", required=True, longest=2),
        "currency": form.text("currency", required=True, longest=3),
        "time_zone": form.text("time_zone", required=True, longest=64),
        "vat_id": form.text("vat_id", longest=50),
        "iban": form.text("iban", longest=50),
    }
    return {name: value for name, value in fields.items() if value is not None}


def tax_fields(form: Form) -> dict[str, Any] | None:
    """The usual tax, where a rate was typed; else the country's own rates are used."""
    rate = form.number("tax_rate", least=Decimal(0), most=Decimal(100))
    name = form.text("tax_name", longest=50)
    return None if rate is None else {"name": name or "VAT", "rate": rate}
