"""Rows of an uploaded table on their way in: which column holds what, and what is wrong in a row.

Every row is checked before the first one is written, and all of them come in one transaction.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from invoicer_core.domain.errors import FieldError, InvalidInput
from invoicer_core.domain.saying import Said, say
from invoicer_core.services import files
from invoicer_core.services.table_reading import Table, read_table

AT_ONCE: Final = 200
"""Up to so many rows are written while the page waits; more are a background task."""
FAULTS_SHOWN: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong in one row; ``column`` is the heading, empty for the row as a whole."""

    line: int
    column: str
    message: str

    @property
    def said(self) -> Said:
        """All of it in a sentence."""
        if self.column:
            return say(
                "Line %(line)s, %(column)s: %(message)s",
                line=self.line,
                column=self.column,
                message=self.message,
            )
        return say("Line %(line)s: %(message)s", line=self.line, message=self.message)


def read(*, file_id: int) -> Table:
    """The table in an uploaded file. Raises NotFound, InvalidInput, Unavailable."""
    known, data = files.content(file_id=file_id)
    return read_table(data, known.media_type)


def by_word(headings: Mapping[str, str]) -> dict[str, str]:
    """Field by heading.

    Args:
        headings: field -> the headings that mean it, without spaces and signs, between spaces.
    """
    return {word: field for field, words in headings.items() for word in words.split()}


def guess(header: Sequence[str], known: Mapping[str, str]) -> dict[str, int]:
    """Which column holds which field, by the headings; the first one counts."""
    found: dict[str, int] = {}
    for column, heading in enumerate(header):
        field = known.get(plain(heading))
        if field is not None:
            found.setdefault(field, column)
    return found


def plain(heading: str) -> str:
    """A heading without spaces and signs."""
    return re.sub(r"[\W_]", "", heading.lower())


def require(columns: Mapping[str, int], required: Iterable[str]) -> None:
    """Refuse when a field that every row needs has no column (``/columns/name``)."""
    for field in required:
        if field not in columns:
            raise InvalidInput.at(f"/columns/{field}", say("Choose the column that holds this."))


def faults_of(
    line: int, header: Sequence[str], columns: Mapping[str, int], wrong: Iterable[FieldError]
) -> list[Fault]:
    """The refused fields of a row, each under the heading of its column."""
    faults = []
    for each in wrong:
        at = columns.get(each.pointer.strip("/").partition("/")[0])
        heading = header[at] if at is not None else ""
        faults.append(Fault(line=line, column=heading, message=each.message))
    return faults


def refuse(faults: Sequence[Fault]) -> None:
    """Raise InvalidInput with the first fault, when there is one."""
    if faults:
        raise InvalidInput(faults[0].said)
