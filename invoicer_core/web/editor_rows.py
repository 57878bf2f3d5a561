"""Draws the rows of the editor: two hundred of them in a few milliseconds.

The template draws one row with marks in place of its values; each row without a remark is that
text with its own values put in. Rows with remarks are drawn by the template itself.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from secrets import token_hex

from flask_babel import gettext as _
from markupsafe import Markup, escape

from invoicer_core.domain.snapshots import TaxRateSnapshot
from invoicer_core.web import formats, words
from invoicer_core.web.forms.invoice import InvoiceForm
from invoicer_core.web.forms.rows import Row

OPTION = Markup('<option value="{}"{}>{}</option>')
SELECTED = Markup(" selected")


@dataclass(slots=True, kw_only=True)
class ShownRow:
    """A row as the template draws it: text, and choices that are drawn already."""

    key: str
    item_id: str = ""
    product_id: str = ""
    description: str = ""
    details: str = ""
    quantity: str = ""
    price: str = ""
    discount: str = ""
    charge: str = ""
    charge_for: str = ""
    amount: str = ""
    opened: str = ""
    off: str = ""
    units: str = ""
    taxes: str = ""
    more_taxes: str = ""


NAMES = tuple(each.name for each in fields(ShownRow))


class Drawing:
    """What all rows of one page share: the choices, and the text of an empty row."""

    def __init__(self, rates: Sequence[TaxRateSnapshot]) -> None:
        self._rates = {str(rate.id): f"{rate.name} {formats.percent(rate.rate)}" for rate in rates}
        self._known: dict[tuple[str, str, str], Markup] = {}
        self._marks = {name: f"m{token_hex(8)}" for name in NAMES}

    def shown(self, row: Row) -> ShownRow:
        """The row with its choices drawn."""
        return ShownRow(
            key=row.key,
            item_id=row.item_id,
            product_id=row.product_id,
            description=row.description,
            details=row.details,
            quantity=row.quantity,
            price=row.price,
            discount=row.discount,
            charge=row.charge,
            charge_for=row.charge_for,
            amount=row.amount,
            opened=Markup(" open") if row.has_more else "",
            off=self._options("off", row.discount_kind),
            units=self._options("units", row.unit),
            taxes=self._options("taxes", row.tax, row.kept_tax),
            more_taxes=Markup("").join(self.more_tax(row.key, each) for each in row.more_taxes),
        )

    def rows(self, form: InvoiceForm, draw: Callable[[ShownRow, InvoiceForm], str]) -> Markup:
        """All rows of the form.

        Args:
            draw: the template's own way to draw one.
        """
        chunks = re.split(
            f"({'|'.join(self._marks.values())})", str(draw(ShownRow(**self._marks), form))
        )
        of_mark = {mark: name for name, mark in self._marks.items()}
        places = [of_mark.get(chunk) for chunk in chunks]
        remarks = " ".join(form.errors)
        drawn = [
            draw(self.shown(row), form)
            if row.key in remarks
            else _filled(self.shown(row), chunks, places)
            for row in form.rows
        ]
        return Markup("").join(drawn)

    def more_tax(self, key: str, chosen: str = "", *, fresh: bool = False) -> Markup:
        """The field of one more tax of an item."""
        return Markup(
            '<select class="form-select" name="item-more-tax-{}" aria-label="{}"{}>{}</select>'
        ).format(
            key,
            _("Another tax on this item"),
            Markup(" data-focus-new") if fresh else "",
            self._options("more", chosen),
        )

    @cached_property
    def _choices(self) -> Mapping[str, list[tuple[str, str]]]:
        rates = list(self._rates.items())
        return {
            "off": [("percent", "%"), ("amount", _("amt"))],
            "units": words.units(),
            "taxes": [*rates, ("none", _("No tax"))],
            "more": [("none", _("No further tax")), *rates],
        }

    def _options(self, kind: str, chosen: str, kept: str = "") -> Markup:
        """The options of a select, drawn once for each choice."""
        found = self._known.get((kind, chosen, kept))
        if found is None:
            options = list(self._choices[kind])
            if kept:
                options.insert(0, ("keep", kept))
            if kind == "units" and chosen and chosen not in dict(options):
                options.append((chosen, chosen))
            found = Markup("").join(
                OPTION.format(value, SELECTED if value == chosen else "", text)
                for value, text in options
            )
            self._known[kind, chosen, kept] = found
        return found


def _filled(row: ShownRow, chunks: Sequence[str], places: Sequence[str | None]) -> Markup:
    return Markup(  # noqa: S704 - the template's own text, and escaped values
        "".join(
            chunk if name is None else escape(getattr(row, name))
            for chunk, name in zip(chunks, places, strict=True)
        )
    )
