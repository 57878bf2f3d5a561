"""The sums of the first page, each in one statement."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import text

from invoicer_core.domain.periods import Period
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id

BANDS: Final = ("not-due", "0-30", "31-60", "61-90", "over-90")
"""How long an open invoice has been due, in days; the first one is not due yet."""

_SETTING: Final = text(
    "SELECT (now() AT TIME ZONE b.time_zone)::date AS today,"
    " EXISTS (SELECT FROM clients WHERE business_id = b.id AND deleted_at IS NULL) AS has_clients,"
    " EXISTS (SELECT FROM invoices WHERE business_id = b.id AND deleted_at IS NULL) AS has_invoices"
    " FROM businesses b WHERE b.id = :business"
)
# What a payment is on its way for is not late; looked up at once, and drafts by an index that has
# their missing numbers, because this is read on every start.
_STANDING: Final = text(
    "WITH in_process AS (SELECT DISTINCT invoice_id FROM payments WHERE business_id = :business"
    "  AND status IN ('pending', 'unknown') AND invoice_id IS NOT NULL),"
    " standing AS (SELECT i.currency, i.state, i.amount_due - i.settled AS balance,"
    "  coalesce(CAST(:today AS date) - i.due_date, -1) AS days,"
    "  i.due_date < :today AND p.invoice_id IS NULL AS late"
    "  FROM invoices i LEFT JOIN in_process p ON p.invoice_id = i.id"
    "  WHERE i.business_id = :business AND i.state = 'issued' AND i.settled < i.amount_due"
    " UNION ALL SELECT currency, state, total_amount, 0, false FROM invoices"
    "  WHERE business_id = :business AND number IS NULL AND state = 'draft'"
    "  AND deleted_at IS NULL)"
    " SELECT currency, CASE WHEN state = 'draft' THEN 'draft' WHEN days < 0 THEN 'not-due'"
    "  WHEN days <= 30 THEN '0-30' WHEN days <= 60 THEN '31-60' WHEN days <= 90 THEN '61-90'"
    "  ELSE 'over-90' END AS band, count(*) AS number, sum(balance) AS balance,"
    "  count(*) FILTER (WHERE late) AS late_count,"
    "  coalesce(sum(balance) FILTER (WHERE late), 0) AS late"
    " FROM standing GROUP BY currency, band"
)
_RECEIVED: Final = text(
    "SELECT coalesce(sum(amount - refunded) FILTER (WHERE date BETWEEN :start AND :end), 0),"
    " coalesce(sum(amount - refunded) FILTER (WHERE date BETWEEN :before AND :until), 0),"
    " coalesce(sum(amount - refunded) FILTER (WHERE date BETWEEN :first AND :last), 0)"
    " FROM payments WHERE business_id = :business AND currency = :currency"
    " AND status IN ('succeeded', 'partly_refunded', 'refunded')"
    " AND date BETWEEN least(:before, :first) AND greatest(:end, :last)"
)
_PAST_DUE: Final = text(
    "SELECT i.id, i.number, i.client_name, i.due_date, i.currency,"
    " i.amount_due - i.settled AS balance FROM invoices i"
    " WHERE i.business_id = :business AND i.state = 'issued' AND i.settled < i.amount_due"
    " AND i.due_date < :today AND NOT EXISTS ("
    "  SELECT FROM payments p WHERE p.business_id = i.business_id AND p.invoice_id = i.id"
    "  AND p.status IN ('pending', 'unknown')) ORDER BY i.due_date, i.id LIMIT :limit"
)
_PAYMENTS: Final = text(
    "SELECT p.id, p.client_id, c.name, p.amount, p.currency, p.method, p.date, p.status,"
    " coalesce(p.invoice_id, (SELECT min(a.invoice_id) FROM allocations a"
    "  WHERE a.business_id = p.business_id AND a.payment_id = p.id)) AS invoice_id"
    " FROM (SELECT * FROM payments WHERE business_id = :business"
    "  AND status IN ('succeeded', 'partly_refunded', 'refunded', 'disputed')"
    "  ORDER BY date DESC, id DESC LIMIT :limit) p"
    " JOIN clients c ON c.business_id = p.business_id AND c.id = p.client_id"
    " ORDER BY p.date DESC, p.id DESC"
)
_LOW: Final = text(
    "SELECT id, name, unit, stock_quantity, low_stock_level, count(*) OVER () AS number"
    " FROM products WHERE business_id = :business AND deleted_at IS NULL AND is_active"
    " AND stock_quantity <= low_stock_level"
    " ORDER BY stock_quantity - low_stock_level, name LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Setting:
    """The business's day, and whether it has clients and invoices."""

    today: date
    has_clients: bool
    has_invoices: bool


