"""The number check: whether every number of every series has its document."""

from typing import Final

from invoicer_core.domain.account import GapReport
from invoicer_core.domain.tables import Cell, Column, Table, Word
from invoicer_core.services import businesses, series
from invoicer_core.services.reports.wishes import Report, Wish

_COLUMNS: Final = (
    Column("series"), Column("document", "word"), Column("period"), Column("documents", "count"),
    Column("last", "count"), Column("missing"),
)  # fmt: skip


def report(wish: Wish) -> Report:
    """Every period of every series of invoices and credit notes; a gap would be named here."""
    rows = tuple(_row(each) for each in series.gap_report())
    table = Table(name="numbers", columns=_COLUMNS, rows=rows)
    return Report(name="numbers", wish=wish, tables=(table,))


def _row(found: GapReport) -> tuple[Cell, ...]:
    runs = [
        str(run.first) if run.first == run.last else f"{run.first}-{run.last}"
        for run in found.missing
    ]
    document = Word(f"document:{found.document_type}")
    return (
        document if businesses.is_first_name(found.document_type, found.name) else found.name,
        document,
        found.period,
        found.documents,
        found.last,
        ", ".join(runs) if runs else Word("none"),
    )
