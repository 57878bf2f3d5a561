"""Credits of some of an invoice's lines: their document, and how far the invoice then is credited.

Each credit rounds by itself, so what single credits come to drifts away from the invoice, cent by
cent. A `Course` says what all quantities credited so far come to in one document; the difference
between two such points never drifts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, ROUND_UP, Decimal

from invoicer_core.domain.credit_typed import count_adjustments, typed_adjustments
from invoicer_core.domain.document import ZERO, Adjustment, Document, Item, Tax, Totals
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.money import quantum, round_money
from invoicer_core.domain.saying import say
from invoicer_core.domain.tax import TaxBook
from invoicer_core.domain.totals import compute


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Where a credit of quantities begins and ends: what the quantities up to there come to.

    ``before`` is None where nothing was credited, ``after`` where all quantities are or where so
    small a part can not be computed. Rounding alone may make ``tolerance`` between the credit as
    computed and the two points' difference.

    Attributes:
        own: this credit and all before it have the invoice's discounts and charges as
            `chosen_document` shares them out; nothing else was typed. What they come to then is
            decided by what is left alone, however far rounding moves it between tax groups.
        last: all quantities are credited with this one.
        shared: some line has several taxes, on one base.
    """

    before: Totals | None
    after: Totals | None
    tolerance: Decimal
    holds_tax: bool
    own: bool
    last: bool
    shared: bool


def course(original: Document, credited: Sequence[Document], new: Document) -> Course | None:
    """The course of a credit, if its lines are lines of the invoice and none holds too much.

    Earlier credits of anything else do not count into it.
    """
    taken: dict[int, Decimal] = {}
    own = True
    for document in credited:
        places = _places_of(original, document, taken)
        own = own and places is not None and _is_own(original, document, places, taken)
        _add(taken, places or {})
    mine = _places_of(original, new, taken)
    if mine is None:
        return None
    own = own and _is_own(original, new, mine, taken)
    there = {**taken}
    _add(there, mine)
    last = all(there.get(at, 0) == item.quantity for at, item in enumerate(original.items))
    before = after = None
    try:
        after = None if last else compute(chosen_document(original, there))
        before = compute(chosen_document(original, taken)) if any(taken.values()) else None
    except InvalidInput:  # too small a part to carry its share of the discounts
        if not own:
            return None
    return Course(
        before=before,
        after=after,
        tolerance=_roundings(new) * quantum(original.currency),
        holds_tax=original.prices_include_tax,
        own=own,
        last=last,
        shared=any(len(item.taxes) > 1 for item in original.items),
    )


def chosen_document(
    original: Document,
    quantities: Mapping[int, Decimal],
    earlier: Mapping[int, Decimal] | None = None,
) -> Document:
    """A document for some of an invoice's lines, in whole or in part.

    Discounts and charges that are amounts are lowered to the credited share: a line's to its
    quantity's share, the document's to the share of the lines they are on. Percentages of a line
    stay. What was prepaid and rounded for cash is not mirrored.

    Args:
        original: the invoice as issued.
        quantities: how much is credited of a line, by its place; lines that are missing are not.
        earlier: what was credited before; shares then are what those before have left of them.

    Raises:
        InvalidInput: nothing is chosen, or more than a line holds.
    """
    before = earlier or {}
    items = []
    for place, quantity in sorted(quantities.items()):
        if not 0 <= place < len(original.items):
            raise InvalidInput.at(f"/items/{place}", say("The invoice has no such item."))
        item = original.items[place]
        if quantity * item.quantity < 0 or abs(quantity) > abs(item.quantity):
            message = say(
                "The invoice has %(quantity)s of this; credit at most that.",
                quantity=format(item.quantity, "f"),
            )
            raise InvalidInput.at(f"/items/{place}/quantity", message)
        if quantity:
            items.append(_between(item, before.get(place, ZERO), quantity, original.currency))
    if not items:
        raise InvalidInput.at("/items", say("Choose at least one item to credit."))
    if tuple(items) == original.items:
        return replace(original, prepaid=(), rounding=None)
    there = {**before}
    _add(there, quantities)
    return _with_shares(original, tuple(items), before, there)


# --- lines ---------------------------------------------------------------------------------------


def _between(item: Item, begin: Decimal, quantity: Decimal, currency: str) -> Item:
    """The quantity of a line that follows on the first ones."""
    if quantity == item.quantity:
        return item
    end = _part_of(item, begin + quantity, currency)
    if not begin or not (item.discounts or item.charges):
        return replace(end, quantity=quantity)
    start = _part_of(item, begin, currency)
    bare = replace(item, quantity=quantity, discounts=(), charges=())
    gross = compute(Document(currency, (bare,))).items[0].gross_amount
    return replace(
        bare,
        discounts=_at_most(_differences(end.discounts, start.discounts), gross),
        charges=_differences(end.charges, start.charges),
    )


