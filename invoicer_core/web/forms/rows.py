"""The lines of the invoice editor: typed text, read into items of a document and back.

What a row does not show of a stored item (discounts on a base, a price per hundred, periods) is
taken over from it unchanged, so that editing here never loses what the API put there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from secrets import token_hex
from typing import Final

from babel import Locale
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from invoicer_core.domain.document import Adjustment, Item, Tax
from invoicer_core.domain.snapshots import InvoiceItemSnapshot, ProductSnapshot, TaxRateSnapshot
from invoicer_core.web import formats
from invoicer_core.web.forms.reading import Form, shown_number

HUNDRED: Final = Decimal(100)
MOST_TAXES: Final = 3
COLUMNS: Final = {
    "key": "item-key", "item_id": "item-id", "product_id": "item-product",
    "description": "item-description", "details": "item-details", "quantity": "item-quantity",
    "unit": "item-unit", "price": "item-price", "discount": "item-discount",
    "discount_kind": "item-off", "charge": "item-charge", "charge_for": "item-reason",
    "tax": "item-tax",
}  # fmt: skip
POINTERS: Final = {
    "description": "description", "quantity": "quantity", "unit_price": "price",
    "discounts": "discount", "discounts/0": "discount", "discounts/0/amount": "discount",
    "discounts/0/percent": "discount", "charges/0": "charge", "charges/0/amount": "charge",
    "taxes": "tax", "taxes/0": "tax", "taxes/1": "tax", "taxes/2": "tax", "tax_rate_id": "tax",
    "product_id": "description", "unit": "unit",
}  # fmt: skip
MORE_TAXES: Final = "item-more-tax-"


@dataclass
class Row:
    """One line of the editor, as typed. ``more_taxes`` are those after the first; a form that
    did not hold the field of the charge ``keeps_charge``."""

    key: str = field(default_factory=lambda: token_hex(4))
    item_id: str = ""
    product_id: str = ""
    description: str = ""
    details: str = ""
    quantity: str = "1"
    unit: str = "C62"
    price: str = ""
    discount: str = ""
    discount_kind: str = "percent"
    charge: str = ""
    charge_for: str = ""
    tax: str = ""
    more_taxes: list[str] = field(default_factory=list)
    kept_tax: str = ""
    keeps_charge: bool = False
    amount: str = ""

    @property
    def blank(self) -> bool:
        """Nothing was typed: such a row is left out."""
        return not (self.description or self.price or self.details)

    @property
    def has_more(self) -> bool:
        """Something is in the part that is folded away."""
        return bool(self.details or self.charge or self.charge_for or self.more_taxes)


def rows_of_request(sent: MultiDict[str, str], most: int) -> list[Row]:
    """The rows as the browser sent them: repeated fields, in their order."""
    lists = {name: sent.getlist(sent_as) for name, sent_as in COLUMNS.items()}
    rows = []
    for at in range(min(len(lists["key"]), most)):
        cells = {name: (got[at].strip() if at < len(got) else "") for name, got in lists.items()}
        more = [each for each in sent.getlist(MORE_TAXES + cells["key"]) if each != "none"]
        row = Row(
            **(cells | {"key": safe_key(cells["key"])}),
            more_taxes=more[: MOST_TAXES - 1],
            keeps_charge=not lists["charge"],
        )
        row.discount_kind = "amount" if row.discount_kind == "amount" else "percent"
        rows.append(row)
    return rows


def safe_key(key: str) -> str:
    """A row's key as we make them, or a new one."""
    return key if key.isalnum() and key.isascii() and len(key) <= 16 else token_hex(4)


# --- from text to items ---------------------------------------------------------------------------


def item_of(
    form: Form,
    row: Row,
    rates: Mapping[str, TaxRateSnapshot],
    stored: InvoiceItemSnapshot | None,
) -> Item:
    """The item that a row says; notes on ``form`` what cannot be read."""
    cells = Form(
        {"description": row.description, "details": row.details, "quantity": row.quantity,
         "price": row.price, "discount": row.discount, "charge": row.charge,
         "charge_for": row.charge_for},
        locale=form.locale,
    )  # fmt: skip
    item = Item(
        description=cells.text("description", required=True, longest=500) or "",
        quantity=cells.number("quantity", required=True) or Decimal(0),
        unit_price=cells.number("price", required=True) or Decimal(0),
        unit=row.unit[:10] or "C62",
        details=cells.text("details", longest=2000),
        product_id=int(row.product_id)
        if row.product_id.isascii() and row.product_id.isdigit() and len(row.product_id) < 19
        else None,
        discounts=_discounts(cells, row, stored.discounts if stored else ()),
        charges=_charges(cells, row, stored.charges if stored else ()),
        taxes=_taxes(form, row, rates, stored),
    )
    for name, message in cells.errors.items():
        form.fail(f"{'charge' if name == 'charge_for' else name}-{row.key}", message)
    if stored is None:
        return item
    return replace(
        item,
        base_quantity=stored.base_quantity,
        price_discounts=stored.price_discounts,
        sku=stored.sku,
        period_start=stored.period_start,
        period_end=stored.period_end,
    )


