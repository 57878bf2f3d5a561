"""What may still be credited of an issued document, and how the last credit takes the remainder.

Amounts of a credit are positive, as those of the document it lowers. What was prepaid is not
mirrored: a full credit gives back the whole total, the prepaid money included.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from invoicer_core.domain.credit_course import (
    GroupKey,
    along,
    exceeds,
    key_of,
    last_credit,
    needs_names,
    rows_left,
)
from invoicer_core.domain.credit_parts import Course
from invoicer_core.domain.document import (
    ZERO,
    Document,
    Item,
    Rounding,
    Tax,
    TaxTotal,
    Totals,
)
from invoicer_core.domain.errors import Conflict, FieldError, InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.domain.totals import compute, explain

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
        taxes=rows_left(original, already, needs_names(original.taxes)),
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
    by_name = needs_names(original.taxes)
    remaining = {key_of(row, by_name): row for row in left.taxes}
    if new.total_amount * original.total_amount < 0:
        raise InvalidInput.at(
            "/items", say("A credit has positive amounts; this one is below zero.")
        )
    for row in new.taxes:
        group = remaining.get(key_of(row, by_name))
        name = f"{row.name} {row.rate:f} % ({row.category})"
        if group is None:
            raise InvalidInput.at(
                "/items", say("The invoice has nothing under %(name)s.", name=name)
            )
        if exceeds(group.base, row.base) or exceeds(group.tax, row.tax):
            raise _too_much(
                say(
                    "Of %(name)s only %(base)s and %(tax)s of tax",
                    name=name,
                    base=group.base,
                    tax=group.tax,
                )
            )
    if exceeds(left.net_total, new.net_total):
        raise _too_much(say("Without tax only %(net)s", net=left.net_total))
    if exceeds(left.total_amount, new.total_amount):
        raise _too_much(say("Only %(total)s", total=left.total_amount))


def settle(
    original: Totals, already: Sequence[Totals], new: Totals, course: Course | None = None
) -> Totals:
    """The totals that a credit gets: as computed, but never a cent above what is left.

    A group whose base is credited to the end takes the group's remaining tax, and the credit that
    empties every group takes the remaining sums, so that all credits add up to the document.

    Args:
        course: of a credit of the document's own lines. It then gets what the quantities up to its
            end come to, less what was credited before, however many credits share them.

    Raises:
        InvalidInput, Conflict: as ``check_credit``.
    """
    left = remainder(original, already)
    by_name = needs_names(original.taxes)
    followed = None if course is None else along(course, original, already, left, new, by_name)
    if followed is not None:
        result = followed
    elif _is_all_that_is_left(left, new, by_name, len(already)):
        result = last_credit(left, new)
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
        raise Conflict(say("Everything on this invoice is credited already."))
    return Document(original.currency, items, withholding=original.withholding)


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


def _capped(left: Totals, new: Totals, by_name: bool) -> Totals:
    """``new`` with the tax of each group at most what is left of it, and the sums after that."""
    remaining = {key_of(row, by_name): row for row in left.taxes}
    taxes = []
    for row in new.taxes:
        group = remaining.get(key_of(row, by_name))
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
    return exceeds(group.tax, row.tax) and not exceeds(group.base, row.base)


def _bases(totals: Totals, by_name: bool) -> dict[GroupKey, Decimal]:
    """The base of each group that is not empty. Where taxes are compounded, a base holds rounded
    taxes, so only the groups themselves are comparable and the net total decides."""
    compounded = any(row.compound for row in totals.taxes)
    return {
        key_of(row, by_name): ZERO if compounded else row.base for row in totals.taxes if row.base
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
            (key_of(row, False),): row.base for row in totals.taxes
        }
        untaxed = totals.net_total - sum(bases.values(), ZERO)
        nets = {key: (taxes, bases.get(key, untaxed)) for key, (taxes, _) in nets.items()}
    return nets


def _sum(already: Sequence[Totals], name: str) -> Decimal:
    return sum((getattr(credit, name) for credit in already), ZERO)


def _too_much(left: str) -> Conflict:
    message = say("%(left)s is left to credit: lower the credit note to that.", left=left)
    return Conflict(message, [FieldError("/items", message)])
