"""The invoice editor's form: rows of typed text, read into an `InvoiceDraft`.

What the editor does not show of a stored draft (charges, several taxes of a line, withholding and
so on) is taken over from it unchanged, so that editing here never loses what the API put there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from secrets import token_hex
from typing import Final

from babel import Locale
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from invoicer_core.domain.document import Adjustment, Document, Item, Tax
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.snapshots import (
    InvoiceItemSnapshot,
    InvoiceSnapshot,
    ProductSnapshot,
    TaxRateSnapshot,
)
from invoicer_core.web import formats
from invoicer_core.web.forms.reading import Form, shown_number

HUNDRED: Final = Decimal(100)
MOST_ROWS: Final = 500
COLUMNS: Final = {
    "key": "item-key", "item_id": "item-id", "product_id": "item-product",
    "description": "item-description", "details": "item-details", "quantity": "item-quantity",
    "unit": "item-unit", "price": "item-price", "discount": "item-discount", "tax": "item-tax",
}  # fmt: skip
POINTERS: Final = {
    "description": "description", "quantity": "quantity", "unit_price": "price",
    "discounts": "discount", "taxes": "tax", "tax_rate_id": "tax", "product_id": "description",
}  # fmt: skip


@dataclass
class Row:
    """One line of the editor, as typed."""

    key: str = field(default_factory=lambda: token_hex(4))
    item_id: str = ""
    product_id: str = ""
    description: str = ""
    details: str = ""
    quantity: str = "1"
    unit: str = "C62"
    price: str = ""
    discount: str = ""
    tax: str = ""
    kept_tax: str = ""
    amount: str = ""

    @property
    def blank(self) -> bool:
        """Nothing was typed: such a row is left out."""
        return not (self.description or self.price or self.details)


@dataclass
class InvoiceForm(Form):
    """The whole editor."""

    rows: list[Row] = field(default_factory=list)
    hint: str | None = None
    keeps_more: bool = False
    """The stored draft has parts that the editor does not show."""

    @classmethod
    def of_request(cls, sent: MultiDict[str, str], locale: Locale) -> "InvoiceForm":
        """As the browser sent it; rows are the repeated fields, in their order."""
        values = {name: value.strip() for name, value in sent.items() if name not in _ROW_FIELDS}
        form = cls(values, locale=locale)
        lists = {name: sent.getlist(sent_as) for name, sent_as in COLUMNS.items()}
        count = min(len(lists["key"]), MOST_ROWS)
        if len(lists["key"]) > MOST_ROWS:
            form.fail("items", _("At most %(count)s items.", count=MOST_ROWS))
        for at in range(count):
            cells = {
                name: (got[at].strip() if at < len(got) else "") for name, got in lists.items()
            }
            form.rows.append(Row(**(cells | {"key": _safe_key(cells["key"])})))
        return form

    @classmethod
    def empty(cls, locale: Locale, *, currency: str, tax: str) -> "InvoiceForm":
        """For a new invoice: one row, today."""
        values = {
            "currency": currency, "issue_date": formats.today().isoformat(),
            "discount_kind": "percent",
        }  # fmt: skip
        return cls(values, locale=locale, rows=[Row(tax=tax)])

    @classmethod
    def of_invoice(
        cls, invoice: InvoiceSnapshot, rates: Sequence[TaxRateSnapshot], locale: Locale
    ) -> "InvoiceForm":
        """For editing a stored draft."""
        values = {
            "client": str(invoice.client_id),
            "currency": invoice.currency,
            "issue_date": invoice.issue_date.isoformat() if invoice.issue_date else "",
            "due_date": invoice.due_date.isoformat() if invoice.due_date else "",
            "purchase_order": invoice.purchase_order or "",
            "notes": invoice.notes or "",
            "internal_note": invoice.internal_note or "",
            "prices_include_tax": "1" if invoice.prices_include_tax else "",
            "version": str(invoice.version),
        }
        form = cls(values, locale=locale)
        off = _simple_discount(invoice.discounts)
        form.values["discount_kind"] = "amount" if off and off.amount is not None else "percent"
        form.values["discount"] = shown_number(_size(off), locale)
        form.keeps_more = _has_more(invoice, off)
        form.rows = [_row_of(item, rates, locale) for item in invoice.items]
        return form

    def draft(
        self, rates: Sequence[TaxRateSnapshot], stored: InvoiceSnapshot | None = None
    ) -> InvoiceDraft:
        """The draft that was typed; look at `ok` before using it."""
        document = self._document(rates, stored)
        client_id, client = self._client()
        draft = InvoiceDraft(
            document=document,
            client_id=client_id,
            client=client,
            issue_date=self.date("issue_date"),
            due_date=self.date("due_date"),
            purchase_order=self.text("purchase_order", longest=100),
            notes=self.text("notes", longest=4000),
            internal_note=self.text("internal_note", longest=4000),
        )
        if stored is None:
            return draft
        return replace(
            draft,
            order_id=stored.order_id,
            buyer_reference=stored.buyer_reference,
            payment_terms=stored.payment_terms,
            payment_means=stored.payment_means,
            exchange_rate=stored.exchange_rate,
            tags=stored.tags,
            plugins=stored.plugins,
        )

    def refuse_draft(self, error: InvoicerError) -> None:
        """Put a service's refusal beside the row or field it is about."""
        used = [row for row in self.rows if not row.blank]
        names = {
            f"/items/{at}/{theirs}": f"{ours}-{row.key}"
            for at, row in enumerate(used)
            for theirs, ours in POINTERS.items()
        }
        names |= {f"/items/{at}": f"description-{row.key}" for at, row in enumerate(used)}
        names |= {"/client_id": "client", "/client": "client", "/items": "items",
                  "/client/name": "new_name", "/client/email": "new_email",
                  "/discounts/0": "discount", "/discounts/0/percent": "discount",
                  "/discounts/0/amount": "discount"}  # fmt: skip
        self.refuse(error, names)

    def _client(self) -> tuple[int | None, dict[str, str] | None]:
        chosen = self.get("client")
        if chosen == "new":
            party = {
                "name": self.text("new_name", required=True),
                "email": self.email("new_email"),
                "address": self.text("new_address"),
                "postcode": self.text("new_postcode", longest=20),
                "city": self.text("new_city"),
                "country": self.text("new_country", longest=2),
            }
            return None, {name: value for name, value in party.items() if value}
        if chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
            return int(chosen), None
        self.fail("client", _("Choose a client, or add a new one."))
        return None, None

    def _document(
        self, rates: Sequence[TaxRateSnapshot], stored: InvoiceSnapshot | None
    ) -> Document:
        known = {str(item.id): item for item in stored.items} if stored else {}
        by_id = {str(rate.id): rate for rate in rates}
        items = tuple(
            self._item(row, by_id, known.get(row.item_id)) for row in self.rows if not row.blank
        )
        kept = stored.discounts if stored else ()
        simple = _simple_discount(kept)
        return Document(
            currency=self.text("currency", required=True, longest=3) or "",
            items=items,
            prices_include_tax=bool(self.get("prices_include_tax")),
            discounts=(*self._discount(simple), *(off for off in kept if off is not simple)),
            charges=stored.charges if stored else (),
            prepaid=stored.prepaid if stored else (),
            withholding=stored.withholding if stored else (),
            rounding=stored.rounding_rule if stored else None,
        )

    def _discount(self, stored: Adjustment | None) -> tuple[Adjustment, ...]:
        amounts = self.get("discount_kind") == "amount"
        size = self.number("discount", least=Decimal(0), most=None if amounts else HUNDRED)
        if not size:
            return ()
        base = stored or Adjustment(spread=True)
        if amounts:
            return (replace(base, amount=size, percent=None),)
        return (replace(base, percent=size, amount=None),)

    def _item(
        self,
        row: Row,
        rates: Mapping[str, TaxRateSnapshot],
        stored: InvoiceItemSnapshot | None,
    ) -> Item:
        cells = Form(
            {"description": row.description, "details": row.details, "quantity": row.quantity,
             "price": row.price, "discount": row.discount},
            locale=self.locale,
        )  # fmt: skip
        off = cells.number("discount", least=Decimal(0), most=HUNDRED)
        base = Item(
            description=cells.text("description", required=True, longest=500) or "",
            quantity=cells.number("quantity", required=True) or Decimal(0),
            unit_price=cells.number("price", required=True) or Decimal(0),
            unit=row.unit[:10] or "C62",
            details=cells.text("details", longest=2000),
            product_id=int(row.product_id) if row.product_id.isdigit() else None,
            discounts=(Adjustment(percent=off),) if off else (),
            taxes=self._taxes(row, rates, stored),
        )
        for name, message in cells.errors.items():
            self.fail(f"{name}-{row.key}", message)
        if stored is None:
            return base
        simple = _percent_off(stored.discounts)
        if off and simple is not None:
            base = replace(base, discounts=(replace(simple, percent=off),))
        return replace(
            base,
            base_quantity=stored.base_quantity,
            price_discounts=stored.price_discounts,
            discounts=(*base.discounts, *(o for o in stored.discounts if o is not simple)),
            charges=stored.charges,
            sku=stored.sku,
            period_start=stored.period_start,
            period_end=stored.period_end,
        )

    def _taxes(
        self,
        row: Row,
        rates: Mapping[str, TaxRateSnapshot],
        stored: InvoiceItemSnapshot | None,
    ) -> tuple[Tax, ...]:
        if row.tax == "keep" and stored is not None:
            row.kept_tax = _tax_words(stored.taxes)
            return stored.taxes
        if row.tax in ("none", ""):
            return ()
        rate = rates.get(row.tax)
        if rate is None:
            self.fail(f"tax-{row.key}", _("This tax rate is gone; choose another."))
            return ()
        return (tax_of(rate),)


