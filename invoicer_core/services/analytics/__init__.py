"""How the business is doing in a period: key figures and tables, all from its own rows.

Every table can be had alone, for a file; a page takes them all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.periods import Period
from invoicer_core.domain.saying import say
from invoicer_core.domain.tables import Table
from invoicer_core.domain.trends import Cohort, share
from invoicer_core.services import revenue
from invoicer_core.services.analytics import behaviour, sales, viewing
from invoicer_core.services.analytics.behaviour import Clients, Funnel
from invoicer_core.services.analytics.sales import Day
from invoicer_core.services.analytics.viewing import Visits
from invoicer_core.services.reports import currencies

__all__ = ["BLOCKS", "Analytics", "Figures", "block", "overview"]

SHOWN: Final = 12

_BLOCKS: Final[Mapping[str, Callable[[Period, str], Table]]] = {
    "days": lambda period, currency: sales.day_table(_days(period, currency)),
    "by-client": sales.by_client,
    "by-product": sales.by_product,
    "by-category": sales.by_category,
    "delays": lambda period, currency: behaviour.delay_table(behaviour.paid(period, currency)),
    "cohorts": lambda period, _currency: behaviour.cohort_table(_cohorts(period)),
    "funnel": lambda period, currency: behaviour.funnel_table(behaviour.funnel(period, currency)),
    "channels": lambda period, _currency: viewing.channel_table(viewing.visits(period)),
    "devices": lambda period, _currency: viewing.device_table(viewing.visits(period)),
}
BLOCKS: Final = tuple(_BLOCKS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The key figures. Amounts are net, times are medians, ``None`` where there is nothing yet.

    ``conversion`` is the share in percent of the invoices issued in the period that are paid;
    ``viewers_a_day`` the mean number of people that looked at an invoice or the portal.
    """

    revenue: Decimal
    revenue_before: Decimal
    clients: Clients
    steps: Funnel
    conversion: Decimal | None
    days_to_pay: Decimal | None
    viewers_a_day: Decimal
    looks: Visits


@dataclass(frozen=True, slots=True, kw_only=True)
class Analytics:
    """All of it. Tables of clients and products show the largest, and the others as one row."""

    period: Period
    former: Period
    currency: str
    currencies: tuple[str, ...]
    figures: Figures
    days: tuple[Day, ...]
    cohorts: tuple[Cohort, ...]
    tables: Mapping[str, Table]


def overview(period: Period, currency: str | None = None) -> Analytics:
    """Everything for a page, in the business's own currency unless another one is asked for."""
    known = currencies()
    chosen = currency if currency in known.used else known.usual
    days = sales.days(period, chosen, known.today)
    delays = behaviour.paid(period, chosen)
    steps = behaviour.funnel(period, chosen)
    cohorts = behaviour.cohorts(min(period.end, known.today))
    looks = viewing.visits(period)
    whole = sum((day.amount for day in days), Decimal(0))
    products = sales.product_rows(period, chosen, whole)
    return Analytics(
        period=period,
        former=period.former(),
        currency=chosen,
        currencies=known.used,
        figures=Figures(
            revenue=whole,
            revenue_before=revenue.total(period.former(), chosen),
            clients=behaviour.clients(period, chosen),
            steps=steps,
            conversion=share(steps.paid, steps.issued),
            days_to_pay=behaviour.days_to_pay(delays),
            viewers_a_day=looks.viewers_a_day(period, known.today),
            looks=looks,
        ),
        days=days,
        cohorts=cohorts,
        tables={
            "days": sales.day_table(days),
            "by-client": sales.by_client(period, chosen, SHOWN),
            "by-product": sales.product_table(products, SHOWN),
            "by-category": sales.category_table(products),
            "delays": behaviour.delay_table(delays),
            "cohorts": behaviour.cohort_table(cohorts),
            "funnel": behaviour.funnel_table(steps),
            "channels": viewing.channel_table(looks),
            "devices": viewing.device_table(looks),
        },
    )


def block(name: str, period: Period, currency: str) -> Table:
    """One table with all its rows. Raises NotFound when there is none of that name."""
    maker = _BLOCKS.get(name)
    if maker is None:
        raise NotFound(say("There is no table of this name."))
    return maker(period, currency)


def _days(period: Period, currency: str) -> tuple[Day, ...]:
    return sales.days(period, currency, currencies().today)


def _cohorts(period: Period) -> tuple[Cohort, ...]:
    return behaviour.cohorts(_until(period))


def _until(period: Period) -> date:
    return min(period.end, currencies().today)
