"""Numbers from the series of a business: the next one, gapless, in the running transaction; the
series themselves; and which numbers are missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Text, func, select, text
from sqlalchemy import update as update_rows

from invoicer_core.domain.account import GapReport, NumberRange, SeriesSnapshot
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, FieldError
from invoicer_core.domain.numbering import Pattern, gaps
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import Page
from invoicer_core.models import db
from invoicer_core.models.invoices import CreditNote, Invoice, Series, SeriesCounter
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import fields as check
from invoicer_core.services.listing import Ordering, one_of, read_page
from invoicer_core.services.rows import assign, check_version, find_row, taken, translated
from invoicer_core.services.transaction import transaction

TYPES: Final = ("invoice", "credit_note", "quote", "order", "receipt")
RESETS: Final = ("never", "yearly", "fiscal_year", "monthly")
CHECKS: Final[Mapping[str, check.Check]] = {
    "document_type": check.choice(*TYPES),
    "name": check.text(100),
    "pattern": check.text(100),
    "reset": check.choice(*RESETS),
    "ordered_dates": check.flag,
    "is_default": check.flag,
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number that was given, with where it was taken from."""

    series_id: int
    period: str
    seq: int
    text: str


_SERIES: Final = text(
    "SELECT s.id, s.pattern, s.reset, s.ordered_dates,"
    " coalesce((b.settings ->> 'fiscal_year_start')::int, 1) AS fiscal_year_start"
    " FROM series s JOIN businesses b ON b.id = s.business_id"
    " WHERE s.business_id = :business AND s.document_type = :type AND s.is_default"
)
_NEXT: Final = text(
    "INSERT INTO series_counters (business_id, series_id, period, last, last_date)"
    " VALUES (:business, :series, :period, 1, :day)"
    " ON CONFLICT (series_id, period) DO UPDATE SET last = series_counters.last + 1,"
    " last_date = greatest(series_counters.last_date, excluded.last_date)"
    " WHERE NOT :ordered OR series_counters.last_date <= excluded.last_date"
    " RETURNING last"
)


def next_number(document_type: str, day: date, client_code: str | None = None) -> Number:
    """The next number of the business's default series of this document type.

    Locks the series' counter until the transaction ends: call it late. A rollback gives the number
    back, so there are no gaps. (Invoices are numbered by the statement that issues them.)

    Raises:
        Conflict: the series wants ordered dates and ``day`` lies before the last one.
    """
    business_id = current_business_id()
    row = db.session.execute(_SERIES, {"business": business_id, "type": document_type}).one()
    pattern = Pattern.parse(row.pattern, row.reset)
    template = pattern.expand(day, client_code, row.fiscal_year_start)
    seq = db.session.scalar(
        _NEXT,
        {
            "business": business_id,
            "series": row.id,
            "period": template.period_key,
            "day": day,
            "ordered": row.ordered_dates,
        },
    )
    if seq is None:
        raise Conflict(say("The date lies before the last one of the series: choose a later one."))
    return Number(row.id, template.period_key, seq, template.render(seq))


# --- the series themselves ---------------------------------------------------------------------


def create(*, fields: Mapping[str, Any], by: Actor) -> SeriesSnapshot:
    """Add a series. The first one of a document type, or one with ``is_default``, is used from
    now on.

    Raises:
        InvalidInput: a pointer per wrong field; a pattern that would repeat numbers.
        Conflict: name or pattern are another series's of that type.
    """
    values = check.check_fields(fields, CHECKS, required=("document_type", "name", "pattern"))
    values = {name: value for name, value in values.items() if value is not None}
    values.setdefault("reset", "yearly")
    Pattern.parse(values["pattern"], values["reset"])
    with transaction(by=by) as unit:
        _check_unlike(values["document_type"], values["pattern"], None)
        if not _has_default(values["document_type"]):
            values["is_default"] = True
        if values.setdefault("is_default", False):
            _no_default(values["document_type"])
        row = Series(business_id=current_business_id(), **values)
        with translated(_NAME_RULES):
            db.session.add(row)
            db.session.flush()
        unit.record("series.created", series=row.id, pattern=row.pattern)
        return _snapshot(row)


def get(*, series_id: int) -> SeriesSnapshot:
    """One series. Raises NotFound."""
    return _snapshot(find_row(Series, series_id, "series"))


