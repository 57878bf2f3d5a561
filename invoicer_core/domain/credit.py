"""What may still be credited of an issued document, and how the last credit takes the remainder.

Amounts of a credit are positive, as those of the document it lowers. What was prepaid is not
mirrored: a full credit gives back the whole total, the prepaid money included.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Final

from invoicer_core.domain.document import (
    ZERO,
    Adjustment,
    Document,
    Item,
    Rounding,
    Tax,
    TaxTotal,
    Totals,
)
from invoicer_core.domain.errors import Conflict, FieldError, InvalidInput
from invoicer_core.domain.money import quantum, round_money
from invoicer_core.domain.totals import compute, explain

GroupKey = tuple[str, Decimal, bool, str]
REMAINDER: Final = "Remaining amount"


def remainder(original: Totals, already: Sequence[Totals]) -> Totals:
    """All that the earlier credits have left: sums only, without lines, nothing prepaid.

    With no earlier credits it is the original itself. ``rounding`` and ``withheld_total`` are
    differences too, so that the amounts due of all credits add up to the document's.
    """
    total = original.total_amount - _sum(already, "total_amount")
    withheld = original.withheld_total - _sum(already, "withheld_total")
    rounding = original.rounding - _sum(already, "rounding")
    return Totals(
        items=original.items if not already else (),
        subtotal=original.subtotal - _sum(already, "subtotal"),
        discount_total=original.discount_total - _sum(already, "discount_total"),
        charge_total=original.charge_total - _sum(already, "charge_total"),
        net_total=original.net_total - _sum(already, "net_total"),
        taxes=_remaining_taxes(original, already),
        tax_total=original.tax_total - _sum(already, "tax_total"),
        total_amount=total,
        withheld_total=withheld,
        prepaid_total=original.prepaid_total - original.prepaid_total,
        rounding=rounding,
        amount_due=total - withheld + rounding,
    )


def check_credit(original: Totals, already: Sequence[Totals], new: Totals) -> None:
    """Refuse a credit that, with the earlier ones, exceeds the document in total or in any group.

    Raises:
        InvalidInput: a tax group that the document does not have, or a credit below zero.
        Conflict: more than is left.
    """
    left = remainder(original, already)
    by_name = _needs_names(original.taxes)
    remaining = {_key(row, by_name): row for row in left.taxes}
    if new.total_amount * original.total_amount < 0:
        raise InvalidInput.at("/items", "A credit has positive amounts; this one is below zero.")
    for row in new.taxes:
        group = remaining.get(_key(row, by_name))
        name = f"{row.name} {row.rate:f} % ({row.category})"
        if group is None:
            raise InvalidInput.at("/items", f"The invoice has nothing under {name}.")
        if _exceeds(group.base, row.base) or _exceeds(group.tax, row.tax):
            raise _too_much(f"Of {name} only {group.base} and {group.tax} of tax")
    if _exceeds(left.net_total, new.net_total):
        raise _too_much(f"Without tax only {left.net_total}")
    if _exceeds(left.total_amount, new.total_amount):
        raise _too_much(f"Only {left.total_amount}")


def settle(original: Totals, already: Sequence[Totals], new: Totals) -> Totals:
    """The totals that a credit gets: as computed, but never a cent above what is left.

    A group whose base is credited to the end takes the group's remaining tax, and the credit that
    empties every group takes the remaining sums, so that all credits add up to the document.

    Raises:
        InvalidInput, Conflict: as ``check_credit``.
    """
    left = remainder(original, already)
    by_name = _needs_names(original.taxes)
    if _is_all_that_is_left(left, new, by_name, len(already)):
        result = _last_credit(left, new)
    else:
        result = _capped(left, new, by_name)
    check_credit(original, already, result)
    return result


def remaining_document(
    original: Document, credited: Sequence[tuple[Document, Totals]] = ()
) -> Document:
    """A document for all that is not credited yet; its totals go through ``settle``.

    Without earlier credits it has the original's lines. After partial credits it has one line per
    set of taxes, without tax in the price.

    Args:
        original: the invoice as issued.
        credited: each earlier credit with the totals that ``settle`` gave it.

    Raises:
        Conflict: nothing is left.
    """
    if not credited:
        plain = compute(replace(original, rounding=None))
        cash = compute(original).rounding - plain.rounding
        rounding = Rounding(amount=cash) if cash else None
        return replace(original, prepaid=(), rounding=rounding)
    by_name = any(len(item.taxes) > 1 for item in original.items)
    left = _group_nets(original, compute(original), by_name)
    for document, totals in credited:
        for key, (_, amount) in _group_nets(document, totals, by_name).items():
            if key in left:
                taxes, before = left[key]
                left[key] = (taxes, before - amount)
    items = tuple(
        Item(REMAINDER, Decimal(1 if amount > 0 else -1), abs(amount), taxes=taxes)
        for taxes, amount in left.values()
        if amount
    )
    if not items:
        raise Conflict("Everything on this invoice is credited already.")
    return Document(original.currency, items, withholding=original.withholding)


def chosen_document(original: Document, quantities: Mapping[int, Decimal]) -> Document:
    """A document for some of an invoice's lines, in whole or in part.

    Discounts and charges that are amounts are lowered to the credited share: a line's to its
    quantity's share, the document's to the share of its lines. Percentages stay. What was prepaid
    and rounded for cash is not mirrored.

    Args:
        original: the invoice as issued.
        quantities: how much is credited of a line, by its place; lines that are missing are not.

    Raises:
        InvalidInput: nothing is chosen, or more than a line holds.
    """
    items = []
    for place, quantity in sorted(quantities.items()):
        if not 0 <= place < len(original.items):
            raise InvalidInput.at(f"/items/{place}", "The invoice has no such item.")
        item = original.items[place]
        if quantity * item.quantity < 0 or abs(quantity) > abs(item.quantity):
            message = f"The invoice has {item.quantity:f} of this; credit at most that."
            raise InvalidInput.at(f"/items/{place}/quantity", message)
        if quantity:
            items.append(_part_of(item, quantity, original.currency))
    if not items:
        raise InvalidInput.at("/items", "Choose at least one item to credit.")
    chosen = replace(
        original, items=tuple(items), discounts=(), charges=(), prepaid=(), rounding=None
    )
    return _with_shares(original, chosen)


def _part_of(item: Item, quantity: Decimal, currency: str) -> Item:
    if quantity == item.quantity:
        return item
    share = quantity / item.quantity
    return replace(
        item,
        quantity=quantity,
        discounts=_shared(item.discounts, share, currency, ROUND_UP),
        charges=_shared(item.charges, share, currency, ROUND_DOWN),
    )


def _with_shares(original: Document, chosen: Document) -> Document:
    """The document's own discounts and charges, as far as they fall on the chosen lines."""
    bare = replace(original, discounts=(), charges=(), prepaid=(), rounding=None)
    part, whole = _entered(chosen), _entered(bare)
    if not whole:
        return chosen
    return replace(
        chosen,
        discounts=_shared(original.discounts, part / whole, original.currency, ROUND_UP, whole),
        charges=_shared(original.charges, part / whole, original.currency, ROUND_DOWN, whole),
    )


