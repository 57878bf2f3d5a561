"""Tables that people upload: CSV in the ways it is written, and the first sheet of a workbook."""

import csv
import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from typing import Any, Final
from xml.parsers import expat

from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.services.sheets import original

ROWS_MOST: Final = 5_000
COLUMNS_MOST: Final = 60
PART_MOST: Final = 60_000_000
"""Bytes of one unpacked part of a workbook."""
_POINTER: Final = "/file"
_SEPARATORS: Final = ",;\t|"
_PLACE: Final = re.compile(r"([A-Z]{1,3})[0-9]+")
# A workbook writes 1.1 as 1.1000000000000001: what people see has 15 digits.
_AS_SEEN: Final = Context(prec=15)

Cell = str | Decimal


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows of as many cells; ``lines`` are the rows' numbers in the file."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    lines: tuple[int, ...]


def read_table(data: bytes, media_type: str) -> Table:
    """The table in a file. Empty rows are left out.

    Args:
        media_type: as `file_kinds.recognise` found it; CSV, text, or a workbook (XLSX).

    Raises:
        InvalidInput: at ``/file``: not such a file, no rows, too many rows or columns.
    """
    if media_type in ("text/csv", "text/plain"):
        return _table(_of_csv(data))
    if media_type.endswith("spreadsheetml.sheet"):
        return _table(_of_workbook(data))
    raise InvalidInput.at(_POINTER, say("This is no table: upload a CSV or an XLSX file."))


def in_utf8(data: bytes) -> bytes:
    """A text file of an older program (Windows-1252) as UTF-8; anything else as it is."""
    if data.startswith(b"PK\x03\x04"):
        return data
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            return data.decode("cp1252").encode()
        except UnicodeDecodeError:
            return data
    return data


def _table(found: Sequence[tuple[int, Sequence[Cell]]]) -> Table:
    filled = [(line, row) for line, row in found if any(cell not in ("", None) for cell in row)]
    if len(filled) < 2:
        raise InvalidInput.at(
            _POINTER, say("There is a heading and at least one row in such a file.")
        )
    if len(filled) > ROWS_MOST + 1:
        raise InvalidInput.at(
            _POINTER,
            say(
                "This has %(count)s rows; at most %(most)s go in at once.",
                count=len(filled) - 1,
                most=ROWS_MOST,
            ),
        )
    header = [str(cell).strip() for cell in filled[0][1]]
    while header and not header[-1]:
        header.pop()
    if not header or len(header) > COLUMNS_MOST:
        raise InvalidInput.at(
            _POINTER,
            say(
                "The first row names the columns, at most %(most)s.",
                most=COLUMNS_MOST,
            ),
        )
    width = len(header)
    rows = [(*row[:width], *([""] * (width - len(row)))) for _line, row in filled[1:]]
    return Table(tuple(header), tuple(rows), tuple(line for line, _row in filled[1:]))


