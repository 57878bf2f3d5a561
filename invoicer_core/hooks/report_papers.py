"""A report of figures as a document: what a renderer makes a paper of."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """A table of a report, its texts in the reader's language, its figures still figures.

    Args:
        columns: the title of each, and what is in it: ``text``, ``money``, ``number``, ``count``,
            ``percent`` or ``date``.
        total: one cell for each column, None where there is no sum.
    """

    title: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str | int | Decimal | date | None, ...], ...]
    total: tuple[str | int | Decimal | date | None, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Figures of the business itself, for its own people.

    Args:
        lead: what it is about, under the title: the period or the day.
        made_on: the day it was made, where the business is.
    """

    title: str
    lead: str
    currency: str
    made_on: date
    tables: tuple[ReportTable, ...]
