"""The form of a tax rate."""

from decimal import Decimal
from typing import Any

from invoicer_core.web.forms.reading import Form

CATEGORIES = ("S", "Z", "E", "AE", "K", "G", "O")


def tax_rate_fields(form: Form) -> dict[str, Any]:
    """Name, rate in percent, category (UNCL 5305) and the reason where no tax is charged."""
    fields = {
        "name": form.text("tax_name", required=True, longest=50),
        "rate": form.number("tax_rate", required=True, least=Decimal(0), most=Decimal(1000)),
        "category": form.choice("tax_category", CATEGORIES),
        "exemption_text": form.text("exemption_text", longest=300),
    }
    return {name: value for name, value in fields.items() if value is not None}
