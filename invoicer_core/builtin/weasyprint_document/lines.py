"""The table of items."""

from collections.abc import Collection, Iterable
from decimal import Decimal

from invoicer_core.builtin.weasyprint_document.formats import Formats
from invoicer_core.builtin.weasyprint_document.view import Column, Row
from invoicer_core.plugin import (
    Adjustment,
    CreditNoteSnapshot,
    InvoiceItemSnapshot,
    InvoiceSnapshot,
    PriceDiscount,
    Tax,
)

_DIGIT_WIDTH = 1.86  # mm of one figure in the table's type size
_PADDING = 3.0
_NO_RATE = "\u2013"  # outside the scope of tax there is no rate, not even 0 % (BR-O-05)


CELLS = ("quantity", "unit_price", "tax", "amount")
"""The figures of a row, in their order."""


def item_rows(
    document: InvoiceSnapshot | CreditNoteSnapshot,
    formats: Formats,
    hidden: Collection[str] = (),
) -> tuple[Row, ...]:
    """One row per item. Line amounts are without tax, or as entered where prices include it."""
    rows = []
    for position, item in enumerate(document.items, start=1):
        amount = item.total_price if document.prices_include_tax else item.net_amount
        cells = (
            formats.quantity(item.quantity, item.unit),
            _price(item, formats),
            tax_rates(item.taxes, formats),
            formats.amount(amount),
        )
        shown = tuple(cell for name, cell in zip(CELLS, cells, strict=True) if name not in hidden)
        small = _small_print(item, formats, hidden)
        rows.append(Row(str(position), item.description, small, shown))
    return tuple(rows)


def item_columns(
    rows: tuple[Row, ...], formats: Formats, hidden: Collection[str] = ()
) -> tuple[Column, ...]:
    """Columns wide enough for their longest figure; the description takes the rest."""
    words = formats.words
    titles = (words.quantity, words.unit_price, words.tax, f"{words.amount} {formats.currency}")
    limits = (27.0, 36.0, 22.0, 40.0)
    columns = [Column(words.position, "position", 9.0), Column(words.description, "text")]
    if "position" in hidden:
        del columns[0]
    kept = [each for each in zip(CELLS, titles, limits, strict=True) if each[0] not in hidden]
    for at, (_, title, limit) in enumerate(kept):
        columns.append(
            Column(title, "number", column_width(title, (r.cells[at] for r in rows), limit))
        )
    return tuple(columns)


def column_width(title: str, texts: Iterable[str], limit: float) -> float:
    """Millimetres for the longest text, at most ``limit``."""
    longest = max((len(text) for text in texts), default=0)
    return min(limit, max(longest, len(title) * 0.9) * _DIGIT_WIDTH + _PADDING)


def tax_rates(taxes: tuple[Tax, ...], formats: Formats) -> str:
    """The rates of a line: "19 %", or "5 % + 9.5 %" where several apply."""
    return " + ".join(
        _NO_RATE if tax.category == "O" else formats.percent(tax.rate) for tax in taxes
    )


def adjustment_label(word: str, adjustment: Adjustment, formats: Formats) -> str:
    """ "Discount 10 % (regular)"."""
    rate = f" {formats.percent(adjustment.percent)}" if adjustment.percent is not None else ""
    reason = f" ({adjustment.reason})" if adjustment.reason else ""
    return f"{word}{rate}{reason}"


def _price(item: InvoiceItemSnapshot, formats: Formats) -> str:
    price = formats.amount(item.unit_price)
    if item.base_quantity == 1:
        return price
    per = formats.quantity(item.base_quantity, item.unit)
    return f"{price} {formats.words.per_unit.format(quantity=per)}"


def _small_print(
    item: InvoiceItemSnapshot, formats: Formats, hidden: Collection[str]
) -> tuple[str, ...]:
    words = formats.words
    small = []
    if item.details:
        small.append(item.details)
    if item.sku and "item_number" not in hidden:
        small.append(words.item_number.format(number=item.sku))
    if period := period_text(item, formats):
        small.append(period)
    small += [_price_discount(discount, formats) for discount in item.price_discounts]
    small += _adjustments(item, formats)
    return tuple(small)


def period_text(item: InvoiceItemSnapshot, formats: Formats) -> str | None:
    """When the line was delivered [BG-26], from one day to another or on one day."""
    first, last = item.period_start or item.period_end, item.period_end or item.period_start
    return formats.period(first, last) if first and last else None


def _price_discount(discount: PriceDiscount, formats: Formats) -> str:
    what = (
        formats.percent(discount.percent)
        if discount.percent is not None
        else formats.amount(discount.amount or Decimal(0))
    )
    return f"{formats.words.discount} {what} {formats.words.each}"


def _adjustments(item: InvoiceItemSnapshot, formats: Formats) -> list[str]:
    """Each discount and charge with its amount, where the stored sums say it without rounding."""
    signed = [(-1, each) for each in item.discounts] + [(1, each) for each in item.charges]
    open_ones = [each for _, each in signed if each.amount is None]
    known = sum(
        (sign * each.amount for sign, each in signed if each.amount is not None), Decimal(0)
    )
    rest = item.total_price - item.gross_amount - known
    texts = []
    for sign, each in signed:
        word = formats.words.discount if sign < 0 else formats.words.charge
        label = adjustment_label(word, each, formats)
        if each.amount is not None:
            label = f"{label}: {formats.amount(sign * each.amount)}"
        elif len(open_ones) == 1:
            label = f"{label}: {formats.amount(rest)}"
        texts.append(label)
    return texts
