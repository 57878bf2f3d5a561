"""Products from a table: every row is checked before the first one is written, and all of them
come in one transaction, or none."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import InvalidInput, InvoicerError
from invoicer_core.domain.saying import say
from invoicer_core.models import db
from invoicer_core.models.catalog import Product
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import products, table_import, tasks
from invoicer_core.services.table_import import (
    FAULTS_SHOWN,
    Fault,
    by_word,
    faults_of,
    plain,
    read,
    refuse,
    require,
)
from invoicer_core.services.table_reading import Cell, Table
from invoicer_core.services.tasks import Running
from invoicer_core.services.transaction import transaction

KIND: Final = "product-import"
TEXTS: Final = ("name", "sku", "description", "category", "unit")
NUMBERS: Final = ("unit_price", "cost_price", "tax_rate", "stock_quantity", "low_stock_level")
FIELDS: Final = (*TEXTS, *NUMBERS)
REQUIRED: Final = ("name", "unit_price")

Mark = Literal[".", ","]

_HEADINGS: Final[Mapping[str, str]] = {
    "name": "name product title artikel bezeichnung produkt nom produit désignation nombre producto"
    " item",
    "sku": "sku number articlenumber articleno itemnumber code artikelnummer artikelnr référence"
    " reference referencia codigo código",
    "description": "description beschreibung details text descripción",
    "category": "category group kategorie warengruppe catégorie categorie categoría categoria",
    "unit": "unit einheit unité unite unidad",
    "unit_price": "price unitprice netprice salesprice preis einzelpreis verkaufspreis nettopreis"
    " prix prixunitaire precio",
    "cost_price": "cost costprice purchaseprice einkaufspreis ek coût cout prixdachat coste",
    "tax_rate": "tax vat taxrate vatrate mwst ust steuersatz steuer tva taxe iva impuesto",
    "stock_quantity": "stock instock quantity qty bestand lagerbestand menge quantité existencias",
    "low_stock_level": "lowstocklevel alertlevel minimumstock reorderlevel mindestbestand"
    " meldebestand seuil stockminimum mínimo",
}
_KNOWN: Final = by_word(_HEADINGS)
_SIGNS: Final = re.compile(r"[\s\u00a0\u202f'\u2019%€$£]|EUR|USD|GBP|CHF")


@dataclass(frozen=True, slots=True)
class Wish:
    """How a file is to be read.

    Args:
        columns: field -> number of its column, from 0.
        mark: what stands before the decimals of numbers that are written as text.
        update: change products that are there already (by number, else by name); otherwise such
            rows are left out.
    """

    columns: Mapping[str, int]
    mark: Mark = "."
    update: bool = False

    def as_json(self) -> dict[str, Any]:
        """For a task's data."""
        return {"columns": dict(self.columns), "mark": self.mark, "update": self.update}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One row that may be written; ``product_id`` is the product it changes."""

    line: int
    fields: Mapping[str, Any]
    product_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would happen. Nothing is written while there are faults."""

    entries: tuple[_Entry, ...]
    left_out: int
    faults: tuple[Fault, ...]

    @property
    def added(self) -> int:
        """How many products come in."""
        return sum(1 for entry in self.entries if entry.product_id is None)

    @property
    def changed(self) -> int:
        """How many products there are get other values."""
        return len(self.entries) - self.added


def guess(header: Sequence[str], labels: Mapping[str, str]) -> dict[str, int]:
    """Which column holds which field, by the headings.

    Args:
        labels: field -> its heading in the reader's language, as the export writes it.
    """
    return table_import.guess(
        header, {**_KNOWN, **{plain(label): field for field, label in labels.items()}}
    )


def plan(*, table: Table, wish: Wish, by: Actor) -> Plan:
    """Check every row against the rules of products, without writing any.

    Raises:
        InvalidInput: a required field has no column (``/columns/name``).
    """
    require(wish.columns, REQUIRED)
    there = _there(table, wish)
    entries: list[_Entry] = []
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    left_out = 0
    for line, row in zip(table.lines, table.rows, strict=True):
        fields, wrong = _fields(row, line, table.header, wish)
        key = _key(fields)
        if key in seen:
            words = say("The same product stands in line %(line)s already.", line=seen[key])
            wrong.append(Fault(line=line, column="", message=words))
        seen.setdefault(key, line)
        product_id = there.get(key)
        if product_id is not None and not wish.update:
            left_out += 1
            continue
        wrong += _refusals(fields, line, table.header, wish, by) if not wrong else []
        faults += wrong
        entries.append(_Entry(line=line, fields=fields, product_id=product_id))
    return Plan(entries=tuple(entries), left_out=left_out, faults=tuple(faults[:FAULTS_SHOWN]))


