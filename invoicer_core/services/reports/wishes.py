"""What can be wished of a report, and what comes of it."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import text

from invoicer_core.domain.periods import Period
from invoicer_core.domain.tables import Table
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id

BASES: Final = ("accrual", "cash")
BANDS: Final = ("not-due", "0-30", "31-60", "61-90", "over-90")

_CURRENCIES: Final = text(
    "SELECT b.currency AS usual, (now() AT TIME ZONE b.time_zone)::date AS today,"
    " ARRAY(SELECT DISTINCT currency FROM invoices"
    "  WHERE business_id = b.id AND deleted_at IS NULL) AS used"
    " FROM businesses b WHERE b.id = :business"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a report is asked for.

    Args:
        basis: taxes by the days of issue (``accrual``) or by the days of payment (``cash``).
        band: only receivables that have been due so long; empty for all.
        limit: at most so many rows of single documents; None for all of them.
    """

    period: Period
    currency: str
    basis: str = "accrual"
    band: str = ""
    limit: int | None = None

    def values(self, **more: Any) -> dict[str, Any]:
        """Parameters of a statement."""
        return {
            "business": current_business_id(),
            "currency": self.currency,
            "start": self.period.start,
            "end": self.period.end,
            **more,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report as it was wished: the first table is the one that its name promises.

    ``as_of`` is the one day that a report of balances is about, instead of a period.
    """

    name: str
    wish: Wish
    tables: tuple[Table, ...]
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Currencies:
    """The business's own currency, all that are in use, and the day it is there."""

    usual: str
    used: tuple[str, ...]
    today: date


def currencies() -> Currencies:
    """In which currencies there is something to report."""
    row = db.session.execute(_CURRENCIES, {"business": current_business_id()}).one()
    usual = row.usual or "EUR"
    return Currencies(usual, tuple(sorted({usual, *row.used})), row.today)