def _entered(document: Document) -> Decimal:
    """The sum of the lines as entered: with the tax where prices hold it."""
    return sum((line.total_price for line in compute(document).items), ZERO)


def _shared(
    adjustments: Sequence[Adjustment],
    share: Decimal,
    currency: str,
    rounding: str,
    whole: Decimal | None = None,
) -> tuple[Adjustment, ...]:
    """That share of each amount, rounded so that a credit is never an odd cent above what is left
    of its group: the last credit takes the remainder.

    Args:
        whole: what percentages without a base are of; such a percentage becomes its amount. None
            leaves percentages as they are.
    """
    return tuple(_share(each, share, currency, rounding, whole) for each in adjustments)


def _share(
    each: Adjustment, share: Decimal, currency: str, rounding: str, whole: Decimal | None
) -> Adjustment:
    step = quantum(currency)
    amount, of = each.amount, each.base if each.base is not None else whole
    if each.percent is not None:
        if of is None or share == 1:
            return each
        amount = round_money(of * each.percent / 100, currency)
    assert amount is not None  # noqa: S101 - either an amount or a percentage
    part = (amount * share / step).to_integral_value(rounding) * step
    return replace(each, amount=part, percent=None, base=None)


def _is_all_that_is_left(left: Totals, new: Totals, by_name: bool, earlier: int) -> bool:
    """True when the bases are the remaining ones. Where prices hold their tax, the nets of single
    credits may be off by a cent each, so there the advertised sums decide."""
    ours, theirs = _bases(new, by_name), _bases(left, by_name)
    if new.net_total == left.net_total and ours == theirs:
        return True
    if new.total_amount + new.rounding != left.total_amount + left.rounding:
        return False
    cents = Decimal(earlier + 2).scaleb(int(left.net_total.as_tuple().exponent))
    return ours.keys() == theirs.keys() and all(
        abs(ours[key] - theirs[key]) <= cents for key in ours
    )


