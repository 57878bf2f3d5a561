"""What a credit of an invoice's own lines gets, so that all of them end at exactly nothing left."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from invoicer_core.domain.credit_parts import Course
from invoicer_core.domain.document import ZERO, TaxTotal, Totals

GroupKey = tuple[str, Decimal, bool, str]
_SUMS = ("net_total", "tax_total", "total_amount", "withheld_total", "rounding")


def needs_names(rows: Sequence[TaxTotal]) -> bool:
    """True when category and rate alone do not tell the document's taxes apart."""
    return len({key_of(row, False) for row in rows}) < len(rows)


def key_of(row: TaxTotal, by_name: bool) -> GroupKey:
    """What tells one tax group from another."""
    return row.category, row.rate, row.compound, row.name if by_name else ""


def exceeds(left: Decimal, amount: Decimal) -> bool:
    """More than is left; for return lines, whose amounts are negative, further below zero."""
    after = left - amount
    return after < 0 < amount or amount < 0 < after


def rows_left(whole: Totals, parts: Sequence[Totals], by_name: bool) -> tuple[TaxTotal, ...]:
    """The tax groups of the whole without what the parts have of them."""
    bases: dict[GroupKey, Decimal] = {}
    taxes: dict[GroupKey, Decimal] = {}
    for part in parts:
        for row in part.taxes:
            key = key_of(row, by_name)
            bases[key] = bases.get(key, ZERO) + row.base
            taxes[key] = taxes.get(key, ZERO) + row.tax
    return tuple(
        replace(
            row,
            base=row.base - bases.get(key_of(row, by_name), ZERO),
            tax=row.tax - taxes.get(key_of(row, by_name), ZERO),
        )
        for row in whole.taxes
    )


def last_credit(left: Totals, new: Totals) -> Totals:
    """What is left, made up of the lines, discounts and charges of ``new``."""
    taxes = tuple(row for row in left.taxes if row.base or row.tax)
    return _made_up(replace(left, taxes=taxes), new)


def along(
    course: Course,
    original: Totals,
    already: Sequence[Totals],
    left: Totals,
    new: Totals,
    by_name: bool,
) -> Totals | None:
    """The credit's totals by its course; None when what was typed is something else, like lines
    without the discount that is on them."""
    if course.own:
        return _own(course, original, left, new, by_name)
    given = _less(original, left, by_name)
    tolerance, longer = course.tolerance, course.tolerance * (len(already) + 1)
    begun = course.before is None or _close(given, course.before, longer, by_name)
    start = given if begun else course.before
    if course.before is None and already:
        start = None  # the earlier ones credit something else
    end = original if course.after is None else course.after
    step = end if start is None else _less(end, start, by_name)
    if not _close(step, new, tolerance if begun else longer, by_name):
        return None
    if course.last and _close(left, step, longer, by_name):
        return last_credit(left, new)
    return _made_up(_within(course, left, step, longer, by_name), new)


def _own(course: Course, original: Totals, left: Totals, new: Totals, by_name: bool) -> Totals:
    """Of credits of nothing but the document's own lines the last one takes what is left, any
    other the step to where all quantities so far come to, but at most what is left."""
    if course.last:
        return last_credit(left, new)
    step = new
    if course.after is not None:
        step = _less(course.after, _less(original, left, by_name), by_name)
    # Without return lines all groups only grow: what exceeds them then is rounding, however much.
    grows = all(line.total_price >= 0 for line in original.items) and all(
        row.base >= 0 for row in original.taxes
    )
    most = Decimal("Infinity") if grows else course.tolerance * 2
    return _made_up(_within(course, left, step, most, by_name), new)


def _less(whole: Totals, part: Totals, by_name: bool) -> Totals:
    """The difference in sums and groups."""
    sums = {name: getattr(whole, name) - getattr(part, name) for name in _SUMS}
    known = {key_of(row, by_name) for row in whole.taxes}
    missing = tuple(
        replace(row, base=ZERO, tax=ZERO)
        for row in part.taxes
        if key_of(row, by_name) not in known and (row.base or row.tax)
    )
    whole = replace(whole, taxes=whole.taxes + missing)
    return replace(whole, taxes=rows_left(whole, [part], by_name), **sums)