def _part_of(item: Item, quantity: Decimal, currency: str) -> Item:
    """The first so many of a line."""
    share = quantity / item.quantity
    bare = replace(item, quantity=quantity, discounts=(), charges=())
    charges = tuple(_share(each, share, currency, ROUND_DOWN) for each in item.charges)
    if not item.discounts:
        return replace(bare, charges=charges)
    gross = compute(Document(currency, (bare,))).items[0].gross_amount
    discounts = tuple(_share(each, share, currency, ROUND_UP) for each in item.discounts)
    return replace(bare, discounts=_at_most(discounts, gross), charges=charges)


def _differences(
    ends: Sequence[Adjustment], starts: Sequence[Adjustment]
) -> tuple[Adjustment, ...]:
    """What each amount grew by; percentages stay."""
    return tuple(
        replace(end, amount=max(end.amount - (start.amount or ZERO), ZERO))
        if end.amount is not None
        else end
        for end, start in zip(ends, starts, strict=True)
    )


def _at_most(discounts: tuple[Adjustment, ...], whole: Decimal) -> tuple[Adjustment, ...]:
    """The amounts among them lowered so far that they do not exceed the whole: they were rounded
    up. Percentages are left alone."""
    if whole < 0:
        return discounts
    result, left = [], whole
    for each in discounts:
        if each.amount is not None:
            each = replace(each, amount=max(min(each.amount, left), ZERO))
            left -= each.amount or ZERO
        result.append(each)
    return tuple(result)


def _share(each: Adjustment, share: Decimal, currency: str, rounding: str) -> Adjustment:
    """That share of an amount; a percentage of a base becomes one, any other stays.

    Rounded so that a credit by itself is never an odd cent above what is left of its group.
    """
    amount = each.amount
    if each.percent is not None:
        if each.base is None:
            return each
        amount = round_money(each.base * each.percent / 100, currency)
    assert amount is not None  # noqa: S101 - either an amount or a percentage
    step = quantum(currency)
    part = (amount * share / step).to_integral_value(rounding) * step
    return replace(each, amount=part, percent=None, base=None)


# --- the document's own discounts and charges ----------------------------------------------------


def _with_shares(
    original: Document,
    items: tuple[Item, ...],
    before: Mapping[int, Decimal],
    there: Mapping[int, Decimal],
) -> Document:
    """The chosen lines with the document's own discounts and charges, as far as they fall on
    them."""
    chosen = replace(original, items=items, discounts=(), charges=(), prepaid=(), rounding=None)
    if not original.discounts and not original.charges:
        return chosen
    start, end = _Scale.at(original, before), _Scale.at(original, there)
    parts = {}
    for kind, rounding in (("charges", ROUND_DOWN), ("discounts", ROUND_UP)):
        own = getattr(original, kind)
        grown = _differences(end.parts(own, rounding), start.parts(own, rounding))
        parts[kind] = tuple(each for each in grown if each.amount)
    taxes = [tax for item in items for tax in item.taxes]
    taxes += [each.tax for each in parts["charges"] if each.tax]
    discounts = tuple(
        each
        for each in parts["discounts"]
        if each.tax is None or any(_alike(each.tax, tax) for tax in taxes)
    )
    room = sum((line.total_price for line in compute(chosen).items), ZERO)
    room += sum((each.amount or ZERO for each in parts["charges"]), ZERO)
    return replace(chosen, charges=parts["charges"], discounts=_at_most(discounts, room))


Entered = Sequence[tuple[tuple[Tax, ...], Decimal]]


@dataclass(frozen=True, slots=True)
class _Scale:
    """How much of the invoice's lines is chosen, in all and of each tax.

    ``evenly`` is the share by quantities alone, for lines that are worth nothing.
    """

    currency: str
    book: TaxBook
    whole: Entered
    chosen: Entered
    evenly: Decimal

    @classmethod
    def at(cls, original: Document, quantities: Mapping[int, Decimal]) -> "_Scale":
        """With so much of each line."""
        bare = replace(original, discounts=(), charges=(), prepaid=(), rounding=None)
        whole, chosen, shares = _entered(bare), [], ZERO
        taken = [(place, quantity) for place, quantity in sorted(quantities.items()) if quantity]
        for place, quantity in taken:
            item, (taxes, amount) = original.items[place], whole[place]
            if quantity != item.quantity:  # exact: a rounded cent may be half of a small line
                amount = amount * quantity / item.quantity
            chosen.append((taxes, amount))
            shares += quantity / item.quantity
        evenly = shares / len(original.items)
        book = TaxBook(original.items)
        for item in original.items:
            book.group(item.taxes)
        return cls(original.currency, book, whole, chosen, evenly)

    def parts(self, adjustments: Sequence[Adjustment], rounding: str) -> tuple[Adjustment, ...]:
        """The chosen lines' share of each, as an amount: a percentage would be of other lines."""
        whole = sum((amount for _, amount in self.whole), ZERO)
        based = (
            replace(each, base=whole) if each.percent is not None and each.base is None else each
            for each in adjustments
        )
        return tuple(_share(each, self._share_of(each), self.currency, rounding) for each in based)

    def _share_of(self, adjustment: Adjustment) -> Decimal:
        """One that names a tax is on the lines with just this tax, any other on all."""
        own = None if adjustment.tax is None else self.book.known(adjustment.tax)
        if own is not None:
            on = sum((amount for taxes, amount in self.whole if _is(taxes, own)), ZERO)
            if on:
                return sum((a for taxes, a in self.chosen if _is(taxes, own)), ZERO) / on
        whole = sum((amount for _, amount in self.whole), ZERO)
        part = sum((amount for _, amount in self.chosen), ZERO)
        return part / whole if whole else self.evenly


