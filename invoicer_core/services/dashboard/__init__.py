"""The figures of the first page, each the sum of a list that it leads to.

Amounts are those of invoices in one currency; sums over several currencies would need a rate of
today, which an issued document does not have.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from invoicer_core.domain.periods import Period, month_end, month_start
from invoicer_core.domain.snapshots import MessageSnapshot, TimelineEntry
from invoicer_core.services import drafting, messages, revenue, timeline
from invoicer_core.services.dashboard import figures
from invoicer_core.services.dashboard.figures import AgeBand, LowProduct, PastDue, RecentPayment
from invoicer_core.services.revenue import ClientRevenue, DayRevenue

__all__ = ["AgeBand", "LowProduct", "PastDue", "RecentPayment", "Summary", "summary"]

SHOWN: Final = 5
MONTHS: Final = 12
SPANS: Final = ("month", "quarter", "year")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """What somebody should look at, each with the newest or worst few and how many there are."""

    past_due: tuple[PastDue, ...]
    recent_payments: tuple[RecentPayment, ...]
    unsent: tuple[MessageSnapshot, ...]
    unsent_count: int
    low_stock: tuple[LowProduct, ...]
    low_stock_count: int
    activity: tuple[TimelineEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What is owed, what is late, what came in, what wants attention. Amounts are in
    ``currency``; ``months`` and ``top_clients`` are of the last twelve months, ``year``."""

    currency: str
    currencies: tuple[str, ...]
    period: Period
    former: Period
    outstanding: Decimal
    outstanding_count: int
    overdue: Decimal
    overdue_count: int
    paid: Decimal
    paid_before: Decimal
    paid_this_month: Decimal
    draft_count: int
    draft_total: Decimal
    is_new: bool
    has_clients: bool
    ageing: tuple[AgeBand, ...]
    months: tuple[DayRevenue, ...]
    year: Period
    top_clients: tuple[ClientRevenue, ...]
    attention: Attention


def summary(*, currency: str | None = None, span: str = "month") -> Summary:
    """The figures as of now; days are those of the business's time zone.

    Args:
        currency: one of those in use; otherwise the business's own.
        span: what counts as this period: ``month``, ``quarter`` or ``year``.
    """
    setting = figures.setting()
    months = tuple(month_start(setting.today, at - MONTHS + 1) for at in range(MONTHS))
    year = Period(months[0], month_end(setting.today))
    every = figures.standing(setting.today)
    sold = revenue.by_currency(months, year.end, limit=SHOWN)
    chosen, currencies = _currencies(currency, {*every, *sold})
    standing = every.get(chosen) or figures.nothing()
    of_year = sold.get(chosen) or revenue.nothing(months)
    period, former = _spans(span if span in SPANS else "month", setting.today)
    received = figures.received(chosen, period, former, Period(months[-1], year.end))
    return Summary(
        currency=chosen,
        currencies=currencies,
        period=period,
        former=former,
        outstanding=standing.outstanding,
        outstanding_count=standing.outstanding_count,
        overdue=standing.overdue,
        overdue_count=standing.overdue_count,
        paid=received.now,
        paid_before=received.before,
        paid_this_month=received.of_month,
        draft_count=standing.draft_count,
        draft_total=standing.draft_total,
        is_new=not setting.has_invoices,
        has_clients=setting.has_clients,
        ageing=standing.ageing,
        months=of_year.months,
        year=year,
        top_clients=of_year.clients,
        attention=_attention(setting.today),
    )


def _currencies(wanted: str | None, used: set[str]) -> tuple[str, tuple[str, ...]]:
    """The currency of the page, and all to choose from."""
    usual = drafting.business_currency()
    known = tuple(sorted({usual, *used}))
    return wanted if wanted is not None and wanted in known else usual, known


def _attention(today: date) -> Attention:
    unsent = messages.find(unsent=True, limit=SHOWN)
    low = figures.low_stock(SHOWN)
    return Attention(
        past_due=figures.past_due(today, SHOWN),
        recent_payments=figures.recent_payments(SHOWN),
        unsent=unsent.items,
        unsent_count=unsent.total or len(unsent.items),
        low_stock=low.products,
        low_stock_count=low.count,
        activity=timeline.recent(),
    )


def _spans(span: str, today: date) -> tuple[Period, Period]:
    """The running month, quarter or year, and the one before it."""
    months = {"month": 1, "quarter": 3, "year": 12}[span]
    start = month_start(today, -((today.month - 1) % months))
    period = Period(start, month_end(month_start(start, months - 1)), span)
    return period, period.former()
