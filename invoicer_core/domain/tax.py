"""Tax groups: which lines are taxed together, and what each tax comes to.

A *row* is one tax of the document, the tax breakdown's line [BG-23]. A *group* is a set of lines
that carry the same taxes in the same order, so its base counts once however many taxes it has.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from invoicer_core.domain.document import ZERO, Item, Tax, TaxTotal
from invoicer_core.domain.money import HUNDREDTH
from invoicer_core.domain.saying import say

# EN 16931 code list UNTDID 5305 as far as invoices use it.
CATEGORIES: Final = {
    "S": say("standard rate"),
    "Z": say("zero rated"),
    "E": say("exempt"),
    "AE": say("reverse charge"),
    "K": say("intra-Community supply"),
    "G": say("export"),
    "O": say("outside the scope of tax"),
    "L": say("Canary Islands tax"),
    "M": say("tax of Ceuta and Melilla"),
}
ZERO_RATE_CATEGORIES: Final = frozenset({"Z", "E", "AE", "K", "G", "O"})
RATE_LIMIT: Final = Decimal(1000)

RowKey = tuple[str, Decimal, bool, str]


@dataclass(slots=True, eq=False)
class Row:
    """One tax of the document; its base grows while the groups are added."""

    tax: Tax
    rate: Decimal
    base: Decimal = ZERO
    exemption_code: str | None = None
    exemption_texts: list[str] = field(default_factory=list)

    def carry_exemption(self, tax: Tax) -> None:
        """Keep the first code and every different text: the breakdown has one line for all."""
        if self.exemption_code is None:
            self.exemption_code = tax.exemption_code
        if tax.exemption_text and tax.exemption_text not in self.exemption_texts:
            self.exemption_texts.append(tax.exemption_text)


@dataclass(slots=True, eq=False)
class Group:
    """Lines with the same taxes. ``entered`` is the sum of their amounts as typed."""

    rows: tuple[Row, ...]
    has_items: bool = False
    entered: Decimal = ZERO
    adjusted: Decimal = ZERO
    net: Decimal = ZERO

    @property
    def taxes(self) -> tuple[Tax, ...]:
        """The taxes of the group in their order; empty for untaxed lines."""
        return tuple(row.tax for row in self.rows)

    def factor(self) -> Decimal:
        """Gross over net: 1.19 for one tax of 19 %; 1.14975 for 5 % and 9.5 % on top of it."""
        return Decimal(1) + sum(self.spread_over_taxes(Decimal(1), None), ZERO)

    def spread_over_taxes(self, net: Decimal, step: Decimal | None) -> list[Decimal]:
        """The amount of each tax on ``net``, rounded to ``step`` when it is given."""
        amounts: list[Decimal] = []
        for index, row in enumerate(self.rows):
            amount = (net + self.compounded(index, amounts)) * row.rate
            amounts.append(amount if step is None else amount.quantize(step))
        return amounts

    def compounded(self, index: int, amounts: list[Decimal]) -> Decimal:
        """What earlier taxes add to the base of the tax at ``index``.

        A tax counts into the base of a later one when either of the two is marked compound: both
        ways of marking are in use, and both mean the same calculation.
        """
        compound = self.rows[index].tax.compound
        earlier = zip(self.rows[:index], amounts, strict=False)
        return sum((amount for row, amount in earlier if compound or row.tax.compound), ZERO)

    def add_to_rows(self, step: Decimal) -> None:
        """Put the group's net into the base of each of its taxes, with what is compounded."""
        rows = self.rows
        if len(rows) == 1:
            rows[0].base += self.net
            return
        amounts = self.spread_over_taxes(self.net, step)
        for index, row in enumerate(rows):
            row.base += self.net + self.compounded(index, amounts)


class TaxBook:
    """All rows and groups of one document, in the order in which they first appear.

    Rows are told apart by category and rate (EN 16931 BR-CO-18, BG-23). Only where some line has
    several taxes does the name count too, since 9 % of one authority is not 9 % of another.
    """

    def __init__(self, items: tuple[Item, ...]) -> None:
        self._by_name = any(len(item.taxes) > 1 for item in items)
        self._rows: dict[RowKey, Row] = {}
        self._groups: dict[tuple[RowKey, ...], Group] = {}

    @property
    def groups(self) -> Iterable[Group]:
        """Every group, those of document charges included."""
        return self._groups.values()

    def group(self, taxes: tuple[Tax, ...]) -> Group:
        """The group of lines with these taxes; made when it is new."""
        by_name = self._by_name
        keys = tuple((t.category, t.rate, t.compound, t.name if by_name else "") for t in taxes)
        found = self._groups.get(keys)
        if found is None:
            rows = tuple(self._row(key, tax) for key, tax in zip(keys, taxes, strict=True))
            found = self._groups[keys] = Group(rows)
        for row, tax in zip(found.rows, taxes, strict=True):
            if tax.exemption_code or tax.exemption_text:
                row.carry_exemption(tax)
        return found

    def known(self, tax: Tax) -> Tax | None:
        """The document's own tax that an adjustment names: by category and rate, then by mark
        and name where several share them. None when no line or charge has it."""
        alike = [
            row.tax
            for row in self._rows.values()
            if row.tax.category == tax.category and row.tax.rate == tax.rate
        ]
        exact = [own for own in alike if own.name == tax.name and own.compound == tax.compound]
        return next(iter(exact or alike), None)

    def totals(self, step: Decimal) -> tuple[TaxTotal, ...]:
        """Round the tax once per row (EN 16931 BR-CO-17). Groups must have been added."""
        result = []
        for row in self._rows.values():
            tax = row.tax
            amount = (row.base * row.rate).quantize(step) + ZERO
            base = row.base.quantize(step) + ZERO
            texts = "; ".join(row.exemption_texts) or None
            result.append(
                TaxTotal(
                    tax.name, tax.category, tax.rate, base, amount, tax.compound,
                    row.exemption_code, texts,
                )
            )  # fmt: skip
        return tuple(result)

    def _row(self, key: RowKey, tax: Tax) -> Row:
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = Row(tax, tax.rate * HUNDREDTH)
        return row