def _is(taxes: tuple[Tax, ...], own: Tax) -> bool:
    return len(taxes) == 1 and _alike(taxes[0], own)


def _alike(one: Tax, other: Tax) -> bool:
    return (one.category, one.rate) == (other.category, other.rate)


def _entered(document: Document) -> Entered:
    """Each line's taxes and what was entered for it: with the tax where prices hold it."""
    sums = compute(document).items
    return [(item.taxes, line.total_price) for item, line in zip(document.items, sums, strict=True)]


# --- which lines these are -----------------------------------------------------------------------


def _places_of(
    original: Document, document: Document, taken: Mapping[int, Decimal]
) -> dict[int, Decimal] | None:
    """How much of which of the invoice's lines a credit's lines are; None if any is something
    else, or more than is left of it."""
    if document.prices_include_tax != original.prices_include_tax:
        return None
    found: dict[int, Decimal] = {}
    for item in document.items:
        wanted = item.quantity
        for place in _likely(original, item, taken, found):
            left = original.items[place].quantity - taken.get(place, ZERO) - found.get(place, ZERO)
            part = wanted if abs(wanted) <= abs(left) else left
            found[place] = found.get(place, ZERO) + part
            wanted -= part
            if not wanted:
                break
        if wanted:
            return None
    return found


def _likely(
    original: Document, item: Item, taken: Mapping[int, Decimal], found: Mapping[int, Decimal]
) -> list[int]:
    """The places of the lines that this one may be a part of, the best one first: not in this
    credit yet, with all its quantity, and with just these discounts and charges."""
    ranked = []
    for place, own in enumerate(original.items):
        before = taken.get(place, ZERO)
        left = own.quantity - before - found.get(place, ZERO)
        if left * item.quantity <= 0 or not _same(own, item):
            continue
        fits = abs(item.quantity) <= abs(left)
        part = _between(own, before, item.quantity, original.currency) if fits else own
        alike = fits and (part.discounts, part.charges) == (item.discounts, item.charges)
        ranked.append((place in found, not fits, not alike, place))
    return [rank[-1] for rank in sorted(ranked)]


def _same(one: Item, other: Item) -> bool:
    return _known_by(one) == _known_by(other)


def _known_by(item: Item) -> tuple[object, ...]:
    """All that does not change with the quantity."""
    return (
        item.product_id, item.description, item.unit, item.unit_price, item.base_quantity,
        item.price_discounts, tuple((t.category, t.rate, t.compound, t.name) for t in item.taxes),
        tuple(each.percent for each in item.discounts if each.base is None),
        tuple(each.percent for each in item.charges if each.base is None),
    )  # fmt: skip


def _add(taken: dict[int, Decimal], more: Mapping[int, Decimal]) -> None:
    for place, quantity in more.items():
        taken[place] = taken.get(place, ZERO) + quantity


def _roundings(document: Document) -> int:
    """How often an amount is rounded: each may differ by one unit from its exact share."""
    lines = sum(1 + len(item.discounts) + len(item.charges) for item in document.items)
    groups = len({tax for item in document.items for tax in item.taxes}) + 1
    adjustments = len(document.discounts) + len(document.charges)
    return lines + 2 * groups + 2 * adjustments * groups + len(document.withholding)


# --- whether nothing else was typed --------------------------------------------------------------


def _is_own(
    original: Document,
    document: Document,
    places: Mapping[int, Decimal],
    taken: Mapping[int, Decimal],
) -> bool:
    """Whether the discounts and charges are those of these quantities, but for rounding.

    They are compared as typed: on the totals, a cent may weigh much more.
    """
    try:
        ours = chosen_document(original, places, taken)
        typed, expected = typed_adjustments(document), typed_adjustments(ours)
    except InvalidInput:
        return False
    kept = [[(each.rate, each.on) for each in one.withholding] for one in (document, ours)]
    most = quantum(original.currency) * max(count_adjustments(document), count_adjustments(ours))
    return kept[0] == kept[1] and all(
        abs(typed.get(key, ZERO) - expected.get(key, ZERO)) <= most
        for key in typed.keys() | expected.keys()
    )