def _of_csv(data: bytes) -> list[tuple[int, list[Cell]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise InvalidInput.at(_POINTER, say("Save the file as CSV in UTF-8.")) from wrong
    first = text.lstrip().partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[tuple[int, list[Cell]]] = []
    line = 1
    try:
        for row in reader:
            rows.append((line, [original(cell.strip()) for cell in row]))
            line = reader.line_num + 1
    except csv.Error as wrong:
        raise InvalidInput.at(
            _POINTER, say("Line %(line)s is not CSV: look at its quotation marks.", line=line)
        ) from wrong
    return rows


# --- workbooks ------------------------------------------------------------------------------------


def _of_workbook(data: bytes) -> list[tuple[int, list[Cell]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            sheet = _first_sheet(archive)
            shared: list[str] = []
            if "xl/sharedStrings.xml" in names:
                shared = _texts(_part(archive, "xl/sharedStrings.xml"))
            return _rows(_part(archive, sheet), shared)
    except (zipfile.BadZipFile, KeyError, expat.ExpatError, ValueError, IndexError,
            InvalidOperation, NotImplementedError, RuntimeError) as damage:  # fmt: skip
        raise InvalidInput.at(
            _POINTER, say("This workbook cannot be read: save it anew as XLSX, or as CSV.")
        ) from damage


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        data = part.read(PART_MOST + 1)
    if len(data) > PART_MOST:
        raise ValueError("too large when unpacked")
    return data


def _parse(
    data: bytes,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Walk through a part. Namespaces are cut off; a document type, which could hold entities that
    grow without end, is refused."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def refuse(*_given: Any) -> None:
        raise ValueError("a workbook has no document type")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, given: start(name.rpartition(" ")[2], given)
    if end is not None:
        parser.EndElementHandler = lambda name: end(name.rpartition(" ")[2])
    if text is not None:
        parser.CharacterDataHandler = text
    parser.Parse(data, True)


def _first_sheet(archive: zipfile.ZipFile) -> str:
    """The path of the sheet that stands first."""
    ids: list[str] = []
    paths: dict[str, str] = {}

    def sheet(name: str, given: dict[str, str]) -> None:
        if name == "sheet":
            ids.extend(value for key, value in given.items() if key.endswith(" id"))

    def relation(name: str, given: dict[str, str]) -> None:
        if name == "Relationship":
            paths[given["Id"]] = given["Target"]

    _parse(_part(archive, "xl/workbook.xml"), sheet)
    _parse(_part(archive, "xl/_rels/workbook.xml.rels"), relation)
    return posixpath.normpath(posixpath.join("/xl", paths[ids[0]])).lstrip("/")


def _texts(data: bytes) -> list[str]:
    """The texts that cells refer to by number; notes on pronunciation are not part of them."""
    found: list[str] = []
    parts: list[str] = []
    inside: list[str] = []

    def start(name: str, _given: dict[str, str]) -> None:
        inside.append(name)
        if name == "si":
            parts.clear()

    def end(name: str) -> None:
        inside.pop()
        if name == "si":
            found.append("".join(parts))

    def text(value: str) -> None:
        if inside and inside[-1] == "t" and "rPh" not in inside:
            parts.append(value)

    _parse(data, start, end, text)
    return found


class _Sheet:
    """Collects the rows of a sheet while it is walked through."""

    def __init__(self, shared: Sequence[str]) -> None:
        self.rows: list[tuple[int, list[Cell]]] = []
        self._shared = shared
        self._line = 0
        self._row: list[Cell] = []
        self._column = 0
        self._kind = "n"
        self._text: list[str] = []
        self._reads = False

    def start(self, name: str, given: dict[str, str]) -> None:
        if name == "row":
            self._line = int(given.get("r") or self._line + 1)
            self._row = []
        elif name == "c":
            self._column = _column(given.get("r"), len(self._row))
            self._kind = given.get("t", "n")
            self._text = []
        self._reads = name in ("v", "t")

    def end(self, name: str) -> None:
        if name == "c" and self._column < COLUMNS_MOST:
            self._row.extend([""] * (self._column + 1 - len(self._row)))
            self._row[self._column] = self._value()
        elif name == "row":
            if len(self.rows) > ROWS_MOST * 2:
                raise ValueError("too many rows")
            self.rows.append((self._line, self._row))
        self._reads = False

    def text(self, value: str) -> None:
        if self._reads:
            self._text.append(value)

    def _value(self) -> Cell:
        text = "".join(self._text).strip()
        if self._kind == "s":
            return self._shared[int(text)].strip() if text else ""
        if self._kind == "n" and text:
            return _AS_SEEN.create_decimal(text).normalize()
        return "" if self._kind == "e" else text


def _rows(data: bytes, shared: Sequence[str]) -> list[tuple[int, list[Cell]]]:
    sheet = _Sheet(shared)
    _parse(data, sheet.start, sheet.end, sheet.text)
    return sheet.rows


def _column(place: str | None, following: int) -> int:
    """``B7`` is 1; a cell that does not say where it is follows the last one."""
    found = _PLACE.fullmatch(place or "")
    if found is None:
        return following
    number = 0
    for letter in found[1]:
        number = number * 26 + ord(letter) - 64
    return number - 1
