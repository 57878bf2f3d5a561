"""Two people wrote one draft: what differs, field by field, and the choice between them.

Three versions are compared: the one that the visitor started from (``base``), the one that is
stored now (``theirs``) and what the visitor typed (``yours``). Where only one side changed a
field, that side is proposed; where both did, the visitor's own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Final, Literal

from babel import Locale
from flask_babel import gettext as _

from invoicer_core.web.forms.invoice import InvoiceForm
from invoicer_core.web.forms.reading import typed_number
from invoicer_core.web.forms.rows import Row

Side = Literal["yours", "theirs"]
CHOICE: Final = "choose-"
CELLS: Final = (
    "description", "details", "quantity", "unit", "price", "discount", "charge", "taxes",
)  # fmt: skip
NUMBERS: Final = frozenset({"quantity", "price", "discount", "charge"})
FIELDS: Final = (
    "client", "issue_date", "due_date", "currency", "purchase_order", "payment_terms", "notes",
    "internal_note", "prices_include_tax", "discount", "prepaid", "withholding", "rounding",
    "extras",
)  # fmt: skip
_WITH: Final = {
    "discount": ("discount_kind",), "withholding": ("withholding_on",),
    "client": ("new_name", "new_email", "new_address", "new_postcode", "new_city", "new_country"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs. ``place`` is the number of its item, None for the whole draft;
    ``name`` ``item`` means that the item is missing on one side (shown as an empty text)."""

    key: str
    name: str
    place: int | None
    yours: str
    theirs: str
    proposed: Side


@dataclass(frozen=True, slots=True)
class Pair:
    """One item in the three versions, as far as it is there."""

    base: Row | None
    yours: Row | None
    theirs: Row | None


class Comparison:
    """What differs between what the visitor typed and what is stored now."""

    def __init__(
        self, yours: InvoiceForm, theirs: InvoiceForm, base: InvoiceForm | None, show: "Shown"
    ) -> None:
        self.yours, self.theirs, self.base, self._show = yours, theirs, base, show
        self.pairs = list(_pairs(yours, theirs, base))

    def differences(self) -> list[Difference]:
        """Every field that somebody else changed and that is not the same in both."""
        return [*self._of_document(), *self._of_items()]

    def merged(self, chosen: Mapping[str, str]) -> InvoiceForm:
        """The visitor's form with the chosen fields taken from the stored draft.

        Args:
            chosen: ``yours`` or ``theirs`` by the differences' keys; what is missing stays yours.
        """
        form = replace(self.yours, values=dict(self.yours.values))
        taken = {key for key, side in chosen.items() if side == "theirs"}
        for each in self._of_document():
            if each.key in taken:
                self._take(form, each.name)
            elif each.name == "extras":  # their places in the stored draft are others now
                form.extras = [replace(extra, kept="") for extra in form.extras or ()]
        form.rows = [row for pair in self.pairs if (row := self._row(pair, taken)) is not None]
        return form

    def _take(self, form: InvoiceForm, name: str) -> None:
        if name == "extras":
            form.extras = self.theirs.extras
            return
        for field in (name, *_WITH.get(name, ())):
            form.values[field] = self.theirs.get(field)

    def _row(self, pair: Pair, taken: set[str]) -> Row | None:
        if pair.yours is None or pair.theirs is None:
            return pair.theirs if f"row-{_key(pair)}" in taken else pair.yours
        row = replace(pair.yours, item_id=pair.theirs.item_id)
        for cell in CELLS:
            if f"row-{_key(pair)}-{cell}" in taken:
                _take_cell(row, pair.theirs, cell)
        return row

    def _of_document(self) -> Iterator[Difference]:
        for name in FIELDS:
            yours, theirs = (self._value(form, name) for form in (self.yours, self.theirs))
            base = self._value(self.base, name) if self.base else None
            if yours == theirs or theirs == base:
                continue
            side: Side = "theirs" if yours == base else "yours"
            mine, other = self._show(self.yours, name), self._show(self.theirs, name)
            yield Difference(name, name, None, mine, other, side)

    def _value(self, form: InvoiceForm, name: str) -> object:
        if name == "extras":
            return tuple(
                (each.kind, _plain(each.size, form.locale), each.unit, each.reason, each.tax)
                for each in form.extras or ()
                if not each.blank
            )
        values: list[object] = [form.get(each) for each in (name, *_WITH.get(name, ()))]
        if name in ("discount", "withholding", "prepaid"):
            values[0] = _plain(form.get(name), form.locale)
            return tuple(values) if values[0] else ()
        if name == "client" and values[0] != "new":
            return (values[0],)
        return tuple(str(value).replace("\r\n", "\n") for value in values)

    def _of_items(self) -> Iterator[Difference]:
        for place, pair in enumerate(self.pairs, 1):
            if pair.yours is None or pair.theirs is None:
                if (missing := self._missing(pair, place)) is not None:
                    yield missing
                continue
            for cell in CELLS:
                yours, theirs, base = (
                    _cell(row, cell, self.yours.locale) if row else None
                    for row in (pair.yours, pair.theirs, pair.base)
                )
                if yours == theirs or theirs == base:
                    continue
                side: Side = "theirs" if yours == base else "yours"
                mine = self._show.cell(pair.yours, cell)
                other = self._show.cell(pair.theirs, cell)
                yield Difference(f"row-{_key(pair)}-{cell}", cell, place, mine, other, side)

    def _missing(self, pair: Pair, place: int) -> Difference | None:
        """An item that one side added or removed; None where only the visitor did."""
        locale = self.yours.locale
        if pair.theirs is None and pair.base is None:
            return None
        started, mine, other = (
            _cells(row, locale) if row else None for row in (pair.base, pair.yours, pair.theirs)
        )
        if mine is None and started == other:
            return None
        side: Side = "theirs" if started is None or mine == started else "yours"
        mine_shown, other_shown = (
            self._show.row(row) if row else "" for row in (pair.yours, pair.theirs)
        )
        return Difference(f"row-{_key(pair)}", "item", place, mine_shown, other_shown, side)


