"""The order editor's form: rows of typed text, read into the fields of an order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from secrets import token_hex
from typing import Any, Final

from babel import Locale
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.snapshots import (
    OrderItemSnapshot,
    OrderSnapshot,
    ProductSnapshot,
    TaxRateSnapshot,
)
from invoicer_core.web import formats
from invoicer_core.web.forms.reading import Form, shown_number
from invoicer_core.web.forms.rows import tax_of, usual_tax
from invoicer_core.web.invoices import id_of

MOST_ROWS: Final = 500
COLUMNS: Final = {
    "key": "item-key", "item_id": "item-id", "product_id": "item-product",
    "description": "item-description", "quantity": "item-quantity", "unit": "item-unit",
    "price": "item-price", "tax": "item-tax",
}  # fmt: skip
POINTERS: Final = {
    "product_name": "description", "product_id": "description", "quantity": "quantity",
    "unit": "quantity", "unit_price": "price", "taxes": "tax", "tax_rate_id": "tax",
}  # fmt: skip
_ROW_FIELDS: Final = frozenset(COLUMNS.values())


@dataclass
class OrderRow:
    """One line, as typed; ``kept_tax`` names taxes that the settings do not offer (any more)."""

    key: str = field(default_factory=lambda: token_hex(4))
    item_id: str = ""
    product_id: str = ""
    description: str = ""
    quantity: str = "1"
    unit: str = "C62"
    price: str = ""
    tax: str = ""
    kept_tax: str = ""
    amount: str = ""

    @property
    def blank(self) -> bool:
        """Nothing was typed: such a row is left out."""
        return not (self.description or self.price)


@dataclass
class OrderForm(Form):
    """The whole editor."""

    rows: list[OrderRow] = field(default_factory=list)
    hint: str | None = None

    @classmethod
    def of_request(cls, sent: MultiDict[str, str], locale: Locale) -> "OrderForm":
        """As the browser sent it; rows are the repeated fields, in their order."""
        values = {name: value.strip() for name, value in sent.items() if name not in _ROW_FIELDS}
        form = cls(values, locale=locale)
        lists = {name: sent.getlist(sent_as) for name, sent_as in COLUMNS.items()}
        if len(lists["key"]) > MOST_ROWS:
            form.fail("items", _("At most %(count)s items.", count=MOST_ROWS))
        for at in range(min(len(lists["key"]), MOST_ROWS)):
            cells = {name: got[at].strip() if at < len(got) else "" for name, got in lists.items()}
            form.rows.append(OrderRow(**(cells | {"key": safe_key(cells["key"])})))
        return form

    @classmethod
    def empty(cls, locale: Locale, rates: Sequence[TaxRateSnapshot]) -> "OrderForm":
        """For a new order: one row, today."""
        values = {"currency": formats.currency(), "order_date": formats.today().isoformat()}
        return cls(values, locale=locale, rows=[OrderRow(tax=usual_tax(rates))])

    @classmethod
    def of_order(
        cls, order: OrderSnapshot, rates: Sequence[TaxRateSnapshot], locale: Locale
    ) -> "OrderForm":
        """For editing a stored one."""
        values = {
            "client": str(order.client_id),
            "currency": order.currency,
            "order_date": order.order_date.isoformat(),
            "notes": order.notes or "",
            "version": str(order.version),
        }
        form = cls(values, locale=locale)
        form.rows = [_row_of(item, rates, locale) for item in order.items]
        return form

    def fields(
        self, rates: Sequence[TaxRateSnapshot], stored: OrderSnapshot | None = None
    ) -> dict[str, Any]:
        """The order that was typed; look at `ok` before using it."""
        client_id = id_of(self.get("client"))
        if client_id is None:
            self.fail("client", _("Choose a client."))
        items = self.items(rates, stored)
        if not items and "items" not in self.errors:
            self.fail("items", _("Add at least one item."))
        return {
            "client_id": client_id,
            "currency": self.text("currency", required=True, longest=3),
            "order_date": self.date("order_date", required=True),
            "notes": self.text("notes", longest=5000),
            "items": items,
        }

    def items(
        self, rates: Sequence[TaxRateSnapshot], stored: OrderSnapshot | None = None
    ) -> list[dict[str, Any]]:
        """The rows that are not blank."""
        known = {str(item.id): item for item in stored.items} if stored else {}
        by_id = {str(rate.id): rate for rate in rates}
        return [
            self._item(row, by_id, known.get(row.item_id)) for row in self.rows if not row.blank
        ]

    def refuse_order(self, error: InvoicerError) -> None:
        """Put a service's refusal beside the row or field it is about."""
        used = [row for row in self.rows if not row.blank]
        names = {
            f"/items/{at}/{theirs}": f"{ours}-{row.key}"
            for at, row in enumerate(used)
            for theirs, ours in POINTERS.items()
        }
        names |= {"/client_id": "client", "/items": "items"}
        self.refuse(error, names)

    def _item(
        self,
        row: OrderRow,
        rates: Mapping[str, TaxRateSnapshot],
        stored: OrderItemSnapshot | None,
    ) -> dict[str, Any]:
        cells = Form(
            {"description": row.description, "quantity": row.quantity, "price": row.price},
            locale=self.locale,
        )
        quantity = cells.number("quantity", required=True)
        if quantity is not None and quantity <= 0:
            cells.fail("quantity", _("Give a quantity above 0."))
        item: dict[str, Any] = {
            "product_name": cells.text("description", required=True, longest=500),
            "quantity": quantity,
            "unit_price": cells.number("price", required=True, least=Decimal(0)),
            "unit": row.unit[:10] or "C62",
            "product_id": id_of(row.product_id),
            "taxes": self._taxes(row, rates, stored),
        }
        for name, message in cells.errors.items():
            self.fail(f"{name}-{row.key}", message)
        return item

    def _taxes(
        self,
        row: OrderRow,
        rates: Mapping[str, TaxRateSnapshot],
        stored: OrderItemSnapshot | None,
    ) -> list[Any]:
        if row.tax == "keep" and stored is not None:
            row.kept_tax = _tax_words(stored)
            return list(stored.taxes)
        if row.tax in ("none", ""):
            return []
        rate = rates.get(row.tax)
        if rate is None:
            self.fail(f"tax-{row.key}", _("This tax rate is gone; choose another."))
            return []
        return [tax_of(rate)]


