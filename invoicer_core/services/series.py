"""Numbers from the series of a business: the next one, gapless, in the running transaction."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import text

from invoicer_core.domain.errors import Conflict
from invoicer_core.domain.numbering import Pattern
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id


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
        raise Conflict("The date lies before the last one of the series: choose a later one.")
    return Number(row.id, template.period_key, seq, template.render(seq))
