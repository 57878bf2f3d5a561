"""Forms of clients and of the business itself."""

from decimal import Decimal
from typing import Any, Final

from invoicer_core.web.forms.reading import Form

CLIENT_FIELDS: Final = (
    "name", "legal_name", "email", "phone", "address", "postcode", "city", "country", "vat_id",
    "tax_number", "locale", "payment_terms_days", "currency", "buyer_reference", "credit_limit",
    "notes",
)  # fmt: skip
BUSINESS_FIELDS: Final = (
    "name", "email", "phone", "address", "postcode", "city", "country", "vat_id", "tax_number",
    "iban", "bic", "currency", "time_zone", "locale", "payment_terms_days", "color",
)  # fmt: skip


def _contact(form: Form) -> dict[str, Any]:
    return {
        "name": form.text("name", required=True),
        "email": form.email("email"),
        "phone": form.text("phone", longest=50),
        "address": form.text("address", longest=500),
        "postcode": form.text("postcode", longest=20),
        "city": form.text("city", longest=100),
        "country": form.text("country", longest=2),
        "vat_id": form.text("vat_id", longest=50),
        "currency": form.text("currency", longest=3),
        "payment_terms_days": form.whole("payment_terms_days"),
    }


def client_fields(form: Form) -> dict[str, Any]:
    """What the client page may change; None empties a field."""
    return _contact(form) | {
        "legal_name": form.text("legal_name"),
        "tax_number": form.text("tax_number", longest=50),
        "locale": form.text("locale", longest=35),
        "buyer_reference": form.text("buyer_reference", longest=100),
        "credit_limit": form.number("credit_limit", least=Decimal(0)),
        "notes": form.text("notes", longest=5000),
    }


def business_fields(form: Form) -> dict[str, Any]:
    """What the settings page may change of the business; None empties a field."""
    return _contact(form) | {
        "tax_number": form.text("tax_number", longest=50),
        "iban": form.text("iban", longest=50),
        "bic": form.text("bic", longest=20),
        "time_zone": form.text("time_zone", required=True, longest=64),
        "locale": form.text("locale", longest=35),
        "color": form.text("color", longest=7),
    }
