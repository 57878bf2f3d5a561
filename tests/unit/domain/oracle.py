"""The totals once more, written differently: fractions and whole cents, one tax per line.

It shares no arithmetic with the product, so an error would have to be made twice.
"""

from fractions import Fraction
from math import floor

from invoicer_core.domain.document import Adjustment, Document, Item

DIGITS = {"JPY": 0, "EUR": 2, "KWD": 3, "CLF": 4}
Key = tuple[str, Fraction] | None


def cents(value: Fraction, digits: int) -> int:
    scaled = abs(value) * 10**digits
    whole = floor(scaled + Fraction(1, 2))
    return whole if value >= 0 else -whole


def key_of(entry: Item | Adjustment) -> Key:
    tax = (entry.taxes[0] if entry.taxes else None) if isinstance(entry, Item) else entry.tax
    return None if tax is None else (tax.category, Fraction(tax.rate))


class Oracle:
    def __init__(self, document: Document) -> None:
        self.digits = digits = DIGITS[document.currency]
        self.unit = Fraction(1, 10**digits)
        self.lines: dict[Key, int] = {}
        self.line_amounts: list[tuple[Key, int]] = []
        for item in document.items:
            key, value = key_of(item), self.line(item)
            self.lines[key] = self.lines.get(key, 0) + value
            self.line_amounts.append((key, value))
        self.entered = sum(self.lines.values())
        self.down = self.adjust(document.discounts)
        self.up = self.adjust(document.charges)
        keys = [*self.lines, *(k for part in self.up for k in part if k not in self.lines)]
        self.base: dict[Key, int] = {}
        self.tax: dict[Key, int] = {}
        self.advertised = 0
        for key in dict.fromkeys(keys):
            off, on = (sum(part.get(key, 0) for part in parts) for parts in (self.down, self.up))
            gross = self.lines.get(key, 0) - off + on
            self.advertised += gross
            rate = key[1] / 100 if key else Fraction(0)
            divisor = 1 + rate if document.prices_include_tax else Fraction(1)
            self.base[key] = cents(gross * self.unit / divisor, digits)
            self.tax[key] = cents(self.base[key] * self.unit * rate, digits)
        self.finish(document)

    def line(self, item: Item) -> int:
        price = Fraction(item.unit_price)
        for off in item.price_discounts:
            if off.amount is not None:
                price -= Fraction(off.amount)
            else:
                price -= Fraction(item.unit_price) * Fraction(off.percent or 0) / 100
        gross = cents(Fraction(item.quantity) * price / Fraction(item.base_quantity), self.digits)
        off = sum(self.value(adjustment, gross) for adjustment in item.discounts)
        return gross - off + sum(self.value(adjustment, gross) for adjustment in item.charges)

    def value(self, adjustment: Adjustment, whole: int) -> int:
        if adjustment.amount is not None:
            return cents(Fraction(adjustment.amount), self.digits)
        base = whole * self.unit if adjustment.base is None else Fraction(adjustment.base)
        return cents(base * Fraction(adjustment.percent or 0) / 100, self.digits)

    def adjust(self, adjustments: tuple[Adjustment, ...]) -> list[dict[Key, int]]:
        result = []
        for adjustment in adjustments:
            value = self.value(adjustment, self.entered)
            if adjustment.tax is not None:
                result.append({key_of(adjustment): value})
            elif not self.lines:
                result.append({None: value})
            else:
                result.append(self.divide(value))
        return result

    def divide(self, value: int) -> dict[Key, int]:
        largest = max(self.lines, key=lambda key: abs(self.lines[key]))
        if self.entered == 0:
            return {largest: value}
        parts = {
            key: cents(Fraction(value * weight, self.entered), 0)
            for key, weight in self.lines.items()
        }
        parts[largest] += value - sum(parts.values())
        return parts

    def finish(self, document: Document) -> None:
        self.net = sum(self.base.values())
        self.tax_total = sum(self.tax.values())
        self.total = self.net + self.tax_total
        self.prepaid = sum(cents(Fraction(paid), self.digits) for paid in document.prepaid)
        residue = self.advertised - self.total if document.prices_include_tax else 0
        self.before_withholding = self.total + residue - self.prepaid
        self.residue = residue
