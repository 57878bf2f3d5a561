"""Tables of figures before they are put into words: pages, spreadsheets and papers show the same.

Titles of columns and words in cells are keys; whoever shows a table has the words for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Kind = Literal["text", "word", "money", "number", "count", "percent", "date"]


class Word(str):
    """A cell that is a key of words, and no text that somebody typed."""

    __slots__ = ()


Cell = str | int | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the key of its title, and what its cells are."""

    key: str
    kind: Kind = "text"

    @property
    def is_number(self) -> bool:
        """Whether its cells stand at the end of their line."""
        return self.kind in ("money", "number", "count", "percent")


@dataclass(frozen=True, slots=True)
class Target:
    """What a row leads to: ``client`` 7, ``invoice`` 12."""

    kind: Literal["client", "invoice", "product", "payment"]
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows with their sums.

    Args:
        name: the key of its title.
        total: one cell per column, None for what has no sum.
        targets: what each row leads to; empty where none does.
        left_out: how many more rows there are.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None
    targets: tuple[Target | None, ...] = ()
    left_out: int = 0


def total_of(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> tuple[Cell, ...]:
    """The sums of amounts and counts; the word ``total`` in the first column."""
    sums: list[Cell] = [Word("total")]
    for at, column in enumerate(columns[1:], start=1):
        cells = [row[at] for row in rows]
        if column.kind == "money":
            sums.append(sum((cell for cell in cells if isinstance(cell, Decimal)), Decimal(0)))
        elif column.kind == "count":
            sums.append(sum(cell for cell in cells if isinstance(cell, int)))
        else:
            sums.append(None)
    return tuple(sums)


def titles(table: Table, words: Mapping[str, str]) -> list[str]:
    """The titles of the columns in words."""
    return [words.get(column.key, column.key) for column in table.columns]


def worded(row: Sequence[Cell], words: Mapping[str, str]) -> list[Cell]:
    """A row with its keys as words; amounts and days stay what they are."""
    return [words.get(cell, str(cell)) if isinstance(cell, Word) else cell for cell in row]


def as_sheet(
    table: Table, words: Mapping[str, str]
) -> tuple[str, list[str], list[Sequence[object]]]:
    """Title, header and rows with the sums as the last one, as spreadsheets take them."""
    rows: list[Sequence[object]] = [worded(row, words) for row in table.rows]
    if table.total is not None:
        rows.append(worded(table.total, words))
    return words.get(table.name, table.name), titles(table, words), rows
