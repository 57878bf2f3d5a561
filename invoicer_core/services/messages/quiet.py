"""Quiet hours: what is sent by itself over a channel that rings waits until they are over."""

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from babel.core import get_global

from invoicer_core.domain import calendar
from invoicer_core.domain.snapshots import BusinessSnapshot

FROM, UNTIL = "quiet_from", "quiet_until"
USUAL: Final = {FROM: "21:00", UNTIL: "08:00"}
OFF: Final = "off"


def hours(business: BusinessSnapshot) -> tuple[time, time] | None:
    """When the quiet hours begin and end in a day; None: there are none."""
    begin, end = (str(business.settings.get(name) or USUAL[name]) for name in (FROM, UNTIL))
    if OFF in (begin, end) or begin == end:
        return None
    return time.fromisoformat(begin), time.fromisoformat(end)


def until(business: BusinessSnapshot, country: str | None, now: datetime) -> datetime | None:
    """When the quiet hours that ``now`` lies in are over, UTC; None: they are not now.

    Args:
        country: the client's: its clock counts where the whole country has one and the same.
    """
    found = hours(business)
    if found is None:
        return None
    begin, end = found
    zone = _zone_of(country, now) or calendar.zone(business.time_zone)
    here = now.astimezone(zone)
    clock = here.time().replace(tzinfo=None)
    inside = begin <= clock < end if begin < end else clock >= begin or clock < end
    if not inside:
        return None
    day = here.date() + timedelta(days=1 if clock >= end else 0)
    return datetime.combine(day, end, zone).astimezone(UTC)


def _zone_of(country: str | None, now: datetime) -> ZoneInfo | None:
    if not country:
        return None
    names = [name for name, where in get_global("zone_territories").items() if where == country]
    zones = []
    for name in names:
        try:
            zones.append(ZoneInfo(name))
        except (KeyError, ValueError, OSError):
            continue
    offsets = {now.astimezone(zone).utcoffset() for zone in zones}
    return zones[0] if len(offsets) == 1 else None
