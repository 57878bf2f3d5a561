"""Work at set times. One clock of all leads; the others stand by until its connection ends."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from redis import Redis

from invoicer_core.jobs import registry
from invoicer_core.jobs.leases import Connection
from invoicer_core.jobs.plugin_schedules import PluginSchedules
from invoicer_core.jobs.queue import CORE, Work, enqueue, queue_of

LEADER: Final = 7_204_118_002
CHUNK: Final = 100
EVERY: Final = {registry.OVERDUE: 60, registry.PURGE: 3600}
"""Seconds from one run to the next, on the wall clock, so that a new leader joins the rhythm."""


@dataclass(slots=True)
class Schedules:
    """The schedules of one clock."""

    plugins: PluginSchedules = field(default_factory=PluginSchedules)
    leads: bool = False
    _done: dict[str, int] = field(default_factory=dict)

    def run(self, gate: Connection, redis: Redis) -> None:
        """Enqueue what is due, if this clock leads. Losing such a job costs one period.

        Raises:
            psycopg.Error, redis.RedisError: the caller connects anew.
        """
        if not self.leads:
            row = gate.execute("SELECT pg_try_advisory_lock(%s)", (LEADER,)).fetchone()
            self.leads = bool(row and row[0])
        if not self.leads:
            return
        now = int(time.time())
        for name, seconds in EVERY.items():
            period = now // seconds
            if self._done.get(name) != period:
                enqueue(queue_of(CORE, redis), list(_work(gate, name, period)))
                self._done[name] = period
        due = list(self.plugins.due(gate, datetime.fromtimestamp(now, UTC)))
        if due:
            enqueue(queue_of(CORE, redis), due)

    def stand_down(self) -> None:
        """The connection that held the lead is gone."""
        self.leads = False


def _work(gate: Connection, name: str, period: int) -> Iterator[Work]:
    rows = gate.execute("SELECT id FROM businesses WHERE deleted_at IS NULL ORDER BY id").fetchall()
    ids = [int(row[0]) for row in rows]
    for at in range(0, len(ids), CHUNK):
        yield Work(f"{name}-{period}-{at}", name, (ids[at : at + CHUNK],))
    if name == registry.PURGE:
        yield Work(f"{registry.PURGE_SHARED}-{period}", registry.PURGE_SHARED, ())
