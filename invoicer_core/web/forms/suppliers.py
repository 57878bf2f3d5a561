"""Forms of suppliers, their bills, and what is paid for them."""

from decimal import Decimal
from typing import Any, Final

from flask_babel import gettext as _

from invoicer_core.domain.snapshots import SupplierSnapshot
from invoicer_core.services.buying.bill_rows import BillSnapshot
from invoicer_core.services.buying.bills import METHODS
from invoicer_core.web import formats
from invoicer_core.web.forms.reading import Form, shown_number

SUPPLIER_FIELDS: Final = (
    "name", "legal_name", "contact_name", "email", "phone", "address", "postcode", "city",
    "country", "vat_id", "tax_number", "iban", "bic", "currency", "payment_terms_days", "notes",
)  # fmt: skip


def supplier_fields(form: Form) -> dict[str, Any]:
    """What the supplier page may change; None empties a field."""
    return {
        "name": form.text("name", required=True),
        "legal_name": form.text("legal_name"),
        "contact_name": form.text("contact_name"),
        "email": form.email("email"),
        "phone": form.text("phone", longest=50),
        "address": form.text("address", longest=500),
        "postcode": form.text("postcode", longest=20),
        "city": form.text("city", longest=100),
        "country": form.text("country", longest=2),
        "vat_id": form.text("vat_id", longest=50),
        "tax_number": form.text("tax_number", longest=50),
        "iban": form.text("iban", longest=50),
        "bic": form.text("bic", longest=20),
        "currency": form.text("currency", longest=3),
        "payment_terms_days": form.whole("payment_terms_days"),
        "notes": form.text("notes", longest=5000),
    }


def supplier_values(stored: SupplierSnapshot) -> dict[str, str]:
    """A stored supplier as its form shows it."""
    values: dict[str, Any] = {name: getattr(stored, name) for name in SUPPLIER_FIELDS}
    values["version"] = stored.version
    return {name: "" if value is None else str(value) for name, value in values.items()}


def supplier_labels() -> dict[str, str]:
    """The fields as people call them, in the order of the form."""
    return {
        "name": _("Name"), "legal_name": _("Legal name"), "contact_name": _("Contact"),
        "email": _("E-mail"), "phone": _("Phone"), "address": _("Street and number"),
        "postcode": _("Postcode"), "city": _("City"), "country": _("Country"),
        "vat_id": _("VAT id"), "tax_number": _("Tax number"), "iban": _("IBAN"), "bic": _("BIC"),
        "currency": _("Currency"), "payment_terms_days": _("Days to pay"), "notes": _("Notes"),
    }  # fmt: skip


def bill_fields(form: Form) -> dict[str, Any]:
    """What was typed off a supplier's bill."""
    return {
        "number": form.text("number", required=True, longest=100),
        "bill_date": form.date("bill_date", required=True),
        "due_date": form.date("due_date"),
        "currency": form.text("currency", required=True, longest=3),
        "total_amount": form.number("total_amount", required=True, least=Decimal(0)),
        "tax_amount": form.number("tax_amount", least=Decimal(0)),
        "notes": form.text("notes", longest=5000),
    }


def bill_values(stored: BillSnapshot) -> dict[str, str]:
    """A stored bill as its form shows it."""
    locale = formats.locale()
    return {
        "number": stored.number,
        "bill_date": stored.bill_date.isoformat(),
        "due_date": stored.due_date.isoformat() if stored.due_date else "",
        "currency": stored.currency,
        "total_amount": shown_number(stored.total_amount, locale),
        "tax_amount": shown_number(stored.tax_amount, locale),
        "notes": stored.notes or "",
        "version": str(stored.version),
    }


def payment_fields(form: Form) -> dict[str, Any]:
    """What was paid, when and how."""
    return {
        "amount": form.number("amount", required=True, least=Decimal(0)),
        "date": form.date("date", required=True),
        "method": form.choice("method", METHODS),
        "reference": form.text("reference", longest=200),
    }


def payment_values(stored: BillSnapshot) -> dict[str, str]:
    """A new payment: all that is open, today."""
    return {
        "amount": shown_number(stored.balance_due, formats.locale()),
        "date": formats.today().isoformat(),
        "method": "bank_transfer",
    }