@dataclass(frozen=True, slots=True)
class Shown:
    """How values are shown to people: by the words of the page."""

    words: Callable[[InvoiceForm, str], str]
    units: Mapping[str, str]
    taxes: Mapping[str, str]

    def __call__(self, form: InvoiceForm, name: str) -> str:
        """A field of the whole draft in words."""
        return self.words(form, name)

    def cell(self, row: Row, name: str) -> str:
        """A cell of an item in words."""
        if name == "unit":
            return self.units.get(row.unit, row.unit)
        if name == "taxes":
            chosen = [self.taxes.get(each, row.kept_tax) for each in (row.tax, *row.more_taxes)]
            return " + ".join(each for each in chosen if each) or _("No tax")
        if name == "discount" and row.discount and row.discount_kind == "percent":
            return f"{row.discount} %"
        if name == "charge" and row.charge:
            return f"{row.charge} {row.charge_for}".strip()
        return str(getattr(row, name))

    def row(self, row: Row) -> str:
        """A whole item in words."""
        parts = {"what": row.description, "quantity": row.quantity, "price": row.price}
        return str(_("%(what)s, %(quantity)s at %(price)s", **parts))


def choices(sent: Mapping[str, str]) -> dict[str, str]:
    """What was chosen in the form that was sent, by the differences' keys."""
    return {
        name.removeprefix(CHOICE): value for name, value in sent.items() if name.startswith(CHOICE)
    }


def _pairs(yours: InvoiceForm, theirs: InvoiceForm, base: InvoiceForm | None) -> Iterator[Pair]:
    """Items that belong together, in the visitor's order; those that others added come last."""
    if base is None:
        yield from _pairs_of_two(yours, theirs)
        return
    started = base.rows
    new_of = dict(_matched(started, theirs.rows, yours.locale))
    by_id = {row.item_id: at for at, row in enumerate(started) if row.item_id}
    seen: set[int] = set()
    for row in yours.used_rows:
        at = by_id.get(row.item_id)
        if at is None or at in seen:
            yield Pair(None, row, None)
            continue
        seen.add(at)
        other = new_of.get(at)
        yield Pair(started[at], row, theirs.rows[other] if other is not None else None)
    for at, row in enumerate(started):
        if at not in seen and (other := new_of.get(at)) is not None:
            yield Pair(row, None, theirs.rows[other])
    known = set(new_of.values())
    for at, row in enumerate(theirs.rows):
        if at not in known:
            yield Pair(None, None, row)


def _pairs_of_two(yours: InvoiceForm, theirs: InvoiceForm) -> Iterator[Pair]:
    """Where it is not known any more what the visitor started from."""
    mine = yours.used_rows
    other_of = dict(_matched(mine, theirs.rows, yours.locale))
    for at, row in enumerate(mine):
        other = other_of.get(at)
        yield Pair(None, row, theirs.rows[other] if other is not None else None)
    known = set(other_of.values())
    for at, row in enumerate(theirs.rows):
        if at not in known:
            yield Pair(None, None, row)


def _matched(old: Sequence[Row], new: Sequence[Row], locale: Locale) -> Iterator[tuple[int, int]]:
    """Which item of the newer version is which of the older one: equal ones first, then those
    that stand at the same place between them."""
    first = [_cells(row, locale) for row in old]
    second = [_cells(row, locale) for row in new]
    for _tag, i1, i2, j1, j2 in SequenceMatcher(None, first, second, False).get_opcodes():
        yield from zip(range(i1, i2), range(j1, j2), strict=False)


def _cells(row: Row, locale: Locale) -> tuple[object, ...]:
    return tuple(_cell(row, cell, locale) for cell in CELLS)


def _cell(row: Row, name: str, locale: Locale) -> object:
    if name == "taxes":
        return (row.tax or "none", *row.more_taxes, row.kept_tax if row.tax == "keep" else "")
    value = _plain(getattr(row, name), locale) if name in NUMBERS else getattr(row, name)
    if name == "discount":
        return (value, row.discount_kind) if value else ()
    if name == "charge":
        return (value, row.charge_for) if value else ()
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _take_cell(row: Row, source: Row, name: str) -> None:
    names = {"discount": ("discount", "discount_kind"), "charge": ("charge", "charge_for"),
             "taxes": ("tax", "more_taxes", "kept_tax")}  # fmt: skip
    for each in names.get(name, (name,)):
        setattr(row, each, getattr(source, each))


def _key(pair: Pair) -> str:
    """The same at each comparison of the same versions."""
    row = pair.yours or pair.theirs
    return (row.item_id or row.key) if row is not None else ""


def _plain(text: str, locale: Locale) -> object:
    """Equal for texts that mean the same number."""
    try:
        return typed_number(text, locale) if text else ""
    except ValueError:
        return text