@dataclass(frozen=True, slots=True)
class AgeBand:
    """Open invoices that have been due for so long: how many, and what is open on them."""

    name: str
    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is not closed."""

    outstanding: Decimal
    outstanding_count: int
    overdue: Decimal
    overdue_count: int
    draft_count: int
    draft_total: Decimal
    ageing: tuple[AgeBand, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """Money that came in: in the period, in the one before it, in the running month."""

    now: Decimal
    before: Decimal
    of_month: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDue:
    """An overdue invoice."""

    id: int
    number: str
    client_name: str
    due_date: date
    balance: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentPayment:
    """Money that came in, and the invoice it was for, where it was for one."""

    id: int
    client_id: int
    client_name: str
    invoice_id: int | None
    amount: Decimal
    currency: str
    method: str
    date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class LowProduct:
    """A product of which there is not enough."""

    id: int
    name: str
    unit: str
    stock: Decimal
    level: Decimal


@dataclass(frozen=True, slots=True)
class LowStock:
    """The products that lack most, and how many there are."""

    products: tuple[LowProduct, ...]
    count: int


def setting() -> Setting:
    """What the figures depend on."""
    row = db.session.execute(_SETTING, {"business": current_business_id()}).one()
    return Setting(row.today, row.has_clients, row.has_invoices)


def standing(today: date) -> dict[str, Standing]:
    """Outstanding, overdue, drafts and the ages of what is open, by currency, in one pass."""
    rows = db.session.execute(_STANDING, {"business": current_business_id(), "today": today})
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        found.setdefault(row.currency, {})[row.band] = row
    return {currency: _standing(bands) for currency, bands in found.items()}


def nothing() -> Standing:
    """What is not closed where there is nothing."""
    return _standing({})


def _standing(found: dict[str, Any]) -> Standing:
    draft = found.pop("draft", None)
    bands = [
        AgeBand(name, found[name].number, found[name].balance)
        if name in found
        else AgeBand(name, 0, Decimal(0))
        for name in BANDS
    ]
    return Standing(
        outstanding=_sum(band.amount for band in bands),
        outstanding_count=sum(band.count for band in bands),
        overdue=_sum(row.late for row in found.values()),
        overdue_count=sum(row.late_count for row in found.values()),
        draft_count=draft.number if draft else 0,
        draft_total=draft.balance if draft else Decimal(0),
        ageing=tuple(bands),
    )


def _sum(amounts: Any) -> Decimal:
    return sum(amounts, Decimal(0))


def received(currency: str, period: Period, former: Period, month: Period) -> Received:
    """Money received less refunds in each of the three, by the payments' dates."""
    values = {
        "business": current_business_id(),
        "currency": currency,
        "start": period.start,
        "end": period.end,
        "before": former.start,
        "until": former.end,
        "first": month.start,
        "last": month.end,
    }
    return Received(*db.session.execute(_RECEIVED, values).one())


def past_due(today: date, limit: int) -> tuple[PastDue, ...]:
    """The invoices that have been overdue the longest, in whatever currency."""
    values = {"business": current_business_id(), "today": today, "limit": limit}
    return tuple(PastDue(**row._asdict()) for row in db.session.execute(_PAST_DUE, values))


def recent_payments(limit: int) -> tuple[RecentPayment, ...]:
    """The payments that came in last."""
    values = {"business": current_business_id(), "limit": limit}
    return tuple(
        RecentPayment(
            id=row.id,
            client_id=row.client_id,
            client_name=row.name,
            invoice_id=row.invoice_id,
            amount=row.amount,
            currency=row.currency,
            method=row.method,
            date=row.date,
        )
        for row in db.session.execute(_PAYMENTS, values)
    )


def low_stock(limit: int) -> LowStock:
    """Products at or below their level."""
    rows = db.session.execute(_LOW, {"business": current_business_id(), "limit": limit}).all()
    products = tuple(
        LowProduct(
            id=row.id,
            name=row.name,
            unit=row.unit,
            stock=row.stock_quantity,
            level=row.low_stock_level,
        )
        for row in rows
    )
    return LowStock(products, rows[0].number if rows else 0)
