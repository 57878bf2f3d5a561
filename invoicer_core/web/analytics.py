"""How the business is doing: key figures, charts with their tables, and each table as a file."""

from typing import Final

from flask import Response, render_template, request
from flask_babel import gettext as _

from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.tables import as_sheet
from invoicer_core.domain.trends import level
from invoicer_core.services import analytics as figures
from invoicer_core.services import figure_words, reports, sheets
from invoicer_core.web import analytics_words, formats, periods
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.dashboard import portions

USUAL: Final = "90-days"
FORMS: Final = ("csv", "xlsx")


def install(site: Site) -> None:
    """Add the page and its files."""
    site.add_url_rule("/analytics", "analytics", analytics)
    site.add_url_rule("/analytics/<block>.<form>", "analytics_file", analytics_file)


@members("reports.read")
def analytics() -> Answer:
    """Everything for the period and currency in the address."""
    choice = periods.chosen(USUAL)
    found = figures.overview(choice.period, request.args.get("currency"))
    words = figure_words.words()
    query = dict(choice.query)
    if found.currency != formats.currency():
        query["currency"] = found.currency
    return render_template(
        "analytics/page.html",
        found=found,
        choice=choice,
        query=query,
        words=words,
        cards=analytics_words.cards(found),
        charts=analytics_words.charts(found, words),
        summaries=analytics_words.summaries(found, words),
        portions=portions,
        level=level,
    )


@members("reports.read")
def analytics_file(block: str, form: str) -> Answer:
    """One table with all its rows, as CSV or XLSX."""
    if form not in FORMS:
        raise NotFound(_("Tables can be had as CSV or XLSX."))
    period = periods.chosen(USUAL).period
    known = reports.currencies()
    currency = periods.currency_of(known.used, known.usual)
    title, header, rows = as_sheet(figures.block(block, period, currency), figure_words.words())
    if form == "csv":
        data, media_type = sheets.csv_bytes(header, rows), sheets.CSV
    else:
        data, media_type = sheets.xlsx_bytes(title, header, rows), sheets.XLSX
    response = Response(data, content_type=media_type)
    name = f"{block}-{period.start.isoformat()}_{period.end.isoformat()}.{form}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
