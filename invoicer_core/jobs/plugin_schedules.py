"""Which of the plugins' schedules are due, for whom, and in which period.

A period is offered again every few minutes until it is over: what was lost on the way, or missed
while nothing ran, is made up for. The mark that goes with the job's row lets only one of them
through (``services.plugin_jobs.scheduled``).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from invoicer_core.hooks.offers import Schedule
from invoicer_core.host.registry import Offered
from invoicer_core.jobs.leases import Connection
from invoicer_core.jobs.queue import Work

SCHEDULED: Final = "plugin_scheduled"
AGAIN: Final = 600
"""Seconds after which a period that runs is offered again."""

CHUNK: Final = 100

Zones = dict[int, str]


@dataclass(slots=True)
class PluginSchedules:
    """The plugins' schedules, and which slot of time each was last looked at in."""

    offered: tuple[Offered[Schedule], ...] = ()
    _seen: dict[tuple[str, str], int] = field(default_factory=dict)

    def due(self, gate: Connection, now: datetime) -> Iterator[Work]:
        """What to enqueue now. Reads the businesses only when there is something to do."""
        second = int(now.timestamp())
        turns = [each for each in self.offered if self._is_turn(each, second)]
        if not turns:
            return
        zones = _zones(gate)
        for each in turns:
            for period, ids in periods(each.offer, now, zones):
                yield from _work(each, period, ids, slot=second // 60)

    def _is_turn(self, each: Offered[Schedule], second: int) -> bool:
        """Once per slot: a minute, so that daily times are kept, or the schedule's own period."""
        every = each.offer.every
        slot = second // (60 if every is None else min(AGAIN, int(every.total_seconds())))
        name = (each.plugin, each.offer.name)
        if self._seen.get(name) == slot:
            return False
        self._seen[name] = slot
        return True


def periods(schedule: Schedule, now: datetime, zones: Zones) -> Iterable[tuple[str, list[int]]]:
    """The periods that run, each with the businesses in which it does."""
    if schedule.every is not None:
        seconds = int(schedule.every.total_seconds())
        return [(str(int(now.timestamp()) // seconds), sorted(zones))]
    found: dict[str, list[int]] = defaultdict(list)
    hour, minute = map(int, (schedule.at or "").split(":"))
    for business_id in sorted(zones):
        local = now.astimezone(_zone(zones[business_id]))
        late = (local.hour - hour) * 60 + local.minute - minute
        if late >= 0 and late % (AGAIN // 60) == 0:
            found[local.date().isoformat()].append(business_id)
    return found.items()


def _work(each: Offered[Schedule], period: str, ids: list[int], *, slot: int) -> Iterator[Work]:
    for at in range(0, len(ids), CHUNK):
        name = f"{each.plugin}-{each.offer.name}"
        arguments = (each.plugin, each.offer.name, period, ids[at : at + CHUNK])
        yield Work(f"{SCHEDULED}-{name}-{period}-{slot}-{at}", SCHEDULED, arguments)


def _zones(gate: Connection) -> Zones:
    rows: list[Any] = gate.execute(
        "SELECT id, time_zone FROM businesses WHERE deleted_at IS NULL"
    ).fetchall()
    return {int(row[0]): str(row[1]) for row in rows}


def _zone(name: str) -> Any:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
