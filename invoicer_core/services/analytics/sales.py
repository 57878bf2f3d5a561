"""Revenue over time, by client, by product and by category."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from invoicer_core.domain.money import round_money
from invoicer_core.domain.periods import Period
from invoicer_core.domain.tables import Cell, Column, Table, Target, Word, total_of
from invoicer_core.domain.trends import BEFORE, Oddity, moving_average, oddities, share
from invoicer_core.services import revenue
from invoicer_core.services.reports.sales import product_sums
from invoicer_core.services.reports.wishes import Wish

_DAYS: Final = (
    Column("day", "date"), Column("revenue", "money"), Column("average", "money"),
    Column("remark", "word"),
)  # fmt: skip
_CLIENTS: Final = (
    Column("client"), Column("invoices", "count"), Column("revenue", "money"),
    Column("share", "percent"),
)  # fmt: skip
_PRODUCTS: Final = (
    Column("product"), Column("quantity", "number"), Column("revenue", "money"),
    Column("share", "percent"),
)  # fmt: skip
_CATEGORIES: Final = (Column("category"), Column("revenue", "money"), Column("share", "percent"))


@dataclass(frozen=True, slots=True)
class Day:
    """Revenue of a day, the mean of it and the six days before, and whether it stands out."""

    day: date
    amount: Decimal
    average: Decimal | None
    oddity: Oddity


@dataclass(frozen=True, slots=True)
class ProductRow:
    """What one product, or one kind of line without a product, brought."""

    product_id: int | None
    name: str | Word
    category: str | None
    quantity: Decimal | None
    amount: Decimal


def days(period: Period, currency: str, today: date) -> tuple[Day, ...]:
    """Every day of the period; days to come are left out unless something is dated so."""
    earlier = Period(period.start - timedelta(days=BEFORE), period.end)
    found = revenue.by_day(earlier, currency)
    amounts = [each.amount for each in found]
    averages, odd = moving_average(amounts), oddities(amounts)
    whole = [
        Day(found[at].day, amounts[at], _rounded(averages[at], currency), odd[at])
        for at in range(BEFORE, len(found))
    ]
    while len(whole) > 1 and whole[-1].day > today and not whole[-1].amount:
        whole.pop()
    return tuple(whole)


def _rounded(average: Decimal | None, currency: str) -> Decimal | None:
    return None if average is None else round_money(average, currency)


def day_table(found: Sequence[Day]) -> Table:
    """The days with revenue, and those that stand out."""
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (each.day, each.amount, each.average, Word(each.oddity) if each.oddity else None)
        for each in found
        if each.amount or each.oddity
    )
    total = (Word("total"), sum((each.amount for each in found), Decimal(0)), None, None)
    return Table(name="days", columns=_DAYS, rows=rows, total=total)


def by_client(period: Period, currency: str, limit: int | None = None) -> Table:
    """Revenue by client, the most first."""
    found = revenue.by_client(period, currency)
    whole = sum((each.amount for each in found), Decimal(0))
    rows: list[tuple[Cell, ...]] = [
        (each.name, each.invoices, each.amount, share(each.amount, whole)) for each in found
    ]
    targets: list[Target | None] = [Target("client", each.client_id) for each in found]
    return _cut("by-client", _CLIENTS, rows, targets, limit)


def product_rows(period: Period, currency: str, whole: Decimal | None = None) -> list[ProductRow]:
    """Revenue by product; what was taken off or put on whole invoices stands apart.

    Args:
        whole: the revenue of the period, where it is known already.
    """
    found = product_sums(Wish(period=period, currency=currency))
    rows = [
        ProductRow(row.product_id, row.name, row.category, row.quantity, row.net) for row in found
    ]
    if whole is None:
        whole = revenue.total(period, currency)
    rest = whole - sum((row.amount for row in rows), Decimal(0))
    if rest:
        rows.append(ProductRow(None, Word("whole"), None, None, rest))
    return rows


def by_product(period: Period, currency: str) -> Table:
    """Revenue by product, the most first."""
    return product_table(product_rows(period, currency))


def product_table(found: Sequence[ProductRow], limit: int | None = None) -> Table:
    """Products with quantity, revenue and share."""
    whole = sum((row.amount for row in found), Decimal(0))
    rows: list[tuple[Cell, ...]] = [
        (row.name, row.quantity, row.amount, share(row.amount, whole)) for row in found
    ]
    targets = [Target("product", row.product_id) if row.product_id else None for row in found]
    return _cut("by-product", _PRODUCTS, rows, targets, limit)


def by_category(period: Period, currency: str) -> Table:
    """Revenue by the products' categories."""
    return category_table(product_rows(period, currency))


def category_table(found: Sequence[ProductRow]) -> Table:
    """The products' rows, summed by category."""
    sums: dict[str, Decimal] = {}
    for row in found:
        is_whole = isinstance(row.name, Word)
        name = row.name if is_whole else row.category or Word("no-category")
        sums[name] = sums.get(name, Decimal(0)) + row.amount
    whole = sum(sums.values(), Decimal(0))
    ordered = sorted(sums.items(), key=lambda each: (-each[1], each[0]))
    rows: list[tuple[Cell, ...]] = [
        (name, amount, share(amount, whole)) for name, amount in ordered
    ]
    return _cut("by-category", _CATEGORIES, rows, [], None)


def _cut(
    name: str,
    columns: tuple[Column, ...],
    rows: list[tuple[Cell, ...]],
    targets: list[Target | None],
    limit: int | None,
) -> Table:
    """The first rows and the others as one, so that the rows add up to the sum all the same."""
    total = total_of(columns, rows)
    if limit is not None and len(rows) > limit + 1:
        others = total_of(columns, rows[limit:])
        rows, targets = [*rows[:limit], (Word("others"), *others[1:])], [*targets[:limit], None]
    return Table(name=name, columns=columns, rows=tuple(rows), total=total, targets=tuple(targets))
