"""Who looked at invoices and at the portal: counts only, see `services.visits`."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from sqlalchemy import text

from invoicer_core.domain.periods import Period
from invoicer_core.domain.tables import Cell, Column, Table, Word, total_of
from invoicer_core.domain.trends import median, share
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id

_CHANNELS: Final = (Column("channel", "word"), Column("views", "count"), Column("share", "percent"))
_DEVICES: Final = (Column("device", "word"), Column("views", "count"), Column("share", "percent"))
_TENTH: Final = Decimal("0.1")

_WITHIN: Final = (
    " FROM visits v JOIN businesses b ON b.id = v.business_id WHERE v.business_id = :business"
    " AND v.created_at >= CAST(:start AS timestamp) AT TIME ZONE b.time_zone"
    " AND v.created_at < CAST(CAST(:end AS date) + 1 AS timestamp) AT TIME ZONE b.time_zone"
)
_VIEWS: Final = text(
    "SELECT v.channel, v.device, sum(v.views) AS views"
    + _WITHIN
    + " AND v.invoice_id IS NOT NULL GROUP BY v.channel, v.device"
)
_VIEWERS: Final = text(
    "SELECT CAST(v.created_at AT TIME ZONE b.time_zone AS date) AS day,"
    " count(DISTINCT v.visitor) AS viewers" + _WITHIN + " GROUP BY 1"
)
_SESSIONS: Final = text(
    "SELECT CAST(round(extract(epoch FROM v.last_at - v.created_at)) AS int) AS seconds,"  # noqa: S608
    " count(*) AS number" + _WITHIN + " AND v.views > 1 GROUP BY 1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """Views of invoices by channel and device; viewers by day; how long those stayed who opened
    more than one page."""

    by_channel: dict[str, int]
    by_device: dict[str, int]
    viewers: dict[date, int]
    sessions: int
    session_seconds: Decimal | None

    @property
    def viewers_most(self) -> int:
        """Of the busiest day."""
        return max(self.viewers.values(), default=0)

    def viewers_a_day(self, period: Period, today: date) -> Decimal:
        """The mean over the days of the period that have come."""
        days = Period(period.start, max(period.start, min(period.end, today))).days
        return (Decimal(sum(self.viewers.values())) / days).quantize(_TENTH, ROUND_HALF_UP)


def visits(period: Period) -> Visits:
    """All that was looked at in a period, by the business's days."""
    values = {"business": current_business_id(), "start": period.start, "end": period.end}
    channels: dict[str, int] = {}
    devices: dict[str, int] = {}
    for row in db.session.execute(_VIEWS, values):
        channels[row.channel] = channels.get(row.channel, 0) + int(row.views)
        devices[row.device] = devices.get(row.device, 0) + int(row.views)
    viewers = {row.day: row.viewers for row in db.session.execute(_VIEWERS, values)}
    stays = [(row.seconds, row.number) for row in db.session.execute(_SESSIONS, values)]
    return Visits(
        by_channel=channels,
        by_device=devices,
        viewers=viewers,
        sessions=sum(number for _seconds, number in stays),
        session_seconds=median(seconds for seconds, number in stays for _ in range(number)),
    )


def channel_table(found: Visits) -> Table:
    """Views by what carried the link."""
    return _table("channels", _CHANNELS, "channel", found.by_channel)


def device_table(found: Visits) -> Table:
    """Views by kind of device."""
    return _table("devices", _DEVICES, "device", found.by_device)


def _table(name: str, columns: Any, kind: str, counts: dict[str, int]) -> Table:
    whole = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (Word(f"{kind}:{each}"), count, share(count, whole)) for each, count in ordered
    )
    return Table(name=name, columns=columns, rows=rows, total=total_of(columns, rows))
