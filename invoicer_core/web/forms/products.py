"""Forms of products, and the words of their choices."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from flask_babel import gettext as _

from invoicer_core.domain.snapshots import ProductSnapshot, TaxRateSnapshot
from invoicer_core.services.products.categories import Branch
from invoicer_core.web import access, formats, words
from invoicer_core.web.forms.reading import Form, shown_number
from invoicer_core.web.invoices import id_of
from invoicer_core.web.words import Options

ZERO: Final = Decimal(0)


def product_fields(form: Form, *, fresh: bool) -> dict[str, Any]:
    """What the product page may change; None empties a field.

    Args:
        fresh: a new product, whose stock may be counted at once.
    """
    known = [code for code, _label in unit_options()]
    unit = form.get("unit")
    fields = {
        "name": form.text("name", required=True),
        "description": form.text("description", longest=2000),
        "unit_price": form.number("unit_price", required=True, least=ZERO),
        "unit": unit if unit in known else form.text("unit", required=True, longest=10),
        "tax_rate_id": id_of(form.get("tax_rate_id")),
        "sku": form.text("sku", longest=64),
        "category": form.text("category", longest=100),
        "low_stock_level": form.number("low_stock_level", least=ZERO),
    }
    if access.may("costs.read"):
        fields["cost_price"] = form.number("cost_price", least=ZERO)
    if fresh:
        fields["stock_quantity"] = form.number("stock_quantity", least=ZERO)
    return fields


def product_labels() -> dict[str, str]:
    """The fields that the product page may change, as people call them."""
    labels = {
        "name": _("Name"), "description": _("Description"), "sku": _("Article number"),
        "category": _("Category"), "unit_price": _("Price"), "unit": _("Unit"),
        "tax_rate_id": _("Tax"), "cost_price": _("What it costs you"),
        "low_stock_level": _("Alert level"),
    }  # fmt: skip
    if not access.may("costs.read"):
        del labels["cost_price"]
    return labels


def product_values(stored: ProductSnapshot) -> dict[str, str]:
    """A stored product as its form shows it."""
    locale = formats.locale()
    return {
        "name": stored.name,
        "description": stored.description or "",
        "unit_price": shown_number(stored.unit_price, locale),
        "cost_price": shown_number(stored.cost_price, locale),
        "unit": stored.unit,
        "tax_rate_id": str(stored.tax_rate_id or ""),
        "sku": stored.sku or "",
        "category": stored.category or "",
        "low_stock_level": shown_number(stored.low_stock_level, locale),
        "version": str(stored.version),
    }


def unit_options(current: str | None = None) -> Options:
    """The usual units first, then the rarer ones; and what the product has."""
    rare = [
        ("H87", _("pieces, counted")), ("PR", _("pairs")), ("DZN", _("dozens")),
        ("XCT", _("cartons")), ("XPX", _("pallets")), ("XBG", _("bags")), ("XBO", _("bottles")),
        ("MIN", _("minutes")), ("WEE", _("weeks")), ("ANN", _("years")), ("E48", _("services")),
        ("MLT", "ml"), ("CLT", "cl"), ("HLT", "hl"), ("CMT", "cm"), ("MMT", "mm"),
        ("HAR", "ha"), ("LBR", "lb"), ("ONZ", "oz"), ("GLL", "gal (US)"), ("INH", "in"),
        ("FOT", "ft"), ("YRD", "yd"), ("SMI", _("miles")), ("FTK", "ft²"), ("KWT", "kW"),
        ("MWH", "MWh"), ("4L", "MB"), ("E34", "GB"), ("IE", _("people")),
    ]  # fmt: skip
    usual = words.units()
    known = {code for code, _label in usual}
    options = [*usual, *((code, label) for code, label in rare if code not in known)]
    if current and current not in dict(options):
        options.append((current, current))
    return options


def rate_options(rates: Sequence[TaxRateSnapshot]) -> Options:
    """The tax rates of the business."""
    found = [(str(rate.id), f"{rate.name} {formats.percent(rate.rate)}") for rate in rates]
    return [("", _("No tax")), *found]


def category_options(branches: Sequence[Branch]) -> Options:
    """Categories as a select shows them: what is inside another one stands to the right."""
    return [
        (str(branch.category.id), "\u2003" * branch.depth + branch.category.name)
        for branch in branches
    ]


def field_labels() -> dict[str, str]:
    """The columns of import and export, as people call them."""
    return {
        "name": _("Name"),
        "sku": _("Article number"),
        "description": _("Description"),
        "category": _("Category"),
        "unit": _("Unit"),
        "unit_price": _("Price"),
        "cost_price": _("Cost"),
        "tax_rate": _("Tax in percent"),
        "stock_quantity": _("In stock"),
        "low_stock_level": _("Alert level"),
    }
