"""Reports as files, made by a background task: PDF, XLSX or CSV of the whole report."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from invoicer_core.domain import periods
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.money import is_currency
from invoicer_core.domain.saying import say
from invoicer_core.domain.tables import Table, as_sheet
from invoicer_core.services import figure_words, report_papers, reports, sheets, tasks
from invoicer_core.services.files import results
from invoicer_core.services.reports import Report, Wish
from invoicer_core.services.tasks import TaskSnapshot

KIND: Final = "report"
FORMS: Final = ("pdf", "xlsx", "csv")


def start(*, name: str, wish: Wish, form: str, title: str, by: Actor) -> TaskSnapshot:
    """Ask for a report as a file.

    Args:
        form: ``pdf``, ``xlsx`` or ``csv``.
        title: what the report is called in the language of who asks.

    Raises:
        InvalidInput: another form.
    """
    if form not in FORMS:
        raise InvalidInput.at("/form", say("Choose PDF, XLSX or CSV."))
    data = {
        "name": name,
        "form": form,
        "from": wish.period.start.isoformat(),
        "to": wish.period.end.isoformat(),
        "currency": wish.currency,
        "basis": wish.basis,
        "band": wish.band,
    }
    return tasks.start(kind=KIND, data=data, by=by, title=title)


def wish_of(given: Mapping[str, Any]) -> Wish:
    """A wish from the words of a form or of a task.

    Raises:
        InvalidInput: a day or currency that is none.
    """
    try:
        start, end = (date.fromisoformat(str(given.get(name, ""))) for name in ("from", "to"))
    except ValueError:
        raise InvalidInput.at("/from", say("Choose a day.")) from None
    currency = str(given.get("currency", ""))
    if not is_currency(currency):
        raise InvalidInput.at("/currency", say("Choose a currency."))
    basis, band = str(given.get("basis", "")), str(given.get("band", ""))
    return Wish(
        period=periods.own(start, end),
        currency=currency,
        basis=basis if basis in reports.BASES else "accrual",
        band=band if band in reports.BANDS else "",
    )


@tasks.work(KIND)
def make(task: tasks.Running) -> None:
    """Make the file and keep it as the task's result."""
    wish = wish_of(task.data)
    report = reports.build(str(task.data["name"]), wish)
    form = str(task.data["form"])
    data, media_type = written(report, form)
    day = (report.as_of or wish.period.end).isoformat()
    period = day if report.as_of else f"{wish.period.start.isoformat()}_{day}"
    name = f"{report.name}-{period}.{form}"
    task.finish(file_id=results.keep(name=name, data=data, media_type=media_type, by=task.by))


def written(report: Report, form: str) -> tuple[bytes, str]:
    """The bytes of a report's file and their media type. A CSV file holds the first table."""
    words = figure_words.words()
    if form == "pdf":
        return report_papers.pdf(report, words), "application/pdf"
    return sheet_of(report.tables, form)


def sheet_of(tables: tuple[Table, ...], form: str) -> tuple[bytes, str]:
    """Tables as a workbook, or the first of them as CSV."""
    words = figure_words.words()
    if form == "csv":
        _title, header, rows = as_sheet(tables[0], words)
        return sheets.csv_bytes(header, rows), sheets.CSV
    return sheets.workbook_bytes(as_sheet(table, words) for table in tables), sheets.XLSX