def row_with_product(
    product: ProductSnapshot, row: OrderRow, rates: Sequence[TaxRateSnapshot], locale: Locale
) -> OrderRow:
    """The row with a product put in; its quantity stays as typed."""
    return replace(
        row,
        product_id=str(product.id),
        description=product.name,
        unit=product.unit,
        price=shown_number(product.unit_price, locale),
        tax=str(product.tax_rate_id) if product.tax_rate_id else row.tax or usual_tax(rates),
    )


def safe_key(key: str) -> str:
    """A row's key as it came, or a new one where that is none of ours."""
    return key if key.isalnum() and key.isascii() and len(key) <= 16 else token_hex(4)


def _row_of(item: OrderItemSnapshot, rates: Sequence[TaxRateSnapshot], locale: Locale) -> OrderRow:
    same = next((rate for rate in rates if item.taxes == (tax_of(rate),)), None)
    return OrderRow(
        item_id=str(item.id),
        product_id=str(item.product_id or ""),
        description=item.product_name,
        quantity=shown_number(item.quantity, locale),
        unit=item.unit or "C62",
        price=shown_number(item.unit_price, locale),
        tax=str(same.id) if same else "keep" if item.taxes else "none",
        kept_tax="" if same or not item.taxes else _tax_words(item),
    )


def _tax_words(item: OrderItemSnapshot) -> str:
    return " + ".join(f"{tax.name} {formats.percent(tax.rate)}" for tax in item.taxes)