_ROW_FIELDS: Final = frozenset(COLUMNS.values())


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


def _row_of(item: InvoiceItemSnapshot, rates: Sequence[TaxRateSnapshot], locale: Locale) -> Row:
    same = next((rate for rate in rates if item.taxes == (tax_of(rate),)), None)
    off = _percent_off(item.discounts)
    percent = off.percent if off is not None else None
    return Row(
        item_id=str(item.id),
        product_id=str(item.product_id or ""),
        description=item.description,
        details=item.details or "",
        quantity=shown_number(item.quantity, locale),
        unit=item.unit,
        price=shown_number(item.unit_price, locale),
        discount=shown_number(percent, locale),
        tax=str(same.id) if same else "keep" if item.taxes else "none",
        kept_tax="" if same or not item.taxes else _tax_words(item.taxes),
    )


def _tax_words(taxes: Sequence[Tax]) -> str:
    return " + ".join(f"{tax.name} {formats.percent(tax.rate)}" for tax in taxes)


def _simple_discount(discounts: Sequence[Adjustment]) -> Adjustment | None:
    """The one that the editor can show: a bare percentage, or a bare amount of the document."""
    for off in discounts:
        if off.base is None and off.tax is None:
            return off
    return None


def _has_more(invoice: InvoiceSnapshot, shown: Adjustment | None) -> bool:
    document = (
        invoice.charges or invoice.prepaid or invoice.withholding or invoice.rounding_rule
        or any(off is not shown for off in invoice.discounts)
    )  # fmt: skip
    return bool(document) or any(
        item.charges
        or item.price_discounts
        or any(off is not _percent_off(item.discounts) for off in item.discounts)
        for item in invoice.items
    )


def _percent_off(discounts: Sequence[Adjustment]) -> Adjustment | None:
    """The one that a row can show: a bare percentage."""
    return _simple_discount([off for off in discounts if off.percent is not None])


def _size(off: Adjustment | None) -> Decimal | None:
    if off is None:
        return None
    return off.amount if off.amount is not None else off.percent


def _safe_key(key: str) -> str:
    return key if key.isalnum() and key.isascii() and len(key) <= 16 else token_hex(4)