def _last_credit(left: Totals, new: Totals) -> Totals:
    """What is left, made up of the lines, discounts and charges of ``new``."""
    subtotal = left.net_total + new.discount_total - new.charge_total
    items = list(new.items)
    odd = subtotal - new.subtotal
    if odd and items:
        place = max(range(len(items)), key=lambda index: abs(items[index].net_amount))
        items[place] = replace(items[place], net_amount=items[place].net_amount + odd)
    return replace(
        left,
        items=tuple(items),
        subtotal=subtotal,
        discount_total=new.discount_total,
        charge_total=new.charge_total,
        taxes=tuple(row for row in left.taxes if row.base or row.tax),
    )


def _capped(left: Totals, new: Totals, by_name: bool) -> Totals:
    """``new`` with the tax of each group at most what is left of it, and the sums after that."""
    remaining = {_key(row, by_name): row for row in left.taxes}
    taxes = []
    for row in new.taxes:
        group = remaining.get(_key(row, by_name))
        if group is not None and (row.base == group.base or _only_tax_exceeds(group, row)):
            row = replace(row, tax=group.tax)
        taxes.append(row)
    lower = sum((row.tax for row in taxes), ZERO) - new.tax_total
    if not lower:
        return new
    return replace(
        new,
        taxes=tuple(taxes),
        tax_total=new.tax_total + lower,
        total_amount=new.total_amount + lower,
        amount_due=new.amount_due + lower,
    )


def _only_tax_exceeds(group: TaxTotal, row: TaxTotal) -> bool:
    return _exceeds(group.tax, row.tax) and not _exceeds(group.base, row.base)


def _exceeds(left: Decimal, amount: Decimal) -> bool:
    """More than is left; for return lines, whose amounts are negative, further below zero."""
    after = left - amount
    return after < 0 < amount or amount < 0 < after


def _remaining_taxes(original: Totals, already: Sequence[Totals]) -> tuple[TaxTotal, ...]:
    by_name = _needs_names(original.taxes)
    bases: dict[GroupKey, Decimal] = {}
    taxes: dict[GroupKey, Decimal] = {}
    for credit in already:
        for row in credit.taxes:
            key = _key(row, by_name)
            bases[key] = bases.get(key, ZERO) + row.base
            taxes[key] = taxes.get(key, ZERO) + row.tax
    return tuple(
        replace(
            row,
            base=row.base - bases.get(_key(row, by_name), ZERO),
            tax=row.tax - taxes.get(_key(row, by_name), ZERO),
        )
        for row in original.taxes
    )


def _needs_names(rows: Sequence[TaxTotal]) -> bool:
    """True when category and rate alone do not tell the document's taxes apart."""
    return len({_key(row, False) for row in rows}) < len(rows)


def _key(row: TaxTotal, by_name: bool) -> GroupKey:
    return row.category, row.rate, row.compound, row.name if by_name else ""


def _bases(totals: Totals, by_name: bool) -> dict[GroupKey, Decimal]:
    """The base of each group that is not empty. Where taxes are compounded, a base holds rounded
    taxes, so only the groups themselves are comparable and the net total decides."""
    compounded = any(row.compound for row in totals.taxes)
    return {
        _key(row, by_name): ZERO if compounded else row.base for row in totals.taxes if row.base
    }


def _group_nets(
    document: Document, totals: Totals, by_name: bool
) -> dict[tuple[GroupKey, ...], tuple[tuple[Tax, ...], Decimal]]:
    """The net of each set of taxes. With one tax per line the settled totals say it; they may
    differ by cents from what the document would come to by itself."""
    nets = {
        tuple((t.category, t.rate, t.compound, t.name if by_name else "") for t in group.taxes): (
            group.taxes,
            group.amount,
        )
        for group in explain(document).groups
    }
    if not by_name:
        bases: dict[tuple[GroupKey, ...], Decimal] = {
            (_key(row, False),): row.base for row in totals.taxes
        }
        untaxed = totals.net_total - sum(bases.values(), ZERO)
        nets = {key: (taxes, bases.get(key, untaxed)) for key, (taxes, _) in nets.items()}
    return nets


def _sum(already: Sequence[Totals], name: str) -> Decimal:
    return sum((getattr(credit, name) for credit in already), ZERO)


def _too_much(left: str) -> Conflict:
    message = f"{left} is left to credit: lower the credit note to that."
    return Conflict(message, [FieldError("/items", message)])
