"""Revenue: what was invoiced without taxes, less what was credited, by the days of issue.

Sums of the documents' stored totals, in one currency; drafts and void invoices are not in it. Every
figure that is called revenue is read here, so that pages, charts and reports agree to the cent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import text

from invoicer_core.domain.periods import Period
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id

_POSTED: Final = (
    "WITH posted AS ("
    " SELECT issue_date AS day, client_id, net_total AS net, 1 AS documents"
    " FROM invoices WHERE business_id = :business AND state = 'issued' AND currency = :currency"
    " AND issue_date BETWEEN :start AND :end"
    " UNION ALL SELECT issue_date, client_id, -net_total, 0"
    " FROM credit_notes WHERE business_id = :business AND currency = :currency"
    " AND issue_date BETWEEN :start AND :end)"
)
_TOTAL: Final = text(_POSTED + " SELECT coalesce(sum(net), 0) FROM posted")  # noqa: S608
_BY_DAY: Final = text(
    _POSTED + " SELECT day, sum(net) AS net FROM posted GROUP BY day"  # noqa: S608
)
# One pass over a year for the first page, in all currencies.
_YEAR: Final = text(
    "WITH posted AS ("
    " SELECT currency, date_trunc('month', issue_date)::date AS month, client_id, net_total AS net,"
    "  1 AS documents FROM invoices WHERE business_id = :business AND state = 'issued'"
    "  AND issue_date BETWEEN :start AND :end"
    " UNION ALL SELECT currency, date_trunc('month', issue_date)::date, client_id, -net_total, 0"
    "  FROM credit_notes WHERE business_id = :business AND issue_date BETWEEN :start AND :end),"
    " sums AS (SELECT currency, month, client_id, sum(net) AS net, sum(documents) AS documents"
    "  FROM posted GROUP BY GROUPING SETS ((currency, month), (currency, client_id))),"
    " ranked AS (SELECT s.*, row_number() OVER ("
    "  PARTITION BY currency, month IS NULL ORDER BY net DESC, client_id) AS place FROM sums s)"
    " SELECT r.currency, r.month, r.client_id, c.name, r.net, r.documents, r.place FROM ranked r"
    " LEFT JOIN clients c ON c.business_id = :business AND c.id = r.client_id"
    " WHERE r.month IS NOT NULL OR r.place <= :limit ORDER BY r.place"
)
_BY_CLIENT: Final = text(
    _POSTED + ", sums AS (SELECT client_id, sum(net) AS net,"  # noqa: S608
    " sum(documents) AS documents"
    " FROM posted GROUP BY client_id)"
    " SELECT s.client_id, c.name, s.net, s.documents FROM sums s"
    " JOIN clients c ON c.business_id = :business AND c.id = s.client_id"
    " ORDER BY s.net DESC, c.name, s.client_id LIMIT :limit"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRevenue:
    """Revenue of one client, and how many invoices it came from."""

    client_id: int
    name: str
    amount: Decimal
    invoices: int


@dataclass(frozen=True, slots=True)
class DayRevenue:
    """Revenue of a day, or of the month that begins with it."""

    day: date
    amount: Decimal


def total(period: Period, currency: str) -> Decimal:
    """Revenue of a period."""
    return db.session.scalar(_TOTAL, _values(period, currency)) or Decimal(0)


def by_day(period: Period, currency: str) -> tuple[DayRevenue, ...]:
    """Revenue of each day of a period; days without any have zero."""
    rows = db.session.execute(_BY_DAY, _values(period, currency))
    found = {row.day: row.net for row in rows}
    days = (period.start + timedelta(days=at) for at in range(period.days))
    return tuple(DayRevenue(day, found.get(day, Decimal(0))) for day in days)


@dataclass(frozen=True, slots=True)
class YearRevenue:
    """Revenue in one currency: of each month, and of the clients that brought most."""

    months: tuple[DayRevenue, ...]
    clients: tuple[ClientRevenue, ...]


def by_currency(months: Sequence[date], end: date, *, limit: int) -> dict[str, YearRevenue]:
    """Revenue of these months, named by their first days in order, the last one up to ``end``;
    by the currencies in which there is any, each with its ``limit`` best clients."""
    values = {**_values(Period(months[0], end), ""), "limit": limit}
    sums: dict[str, dict[date, Decimal]] = {}
    best: dict[str, list[ClientRevenue]] = {}
    for row in db.session.execute(_YEAR, values):
        if row.month is not None:
            sums.setdefault(row.currency, {})[row.month] = row.net
        else:
            client = ClientRevenue(
                client_id=row.client_id, name=row.name, amount=row.net, invoices=int(row.documents)
            )
            best.setdefault(row.currency, []).append(client)
    return {
        currency: YearRevenue(_filled(months, found), tuple(best.get(currency, ())))
        for currency, found in sums.items()
    }


def nothing(months: Sequence[date]) -> YearRevenue:
    """A year without revenue."""
    return YearRevenue(_filled(months, {}), ())


def _filled(months: Sequence[date], found: Mapping[date, Decimal]) -> tuple[DayRevenue, ...]:
    return tuple(DayRevenue(month, found.get(month, Decimal(0))) for month in months)


def by_client(
    period: Period, currency: str, *, limit: int | None = None
) -> tuple[ClientRevenue, ...]:
    """Revenue of each client of a period, the most first."""
    rows = db.session.execute(_BY_CLIENT, {**_values(period, currency), "limit": limit})
    return tuple(
        ClientRevenue(
            client_id=row.client_id, name=row.name, amount=row.net, invoices=int(row.documents)
        )
        for row in rows
    )


def _values(period: Period, currency: str) -> dict[str, object]:
    return {
        "business": current_business_id(),
        "currency": currency,
        "start": period.start,
        "end": period.end,
    }
