"""Reports: tables with their sums as JSON, CSV, workbook or PDF."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from invoicer_core.api.answers import Binary
from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.accounts import ReportQuery
from invoicer_core.domain import periods
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.money import is_currency
from invoicer_core.domain.saying import say
from invoicer_core.domain.tables import Cell, Column, Kind, Table
from invoicer_core.services import figure_words, report_files, reports
from invoicer_core.services.reports import Report, Wish

resource = Resource("reports", tag="Reports")

Filled = str | int | Decimal | date
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportKind:
    """A report that can be asked for; its title is in the language of who asks."""

    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportColumn:
    """A column: the name of its cells, its title, and what it holds."""

    key: str
    title: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """Rows by the keys of their columns; a cell without anything is left out."""

    name: str
    title: str
    columns: tuple[ReportColumn, ...]
    rows: tuple[Mapping[str, Filled], ...]
    total: Mapping[str, Filled] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTables:
    """A report as it was asked for; ``as_of`` is the day of one that is about balances."""

    name: str
    start: date
    end: date
    as_of: date | None = None
    currency: str
    tables: tuple[ReportTable, ...]


@resource.get("/reports", "reports.read", answer=list[ReportKind])
def list_reports() -> list[ReportKind]:
    """List the reports there are."""
    words = figure_words.words()
    return [ReportKind(name=name, title=words.get(name, name)) for name in reports.NAMES]


@resource.get(
    "/reports/{report}", "reports.read", query=ReportQuery, answer=ReportTables, errors=(404,)
)
def run_report(report: str, query: ReportQuery) -> ReportTables:
    """Run a report; amounts agree with the lists of what they are made of."""
    found = _built(report, query)
    return ReportTables(
        name=found.name,
        start=found.wish.period.start,
        end=found.wish.period.end,
        as_of=found.as_of,
        currency=found.wish.currency,
        tables=tuple(_table(each) for each in found.tables),
    )


@resource.get(
    "/reports/{report}/csv", "reports.read", query=ReportQuery, answer=bytes,
    media_type="text/csv", errors=(404,),
)  # fmt: skip
def download_report_csv(report: str, query: ReportQuery) -> Binary:
    """Run a report and save its first table as CSV."""
    return _file(report, query, "csv", "text/csv")


@resource.get(
    "/reports/{report}/xlsx", "reports.read", query=ReportQuery, answer=bytes, media_type=SHEET,
    errors=(404,),
)  # fmt: skip
def download_report_xlsx(report: str, query: ReportQuery) -> Binary:
    """Run a report and save it as a workbook, a sheet per table."""
    return _file(report, query, "xlsx", SHEET)


@resource.get(
    "/reports/{report}/pdf", "reports.read", query=ReportQuery, answer=bytes,
    media_type="application/pdf", errors=(404,),
)  # fmt: skip
def download_report_pdf(report: str, query: ReportQuery) -> Binary:
    """Run a report and save it as PDF."""
    return _file(report, query, "pdf", "application/pdf")


def _file(report: str, query: ReportQuery, form: str, media_type: str) -> Binary:
    found = _built(report, query)
    data, _ = report_files.written(found, form)
    period = found.wish.period
    return Binary(data, media_type, f"{found.name}-{period.start}-{period.end}.{form}")


def _built(report: str, query: ReportQuery) -> Report:
    known = reports.currencies()
    end = query.end or known.today
    start = query.start or end.replace(day=1)
    currency = (query.currency or known.usual).upper()
    if not is_currency(currency):
        raise InvalidInput.at("/query/currency", say("Choose a currency."))
    wish = Wish(
        period=periods.own(start, end),
        currency=currency,
        basis=query.basis or "accrual",
        band=query.band or "",
    )
    return reports.build(report, wish)


def _table(table: Table) -> ReportTable:
    words = figure_words.words()
    return ReportTable(
        name=table.name,
        title=words.get(table.name, table.name),
        columns=tuple(
            ReportColumn(key=each.key, title=words.get(each.key, each.key), kind=each.kind)
            for each in table.columns
        ),
        rows=tuple(_row(table.columns, row) for row in table.rows),
        total=None if table.total is None else _row(table.columns, table.total),
    )


def _row(columns: tuple[Column, ...], cells: tuple[Cell, ...]) -> dict[str, Filled]:
    return {
        column.key: cell for column, cell in zip(columns, cells, strict=True) if cell is not None
    }
