"""Reports on paper: figures and words handed to whatever renders documents."""

from collections.abc import Mapping, Sequence

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from flask_babel import get_locale
from flask_babel import gettext as _

from invoicer_core.domain.tables import Cell, Table, Word, titles
from invoicer_core.hooks.offers import RenderRequest
from invoicer_core.hooks.report_papers import Report as Paper
from invoicer_core.hooks.report_papers import ReportTable
from invoicer_core.models import db
from invoicer_core.services import businesses, documents
from invoicer_core.services.reports import Report, currencies


def pdf(report: Report, words: Mapping[str, str]) -> bytes:
    """A report as a PDF, in the reader's language and the business's manner of numbers.

    Raises:
        Unavailable: no renderer is switched on.
    """
    business = businesses.current()
    paper = Paper(
        title=words.get(report.name, report.name),
        lead=_lead(report, business.locale),
        currency=report.wish.currency,
        made_on=currencies().today,
        tables=tuple(_table(table, words) for table in report.tables),
    )
    renderer = documents.pdf_renderer()
    request = RenderRequest(
        kind="report",
        document=paper,
        business=business,
        locale=business.locale or str(get_locale() or "en"),
        options={"color": business.color} if business.color else {},
    )
    db.session.rollback()
    return renderer.offer.render(renderer.ctx, request)


def _lead(report: Report, locale: str | None) -> str:
    currency = report.wish.currency
    if report.name == "numbers":
        return ""
    if report.as_of is not None:
        day = format_date(report.as_of, "long", _locale(locale))
        return f"{_('As of %(day)s', day=day)} · {currency}"
    start = format_date(report.wish.period.start, "long", _locale(locale))
    end = format_date(report.wish.period.end, "long", _locale(locale))
    period = _("%(first)s to %(last)s", first=start, last=end)
    if report.name == "tax":
        how = {"accrual": _("by day of issue"), "cash": _("by day of payment")}
        return f"{period} · {currency} · {how[report.wish.basis]}"
    return f"{period} · {currency}"


def _locale(name: str | None) -> Locale:
    try:
        return Locale.parse((name or "en").replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale("en")


def _table(table: Table, words: Mapping[str, str]) -> ReportTable:
    names = titles(table, words)
    kinds = [column.kind for column in table.columns]
    return ReportTable(
        title=words.get(table.name, table.name),
        columns=tuple(zip(names, kinds, strict=True)),
        rows=tuple(_row(row, words) for row in table.rows),
        total=_row(table.total, words) if table.total is not None else None,
    )


def _row(row: Sequence[Cell], words: Mapping[str, str]) -> tuple[Cell, ...]:
    return tuple(words.get(cell, str(cell)) if isinstance(cell, Word) else cell for cell in row)