def _discounts(cells: Form, row: Row, kept: Sequence[Adjustment]) -> tuple[Adjustment, ...]:
    amounts = row.discount_kind == "amount"
    size = cells.number("discount", least=Decimal(0), most=None if amounts else HUNDRED)
    simple = simple_adjustment(kept)
    others = tuple(each for each in kept if each is not simple)
    if not size:
        return others
    base = simple or Adjustment()
    if amounts:
        return (replace(base, amount=size, percent=None), *others)
    return (replace(base, percent=size, amount=None), *others)


def _charges(cells: Form, row: Row, kept: Sequence[Adjustment]) -> tuple[Adjustment, ...]:
    if row.keeps_charge:
        return tuple(kept)
    size = cells.number("charge", least=Decimal(0))
    reason = cells.text("charge_for", longest=200)
    simple = _plain_charge(kept)
    others = tuple(each for each in kept if each is not simple)
    if not size:
        return others
    return (replace(simple or Adjustment(), amount=size, reason=reason), *others)


def _taxes(
    form: Form,
    row: Row,
    rates: Mapping[str, TaxRateSnapshot],
    stored: InvoiceItemSnapshot | None,
) -> tuple[Tax, ...]:
    if row.tax == "keep" and stored is not None:
        row.kept_tax = tax_words(stored.taxes)
        return stored.taxes
    found: list[Tax] = []
    for chosen in (row.tax, *row.more_taxes):
        if chosen in ("none", "", "keep"):
            continue
        rate = rates.get(chosen)
        if rate is None:
            form.fail(f"tax-{row.key}", _("This tax rate is gone; choose another."))
        elif tax_of(rate) in found:
            form.fail(f"tax-{row.key}", _("The same tax is chosen twice for this item."))
        else:
            found.append(tax_of(rate))
    return tuple(found)


# --- from items to text ---------------------------------------------------------------------------


def row_of(item: InvoiceItemSnapshot, rates: Sequence[TaxRateSnapshot], locale: Locale) -> Row:
    """A stored item as a row."""
    chosen = _choices(item.taxes, rates)
    off, charge = simple_adjustment(item.discounts), _plain_charge(item.charges)
    return Row(
        item_id=str(item.id),
        product_id=str(item.product_id or ""),
        description=item.description,
        details=item.details or "",
        quantity=shown_number(item.quantity, locale),
        unit=item.unit,
        price=shown_number(item.unit_price, locale),
        discount=shown_number(size_of(off), locale),
        discount_kind="amount" if off and off.amount is not None else "percent",
        charge=shown_number(size_of(charge), locale),
        charge_for=(charge.reason or "") if charge else "",
        tax=chosen[0] if chosen else "keep" if item.taxes else "none",
        more_taxes=chosen[1:],
        kept_tax="" if chosen or not item.taxes else tax_words(item.taxes),
    )


def _choices(taxes: Sequence[Tax], rates: Sequence[TaxRateSnapshot]) -> list[str]:
    """The rates of the settings that these taxes are; empty where one is none of them."""
    known = {tax_of(rate): str(rate.id) for rate in reversed(rates)}
    found = [known[tax] for tax in taxes if tax in known]
    return found if len(found) == len(taxes) <= MOST_TAXES else []


def row_of_product(
    product: ProductSnapshot, row: Row, rates: Sequence[TaxRateSnapshot], locale: Locale
) -> Row:
    """The row with a product put in; quantity and discount stay as typed."""
    tax = str(product.tax_rate_id) if product.tax_rate_id else row.tax or usual_tax(rates)
    return replace(
        row,
        product_id=str(product.id),
        description=product.name,
        details=product.description or "",
        unit=product.unit,
        price=shown_number(product.unit_price, locale),
        tax=tax,
    )


def shows_all(item: InvoiceItemSnapshot) -> bool:
    """True when nothing of the item is kept unseen."""
    shown = (simple_adjustment(item.discounts), _plain_charge(item.charges))
    return not item.price_discounts and all(
        each in shown for each in (*item.discounts, *item.charges)
    )


def tax_of(rate: TaxRateSnapshot) -> Tax:
    """A line's tax by a rate of the settings."""
    return Tax(
        category=rate.category,
        rate=rate.rate,
        name=rate.name,
        compound=rate.compound,
        exemption_code=rate.exemption_code,
        exemption_text=rate.exemption_text,
    )


def usual_tax(rates: Sequence[TaxRateSnapshot]) -> str:
    """The choice for new rows: the usual rate, or no tax where there is none."""
    return next((str(rate.id) for rate in rates if rate.is_default), "none")


def tax_words(taxes: Sequence[Tax]) -> str:
    """Taxes as one line of text."""
    return " + ".join(f"{tax.name} {formats.percent(tax.rate)}" for tax in taxes)


def simple_adjustment(adjustments: Sequence[Adjustment]) -> Adjustment | None:
    """The one that a field can show: a bare percentage or amount, of everything."""
    return next((each for each in adjustments if each.base is None and each.tax is None), None)


def _plain_charge(charges: Sequence[Adjustment]) -> Adjustment | None:
    return next((each for each in charges if each.amount is not None), None)


def size_of(adjustment: Adjustment | None) -> Decimal | None:
    """Its amount or its percentage."""
    if adjustment is None:
        return None
    return adjustment.amount if adjustment.amount is not None else adjustment.percent
