"""Many suppliers from one file: read and checked at once, begun by a job bit by bit."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from invoicer_core.plugin import InvalidInput, NotFound, say
from invoicer_core.plugin.tables import current_business_id, session
from invoicer_core.plugin.use_cases import transaction

from . import starting
from .evidence import compact, normalised
from .flow import FIELDS
from .settings import Ctx
from .tables import Import

MOST_ROWS: Final = 5_000
BATCH: Final = 25
RECENT: Final = timedelta(days=7)
"""How long the board shows what was wrong with a file."""
LINE: Final = "line"


_SAME: Final[dict[str, Callable[[str], str]]] = {
    "vat_id": compact, "tax_number": compact, "email": str.casefold, "name": normalised,
}  # fmt: skip
"""What tells that two lines are one supplier; the same as what tells that it is known."""


def read_csv(data: bytes) -> list[dict[str, Any]]:
    """The rows of a file with a line of headings, each with the ``line`` it ends on; unknown
    columns are left out.

    Raises InvalidInput: no UTF-8, no column ``name``, no rows or too many.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise InvalidInput.at("/file", say("Save the file as UTF-8, please.")) from wrong
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return list(_rows(reader))
    except csv.Error as wrong:
        words = say("Line %(line)s cannot be read: is a quote not closed?", line=reader.line_num)
        raise InvalidInput.at("/file", words) from wrong


def _rows(reader: Any) -> Iterator[dict[str, Any]]:
    names = [each.strip().casefold() for each in next(reader, [])]
    if "name" not in names:
        raise InvalidInput.at("/file", say("The first line needs a column called name."))
    known = {*FIELDS, "type"}
    count = 0
    for cells in reader:
        pairs = zip(names, cells, strict=False)
        row = {name: cell.strip() for name, cell in pairs if name in known and cell.strip()}
        if not any(each.strip() for each in cells):
            continue
        count += 1
        if count > MOST_ROWS:
            break
        yield {**row, LINE: reader.line_num}
    if not 0 < count <= MOST_ROWS:
        words = say("A file has between 1 and %(most)s suppliers.", most=MOST_ROWS)
        raise InvalidInput.at("/file", words)


def begin_import(ctx: Ctx, data: bytes, *, speak: Callable[[str], str] = str) -> Import:
    """Keep the good rows of a file and what is wrong with the others; a job begins the runs.

    Args:
        speak: puts what is wrong into the reader's language.

    Raises:
        InvalidInput: the file as a whole cannot be read.
    """
    good: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    seen: dict[tuple[str, str], int] = {}
    for row in read_csv(data):
        found = list(_wrong(row)) or list(_repeated(row, seen))
        errors += [
            {"row": row[LINE], "field": field, "error": speak(words)} for field, words in found
        ]
        if not found:
            good.append(row)
    with transaction(by=ctx.actor):
        kept = Import(business_id=ctx.business_id, rows=good, position=0, errors=errors)
        session.add(kept)
        session.flush()
        if good:
            ctx.later("import", import_id=kept.id)
        return kept


def continue_import(ctx: Ctx, *, import_id: int) -> None:
    """Begin the runs of the next rows. The position moves in the transaction of the runs, so a
    worker that dies leaves neither a gap nor a second run."""
    with transaction(by=ctx.actor):
        kept = _load(import_id, lock=True)
        end = min(kept.position + BATCH, len(kept.rows))
        for row in kept.rows[kept.position : end]:
            starting.begin(_given(row), by=ctx.actor)
        kept.position = end
        if end < len(kept.rows):
            ctx.later("import", import_id=import_id)


def get(*, import_id: int) -> Import:
    """One file. Raises NotFound."""
    return _load(import_id)


def imports() -> list[Import]:
    """The last files of this week, the newest first."""
    statement = (
        select(Import)
        .where(
            Import.business_id == current_business_id(),
            Import.created_at > datetime.now(UTC) - RECENT,
        )
        .order_by(Import.id.desc())
        .limit(5)
    )
    return list(session.scalars(statement))


def _load(import_id: int, *, lock: bool = False) -> Import:
    statement = select(Import).where(
        Import.business_id == current_business_id(), Import.id == import_id
    )
    found = session.scalars(statement.with_for_update() if lock else statement).first()
    if found is None:
        raise NotFound(say("There is no such file."))
    return found


def _given(row: dict[str, Any]) -> dict[str, Any]:
    supplier = {name: value for name, value in row.items() if name in FIELDS}
    return {"type": row.get("type"), "supplier": supplier, "source": "csv"}


def _wrong(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    try:
        starting.checked(_given(row))
    except InvalidInput as wrong:
        for each in wrong.fields:
            yield each.pointer.rpartition("/")[2], each.message


def _repeated(row: dict[str, Any], seen: dict[tuple[str, str], int]) -> Iterator[tuple[str, str]]:
    """Fields that name the supplier of an earlier line; its runs would race for one record."""
    keys = {name: (name, plain(row[name])) for name, plain in _SAME.items() if row.get(name)}
    for name, key in keys.items():
        if key in seen:
            yield name, say("It is the same as in line %(line)s.", line=seen[key])
            return
    seen.update(dict.fromkeys(keys.values(), row[LINE]))