def apply(*, plan: Plan, by: Actor) -> None:
    """Write what was planned, in one transaction.

    Raises:
        InvalidInput: there are faults, or a row was refused after all; then nothing is written.
    """
    refuse(plan.faults)
    with transaction(by=by) as unit:
        for entry in plan.entries:
            try:
                if entry.product_id is None:
                    products.create(fields=entry.fields, by=by)
                else:
                    products.update(product_id=entry.product_id, fields=entry.fields, by=by)
            except InvoicerError as error:
                fault = Fault(line=entry.line, column="", message=error.detail)
                raise InvalidInput(fault.said) from error
        unit.record("products.imported", added=plan.added, changed=plan.changed)


def summary(done: Plan) -> str:
    """What an import did, in a sentence."""
    added = ngettext("%(num)s product added", "%(num)s products added", done.added)
    changed = ngettext("%(num)s changed", "%(num)s changed", done.changed)
    left = ngettext("%(num)s left out", "%(num)s left out", done.left_out)
    return str(_("%(added)s, %(changed)s, %(left)s.", added=added, changed=changed, left=left))


@tasks.work(KIND)
def import_products(task: Running) -> None:
    """The import as a background task: checked anew, because time has passed. What is written and
    that it is done commit together."""
    data = task.data
    table = read(file_id=int(data["file_id"]))
    task.progress(0, len(table.rows))
    wished = data["wish"]
    wish = Wish(columns=wished["columns"], mark=wished["mark"], update=wished["update"])
    found = plan(table=table, wish=wish, by=task.by)
    with transaction(by=task.by):
        apply(plan=found, by=task.by)
        task.progress(len(table.rows), len(table.rows))
        task.finish(message=summary(found))


def _fields(
    row: Sequence[Cell], line: int, header: Sequence[str], wish: Wish
) -> tuple[dict[str, Any], list[Fault]]:
    """The fields of a row; an empty cell says nothing about its field."""
    fields: dict[str, Any] = {}
    faults = []
    for field, column in wish.columns.items():
        cell = row[column] if column < len(row) else ""
        if cell == "":
            continue
        if field in TEXTS:
            fields[field] = f"{cell:f}" if isinstance(cell, Decimal) else cell
            continue
        number = cell if isinstance(cell, Decimal) else _number(cell, wish.mark)
        if number is None:
            words = say("“%(text)s” is not a number.", text=str(cell)[:40])
            faults.append(Fault(line=line, column=header[column], message=words))
        else:
            fields[field] = number
    return fields, faults


def _number(text: str, mark: Mark) -> Decimal | None:
    """A number as people write it; marks between thousands only where they belong."""
    other = "," if mark == "." else "."
    plain = _SIGNS.sub("", text)
    whole = rf"-?[0-9]{{1,15}}(?:{re.escape(mark)}[0-9]{{1,10}})?"
    grouped = rf"-?[0-9]{{1,3}}(?:{re.escape(other)}[0-9]{{3}})+(?:{re.escape(mark)}[0-9]{{1,10}})?"
    if not re.fullmatch(f"{whole}|{grouped}", plain, re.ASCII):
        return None
    return Decimal(plain.replace(other, "").replace(mark, "."))


def _refusals(
    fields: Mapping[str, Any], line: int, header: Sequence[str], wish: Wish, by: Actor
) -> list[Fault]:
    """What the rules of products say against a row."""
    try:
        products.check(fields=fields, by=by)
    except InvoicerError as refusal:
        if not refusal.fields:
            return [Fault(line=line, column="", message=refusal.detail)]
        return faults_of(line, header, wish.columns, refusal.fields)
    return []


def _key(fields: Mapping[str, Any]) -> str:
    """By what a product is known again: its number, else its name."""
    number = str(fields.get("sku") or "").strip().lower()
    return f"sku {number}" if number else f"name {str(fields.get('name') or '').strip().lower()}"


def _there(table: Table, wish: Wish) -> dict[str, int]:
    """The products of the catalogue by their keys; of several with one name, the oldest."""
    if not table.rows:
        return {}
    rows = db.session.execute(
        select(Product.id, func.lower(Product.sku), func.lower(Product.name))
        .where(Product.business_id == current_business_id(), Product.deleted_at.is_(None))
        .order_by(Product.id.desc())
    )
    found: dict[str, int] = {}
    by_number = "sku" in wish.columns
    for product_id, number, name in rows:
        found[f"name {name}"] = product_id
        if by_number and number:
            found[f"sku {number}"] = product_id
    return found
