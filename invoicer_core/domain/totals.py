"""The totals of an invoice or credit note: one function for every place that shows or sends them.

``compute`` follows EN 16931 (BR-CO-10 to BR-CO-17, BR-DEC-*) and rounds exactly here: each line's
gross, each discount or charge, the tax of each group, and for prices that hold their tax the net
of each group. Sums of rounded amounts are never rounded again.

Lines without any tax count into the net total and have no line in the tax breakdown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from invoicer_core.domain.checks import check_document
from invoicer_core.domain.document import (
    ZERO,
    Adjustment,
    Document,
    Item,
    ItemTotals,
    Rounding,
    Tax,
    TaxTotal,
    Totals,
)
from invoicer_core.domain.errors import InvalidInput, InvoicerError
from invoicer_core.domain.money import CONTEXT, HUNDREDTH, LIMIT, quantum, shares
from invoicer_core.domain.saying import say
from invoicer_core.domain.tax import Group, TaxBook


@dataclass(frozen=True, slots=True)
class AdjustmentPart:
    """What one document discount or charge takes from one tax group, without tax [BG-20, BG-21].

    ``index`` is its place in the document's discounts or charges.
    """

    index: int
    taxes: tuple[Tax, ...]
    amount: Decimal


@dataclass(frozen=True, slots=True)
class GroupNet:
    """The net amount of all that carries the same taxes, after discounts and charges."""

    taxes: tuple[Tax, ...]
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Explanation:
    """How the totals came about: what a PDF prints and an e-invoice lists one by one.

    ``item_discounts`` and ``item_charges`` are the amounts of each line as entered.
    """

    totals: Totals
    item_discounts: tuple[tuple[Decimal, ...], ...]
    item_charges: tuple[tuple[Decimal, ...], ...]
    discounts: tuple[AdjustmentPart, ...]
    charges: tuple[AdjustmentPart, ...]
    groups: tuple[GroupNet, ...]


def compute(document: Document) -> Totals:
    """Every sum of the document.

    Raises:
        InvalidInput: with a JSON pointer into the document per faulty field.
    """
    return explain(document).totals


def explain(document: Document) -> Explanation:
    """The totals with the parts they are made of; raises as ``compute``."""
    step = quantum(document.currency)
    check_document(document, step)
    with localcontext(CONTEXT):
        return _Calculation(document, step).explanation()


@dataclass(slots=True)
class _Line:
    """A line as entered; ``net`` follows once its group is known."""

    group: Group
    gross: Decimal
    discounts: tuple[Decimal, ...]
    charges: tuple[Decimal, ...]
    discount: Decimal
    charge: Decimal
    entered: Decimal
    net: Decimal = ZERO


@dataclass(slots=True)
class _Part:
    """A share of a document discount (sign -1) or charge (sign 1)."""

    index: int
    sign: int
    group: Group
    entered: Decimal
    net: Decimal = ZERO


class _Calculation:
    """One run over one document, inside ``localcontext(CONTEXT)``."""

    def __init__(self, document: Document, step: Decimal) -> None:
        self._document = document
        self._step = step
        self._zero = ZERO.quantize(step)
        self._book = TaxBook(document.items)
        self._lines = [self._line(item, index) for index, item in enumerate(document.items)]
        self._entered = sum((line.entered for line in self._lines), self._zero)
        self._in_range(self._entered, "/items")
        self._parts: list[_Part] = []
        # Charges first: they may bring a tax group that a discount then names.
        self._adjust(document.charges, "charges", 1)
        self._adjust(document.discounts, "discounts", -1)
        if document.prices_include_tax:
            self._take_tax_out()
        else:
            self._keep_as_entered()

    # -- lines

    def _line(self, item: Item, index: int) -> _Line:
        gross = item.quantity * self._price(item, index)
        if item.base_quantity != 1:
            gross /= item.base_quantity
        gross = self._in_range(gross, f"/items/{index}").quantize(self._step) + ZERO
        discounts: tuple[Decimal, ...] = ()
        charges: tuple[Decimal, ...] = ()
        discount = charge = self._zero
        if item.discounts:
            discounts = self._amounts(item.discounts, gross, f"/items/{index}/discounts")
            discount = sum(discounts, ZERO)
        if item.charges:
            charges = self._amounts(item.charges, gross, f"/items/{index}/charges")
            charge = sum(charges, ZERO)
        entered = self._in_range(gross - discount + charge, f"/items/{index}")
        if discounts and (entered < 0 <= gross or (gross < 0 < gross - discount)):
            message = say(
                "The discounts (%(discount)s) are larger than the line (%(gross)s).",
                discount=discount,
                gross=gross + charge,
            )
            raise InvalidInput.at(f"/items/{index}/discounts", message)
        group = self._book.group(item.taxes)
        group.has_items = True
        group.entered += entered
        return _Line(group, gross, discounts, charges, discount, charge, entered)

    @staticmethod
    def _price(item: Item, index: int) -> Decimal:
        """The unit price after its own discounts, with all its digits [BT-146]."""
        price = item.unit_price
        if not item.price_discounts:
            return price
        for off in item.price_discounts:
            if off.amount is not None:
                price -= off.amount
            elif off.percent is not None:
                price -= item.unit_price * off.percent * HUNDREDTH
        if price < 0:
            message = say("The discounts on the price are larger than the price.")
            raise InvalidInput.at(f"/items/{index}/price_discounts", message)
        return price

    def _amounts(
        self, adjustments: Sequence[Adjustment], whole: Decimal, pointer: str
    ) -> tuple[Decimal, ...]:
        """Each discount or charge, rounded by itself; a percentage is of its base or ``whole``."""
        return tuple(
            self._amount(adjustment, whole, f"{pointer}/{index}")
            for index, adjustment in enumerate(adjustments)
        )

    def _amount(self, adjustment: Adjustment, whole: Decimal, pointer: str) -> Decimal:
        if adjustment.percent is not None:
            base = whole if adjustment.base is None else adjustment.base
            name, typed = "base", base
            amount = base * adjustment.percent * HUNDREDTH
        else:
            name, typed = "amount", adjustment.amount or ZERO
            amount = typed
        if typed < 0 <= whole:
            message = say(
                "This must not be negative; discounts and charges are the two directions."
            )
            raise InvalidInput.at(f"{pointer}/{name}", message)
        return self._in_range(amount, pointer).quantize(self._step) + ZERO

    # -- document discounts and charges

    def _adjust(self, adjustments: Sequence[Adjustment], kind: str, sign: int) -> None:
        for index, adjustment in enumerate(adjustments):
            pointer = f"/{kind}/{index}"
            amount = self._amount(adjustment, self._entered, pointer)
            for group, share in self._over_groups(adjustment, amount, pointer, sign):
                group.adjusted += sign * share
                self._parts.append(_Part(index, sign, group, share))
        if sign < 0 and adjustments:
            left = self._entered + sum((p.sign * p.entered for p in self._parts), ZERO)
            if left < 0 <= self._entered:
                message = say(
                    "The discounts are larger than the document, by %(value)s.", value=-left
                )
                raise InvalidInput.at(f"/{kind}/{len(adjustments) - 1}", message)

    def _over_groups(
        self, adjustment: Adjustment, amount: Decimal, pointer: str, sign: int
    ) -> list[tuple[Group, Decimal]]:
        """The groups an adjustment falls on: the named one, else all that have lines by share."""
        if adjustment.tax is not None:
            own = self._book.known(adjustment.tax)
            if own is None and sign < 0:
                message = say("No line and no charge of this document has this tax.")
                raise InvalidInput.at(f"{pointer}/tax", message)
            return [(self._book.group((own or adjustment.tax,)), amount)]
        groups = [group for group in self._book.groups if group.has_items]
        if len(groups) == 1:
            return [(groups[0], amount)]
        if not groups:
            return [(self._book.group(()), amount)]
        parts = shares(amount, [group.entered for group in groups], self._step)
        return list(zip(groups, parts, strict=True))

    # -- nets

    def _keep_as_entered(self) -> None:
        """Prices without tax: what was entered is the net."""
        for line in self._lines:
            line.net = line.entered
        for part in self._parts:
            part.net = part.entered
        for group in self._book.groups:
            group.net = group.entered + group.adjusted

    def _take_tax_out(self) -> None:
        """Prices that hold the tax: round the net once per group, then let the lines add up."""
        step = self._step
        for group in self._book.groups:
            factor = group.factor()
            group.net = ((group.entered + group.adjusted) / factor).quantize(step) + ZERO
            lines = [line for line in self._lines if line.group is group]
            parts = [part for part in self._parts if part.group is group]
            lines_net = group.net
            for part in parts:
                part.net = (part.entered / factor).quantize(step) + ZERO
                lines_net -= part.sign * part.net
            if lines:
                nets = _nets([line.entered for line in lines], factor, lines_net, step)
                for line, net in zip(lines, nets, strict=True):
                    line.net = net
            elif parts:
                parts[-1].net += parts[-1].sign * lines_net

    # -- sums

    def explanation(self) -> Explanation:
        """Add everything up."""
        for group in self._book.groups:
            group.add_to_rows(self._step)
        parts = [
            (part.sign, AdjustmentPart(part.index, part.group.taxes, part.net))
            for part in self._parts
        ]
        return Explanation(
            totals=self._totals(self._book.totals(self._step)),
            item_discounts=tuple(line.discounts for line in self._lines),
            item_charges=tuple(line.charges for line in self._lines),
            discounts=tuple(part for sign, part in parts if sign < 0),
            charges=tuple(part for sign, part in parts if sign > 0),
            groups=tuple(GroupNet(group.taxes, group.net) for group in self._book.groups),
        )

    def _totals(self, taxes: tuple[TaxTotal, ...]) -> Totals:
        zero = self._zero
        subtotal = sum((line.net for line in self._lines), zero)
        discounts = sum((part.net for part in self._parts if part.sign < 0), zero)
        charges = sum((part.net for part in self._parts if part.sign > 0), zero)
        net = subtotal - discounts + charges
        tax = sum((row.tax for row in taxes), zero)
        total = self._in_range(net + tax, "/items")
        rounding = zero
        if self._document.prices_include_tax:
            advertised = self._entered + sum((p.sign * p.entered for p in self._parts), zero)
            rounding = advertised - total
        withheld = self._withheld(net, total, subtotal)
        prepaid = sum(self._document.prepaid, zero).quantize(self._step)
        due = total - withheld - prepaid + rounding
        if self._document.rounding is not None:
            cash = _cash_rounding(self._document.rounding, due).quantize(self._step) + ZERO
            rounding += cash
            due += cash
        lines = tuple(
            ItemTotals(line.gross, line.discount, line.charge, line.entered, line.net)
            for line in self._lines
        )
        return Totals(
            lines, subtotal, discounts, charges, net, taxes, tax, total, withheld, prepaid,
            rounding, due,
        )  # fmt: skip

    def _withheld(self, net: Decimal, gross: Decimal, items: Decimal) -> Decimal:
        withheld = self._zero
        for kept in self._document.withholding:
            base = items if kept.on == "items" else gross if kept.on == "gross" else net
            withheld += (base * kept.rate * HUNDREDTH).quantize(self._step)
        return withheld

    @staticmethod
    def _in_range(amount: Decimal, pointer: str) -> Decimal:
        if -LIMIT < amount < LIMIT:
            return amount
        raise _too_large(pointer)


def _too_large(pointer: str) -> InvoicerError:
    return InvalidInput.at(pointer, say("This comes to an amount of more than 15 digits."))


def _nets(
    entered: Sequence[Decimal], factor: Decimal, whole: Decimal, step: Decimal
) -> list[Decimal]:
    """The net of each line, moved by single cents where that is needed to add up to ``whole``.

    The cents go to the lines whose own rounding was farthest off in that direction; a line of
    nothing stays nothing.
    """
    exact = [amount / factor for amount in entered]
    nets = [amount.quantize(step) + ZERO for amount in exact]
    odd = whole - sum(nets, ZERO)
    if not odd:
        return nets
    cent = step if odd > 0 else -step
    direction = 1 if odd > 0 else -1
    places = [place for place, amount in enumerate(entered) if amount] or [0]
    places.sort(key=lambda place: direction * (nets[place] - exact[place]))
    for turn in range(int(abs(odd) / step)):
        nets[places[turn % len(places)]] += cent
    return nets


def _cash_rounding(rounding: Rounding, due: Decimal) -> Decimal:
    """What is added to the amount due: as stated, or up to the nearest coin."""
    if rounding.increment is None:
        return rounding.amount or ZERO
    coins = (due / rounding.increment).quantize(Decimal(1))
    return coins * rounding.increment - due