def find(
    *,
    q: str | None = None,
    document_type: str | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[SeriesSnapshot]:
    """The series of the business; ``q`` is a part of the name."""
    name = func.lower(Series.name, type_=Text)
    statement = select(Series).where(
        Series.business_id == current_business_id(),
        one_of(Series.document_type, document_type, TYPES, "/document_type"),
    )
    if q:
        statement = statement.where(name.contains(q.lower(), autoescape=True))
    ordering = Ordering(Series.id, {"name": name}, default="id")
    return read_page(statement, ordering, _snapshots, sort=sort, limit=limit, cursor=cursor)


def update(
    *, series_id: int, fields: Mapping[str, Any], by: Actor, expected_version: int | None = None
) -> SeriesSnapshot:
    """Change how the next documents are numbered; numbers that were given stay.

    Raises:
        InvalidInput: a pattern that would repeat numbers.
        NotFound, StaleVersion: as ever.
        Conflict: name or pattern are another series's; another type or reset of a series that has
            given numbers; no default any more.
    """
    values = check.check_fields(fields, CHECKS, required=tuple(CHECKS), partial=True)
    with transaction(by=by) as unit:
        row = find_row(Series, series_id, "series", lock=True)
        check_version(row, expected_version, "series", lambda: _snapshot(row))
        wanted = {**{name: getattr(row, name) for name in CHECKS}, **values}
        Pattern.parse(wanted["pattern"], wanted["reset"])
        _check_change(row, wanted)
        if wanted["is_default"] and not row.is_default:
            _no_default(row.document_type)
        with translated(_NAME_RULES):
            changed = assign(row, values)
            db.session.flush()
        if changed:
            unit.record("series.updated", series=row.id, pattern=row.pattern, reset=row.reset)
        return _snapshot(row)


def gap_report(*, series_id: int | None = None) -> tuple[GapReport, ...]:
    """Every period of the series of invoices and credit notes, with the numbers that no document
    has: none, as long as nobody tampers with the rows.

    Raises:
        NotFound: no such series.
    """
    if series_id is not None:
        find_row(Series, series_id, "series")
    counters = (
        select(Series, SeriesCounter.period, SeriesCounter.last)
        .join(
            SeriesCounter,
            (SeriesCounter.series_id == Series.id)
            & (SeriesCounter.business_id == Series.business_id),
        )
        .where(
            Series.business_id == current_business_id(), Series.document_type.in_(tuple(_NUMBERED))
        )
        .order_by(Series.id, SeriesCounter.period)
    )
    if series_id is not None:
        counters = counters.where(Series.id == series_id)
    return tuple(
        _report(row, period, last) for row, period, last in db.session.execute(counters).all()
    )


_NUMBERED: Final[Mapping[str, Any]] = {"invoice": Invoice, "credit_note": CreditNote}
_NAME_RULES: Final = {
    "uq_series_business_id_document_type_name": taken(
        "/name", say("There is a series of this name for this document type already.")
    )
}


def _report(series: Series, period: str, last: int) -> GapReport:
    document = _NUMBERED[series.document_type]
    numbers = db.session.scalars(
        select(document.seq).where(
            document.business_id == current_business_id(),
            document.series_id == series.id,
            document.period == period,
        )
    ).all()
    missing = gaps([*numbers, last + 1])
    return GapReport(
        series_id=series.id,
        document_type=series.document_type,
        name=series.name,
        period=period,
        last=last,
        documents=len(numbers),
        missing=tuple(NumberRange(first=run.start, last=run.stop - 1) for run in missing),
    )


def _check_change(row: Series, wanted: Mapping[str, Any]) -> None:
    if row.is_default and not wanted["is_default"]:
        _refuse("/is_default", say("Make another series the default instead."))
    if wanted["pattern"] != row.pattern:
        _check_unlike(wanted["document_type"], wanted["pattern"], row.id)
    for name in ("document_type", "reset"):
        if wanted[name] != getattr(row, name) and _was_used(row.id):
            _refuse(f"/{name}", say("This series has given numbers already: add another series."))
    if wanted["document_type"] != row.document_type and row.is_default:
        _refuse("/document_type", say("This is the default of its document type."))


def _check_unlike(document_type: str, pattern: str, own_id: int | None) -> None:
    """Two series with one pattern would give the same number twice."""
    others = select(Series.id).where(
        Series.business_id == current_business_id(),
        Series.document_type == document_type,
        Series.pattern == pattern,
        Series.id != (own_id or 0),
    )
    if db.session.scalar(others) is not None:
        _refuse("/pattern", say("Another series has this pattern: numbers would repeat."))


def _was_used(series_id: int) -> bool:
    used = select(SeriesCounter.period).where(
        SeriesCounter.business_id == current_business_id(), SeriesCounter.series_id == series_id
    )
    return db.session.scalar(used.limit(1)) is not None


def _has_default(document_type: str) -> bool:
    default = select(Series.id).where(
        Series.business_id == current_business_id(),
        Series.document_type == document_type,
        Series.is_default,
    )
    return db.session.scalar(default) is not None


def _no_default(document_type: str) -> None:
    db.session.execute(
        update_rows(Series)
        .where(
            Series.business_id == current_business_id(),
            Series.document_type == document_type,
            Series.is_default,
        )
        .values(is_default=False)
    )


def _refuse(pointer: str, message: str) -> None:
    raise Conflict(message, [FieldError(pointer, message)])


def _snapshots(rows: Sequence[Series]) -> list[SeriesSnapshot]:
    return [_snapshot(row) for row in rows]


def _snapshot(row: Any) -> SeriesSnapshot:
    return SeriesSnapshot(
        id=row.id,
        document_type=row.document_type,
        name=row.name,
        pattern=row.pattern,
        reset=row.reset,
        ordered_dates=row.ordered_dates,
        is_default=row.is_default,
        version=row.version,
    )