def _close(one: Totals, other: Totals, tolerance: Decimal, by_name: bool) -> bool:
    """Whether they differ by rounding alone."""
    if any(
        abs(getattr(one, name) - getattr(other, name)) > tolerance
        for name in _SUMS
        if name != "rounding"
    ):
        return False
    ours = {key_of(row, by_name): row for row in one.taxes}
    theirs = {key_of(row, by_name): row for row in other.taxes}
    return all(
        abs(_of(ours, key, "base") - _of(theirs, key, "base")) <= tolerance
        and abs(_of(ours, key, "tax") - _of(theirs, key, "tax")) <= tolerance
        for key in ours.keys() | theirs.keys()
    )


def _of(rows: dict[GroupKey, TaxTotal], key: GroupKey, name: str) -> Decimal:
    return getattr(rows[key], name) if key in rows else ZERO


def _within(
    course: Course, left: Totals, step: Totals, tolerance: Decimal, by_name: bool
) -> Totals:
    """The step, but never the cents above what is left: of any group, in total, or to pay."""
    remaining = {key_of(row, by_name): row for row in left.taxes}
    taxes, moved = [], [ZERO]
    for row in step.taxes:
        group = remaining.get(key_of(row, by_name), row)
        base = _at_most(group.base, row.base, tolerance)
        tax = _at_most(group.tax, row.tax, tolerance)
        if base == group.base and abs(group.tax - tax) <= tolerance:
            tax = group.tax
        moved.append(base - row.base)
        if base or tax:
            taxes.append(replace(row, base=base, tax=tax))
    if course.shared:  # several taxes on one base move it once
        net = _at_most(left.net_total, step.net_total + max(moved, key=abs), tolerance)
    else:
        untaxed = _at_most(_untaxed(left), _untaxed(step), tolerance)
        net = sum((row.base for row in taxes), untaxed)
    tax_total = sum((row.tax for row in taxes), step.tax_total - step.tax_total)
    total = net + tax_total
    withheld = _at_most(left.withheld_total, step.withheld_total, tolerance)
    # Where prices hold their tax, the lines' sum as advertised is paid; rounding for cash comes
    # with the last credit.
    rounding = step.total_amount + step.rounding - total if course.holds_tax else total - total
    due = total - withheld + rounding
    most = left.total_amount - left.withheld_total + left.rounding
    if due > most >= 0 and due - most <= tolerance + abs(left.rounding):
        rounding, due = rounding - (due - most), most
    return replace(
        step, net_total=net, taxes=tuple(taxes), tax_total=tax_total, total_amount=total,
        withheld_total=withheld, rounding=rounding, amount_due=due,
    )  # fmt: skip


def _untaxed(totals: Totals) -> Decimal:
    """What of the net no tax is on; of lines with one tax at most."""
    return totals.net_total - sum((row.base for row in totals.taxes), ZERO)


def _at_most(left: Decimal, amount: Decimal, tolerance: Decimal) -> Decimal:
    """The amount without the odd cents by which it exceeds what is left, or goes the other way."""
    if exceeds(left, amount) and abs(amount - left) <= tolerance:
        return left
    if amount * left < 0 and abs(amount) <= tolerance:
        return ZERO
    return amount


def _made_up(sums: Totals, new: Totals) -> Totals:
    """These sums with the lines, discounts and charges of ``new``; the odd cents of the net go to
    the largest line."""
    subtotal = sums.net_total + new.discount_total - new.charge_total
    items = list(new.items)
    odd = subtotal - sum((line.net_amount for line in items), ZERO)
    if odd and items:
        place = max(range(len(items)), key=lambda index: abs(items[index].net_amount))
        items[place] = replace(items[place], net_amount=items[place].net_amount + odd)
    return replace(
        sums,
        items=tuple(items),
        subtotal=subtotal,
        discount_total=new.discount_total,
        charge_total=new.charge_total,
        prepaid_total=new.prepaid_total - new.prepaid_total,
        amount_due=sums.total_amount - sums.withheld_total + sums.rounding,
    )
