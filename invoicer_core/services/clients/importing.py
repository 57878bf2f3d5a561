"""Clients from a table: every row is checked before the first one is written, and all of them come
in one transaction, or none. The file is thrown away afterwards: it holds personal data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from babel import Locale
from flask_babel import ngettext
from sqlalchemy import func, select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.models import db
from invoicer_core.models.parties import Client
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import clients, files, table_import, tasks
from invoicer_core.services.parties import check_party
from invoicer_core.services.table_import import (
    FAULTS_SHOWN,
    Fault,
    by_word,
    faults_of,
    read,
    refuse,
    require,
)
from invoicer_core.services.table_reading import Cell, Table
from invoicer_core.services.transaction import transaction

KIND: Final = "client_import"
REQUIRED: Final = ("name",)
FIELDS: Final = (
    "name", "legal_name", "email", "phone", "address", "postcode", "city", "country", "vat_id",
    "tax_number", "currency", "locale", "payment_terms_days", "buyer_reference", "notes",
)  # fmt: skip

_HEADINGS: Final[Mapping[str, str]] = {
    "name": "name client customer company firma kunde name1 nom societe société nombre empresa"
    " cliente",
    "legal_name": "legalname firmenname raisonsociale razonsocial",
    "email": "email mail emailaddress courriel correo correoelectronico",
    "phone": "phone telephone tel telefon telefono teléfono téléphone",
    "address": "address street address1 strasse straße anschrift adresse rue direccion dirección",
    "postcode": "postcode zip zipcode postalcode plz codepostal codigopostal cp",
    "city": "city town ort stadt ville ciudad",
    "country": "country land pays pais país countrycode",
    "vat_id": "vatid vat vatnumber ustid ustidnr uid tva numerotva nif cif",
    "tax_number": "taxnumber steuernummer steuernr",
    "currency": "currency waehrung währung devise moneda",
    "locale": "language locale sprache langue idioma",
    "payment_terms_days": "paymentterms terms days zahlungsziel delai plazo",
    "buyer_reference": "reference buyerreference leitwegid referenz",
    "notes": "notes note comment notizen bemerkung remarques notas",
}
_KNOWN: Final = by_word(_HEADINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would happen. Nothing is written while there are faults.

    Args:
        entries: the fields of each client that comes in.
        left_out: rows of clients that are there already, by e-mail address or else by name.
    """

    entries: tuple[Mapping[str, Any], ...]
    left_out: int
    faults: tuple[Fault, ...]


def guess(header: Sequence[str]) -> dict[str, int]:
    """Which column holds which field, by the headings."""
    return table_import.guess(header, _KNOWN)


def plan(*, table: Table, columns: Mapping[str, int]) -> Plan:
    """Check every row against the rules of clients, without writing any.

    Args:
        columns: field -> number of its column, from 0.

    Raises:
        InvalidInput: no column holds the names (``/columns/name``).
    """
    require(columns, REQUIRED)
    there = _there()
    entries: list[Mapping[str, Any]] = []
    faults: list[Fault] = []
    left_out = 0
    for line, row in zip(table.lines, table.rows, strict=True):
        fields = {name: _cell(name, row[at]) for name, at in columns.items()}
        given = {name: value for name, value in fields.items() if value not in ("", None)}
        try:
            values = check_party(given, clients.CLIENT_CHECKS)
        except InvalidInput as refused:
            faults += faults_of(line, table.header, columns, refused.fields)
            continue
        key = _key(values)
        if key in there:
            left_out += 1
            continue
        there.add(key)
        entries.append(given)
    return Plan(entries=tuple(entries), left_out=left_out, faults=tuple(faults[:FAULTS_SHOWN]))


def apply(*, found: Plan, file_id: int, by: Actor) -> None:
    """Write what was planned, all or none, and throw the file away.

    Raises:
        Conflict: a client with one of the addresses came in meanwhile.
    """
    with transaction(by=by):
        for entry in found.entries:
            clients.create(fields=entry, by=by)
        files.delete(file_id=file_id, by=by)


def summary(found: Plan) -> str:
    """What was done, in a sentence or two."""
    count = len(found.entries)
    words = ngettext("%(num)s client is added.", "%(num)s clients are added.", count)
    if not found.left_out:
        return str(words)
    more = ngettext(
        "%(num)s row was left out: the client is there already.",
        "%(num)s rows were left out: the clients are there already.",
        found.left_out,
    )
    return f"{words} {more}"


@tasks.work(KIND)
def import_all(task: tasks.Running) -> None:
    """Write the rows of a large file. Those that came in before a restart are left out."""
    file_id = int(task.data["file_id"])
    found = plan(table=read(file_id=file_id), columns=task.data["columns"])
    refuse(found.faults)
    task.progress(0, len(found.entries))
    with transaction(by=task.by):
        apply(found=found, file_id=file_id, by=task.by)
        task.finish(message=summary(found))


def _cell(name: str, cell: Cell) -> Any:
    """A cell as the rules of clients want it; workbooks have numbers where texts were meant."""
    if isinstance(cell, Decimal):
        whole = cell.to_integral_value()
        if name == "payment_terms_days" and cell == whole:
            return int(whole)
        return f"{whole:f}" if cell == whole else f"{cell:f}"
    if name == "payment_terms_days" and cell.isascii() and cell.isdigit():
        return int(cell)
    if name == "country":
        return _countries().get(cell.strip().lower(), cell)
    return cell.upper() if name == "currency" else cell


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """Codes by the countries' names in the languages that we speak."""
    return {
        name.lower(): code
        for language in ("en", "de", "fr", "es")
        for code, name in Locale(language).territories.items()
        if len(code) == 2 and code.isalpha()
    }


def _key(values: Mapping[str, Any]) -> str:
    return str(values.get("email") or values["name"]).lower()


def _there() -> set[str]:
    """The addresses and the names of the clients that are there."""
    statement = select(func.lower(Client.email), func.lower(Client.name)).where(
        Client.business_id == current_business_id(), Client.deleted_at.is_(None)
    )
    return {key for row in db.session.execute(statement) for key in row if key}
