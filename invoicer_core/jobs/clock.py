"""The clock: finds what is due, emits to the live channel, hands the rest to workers.

Any number of clocks may run: rows are taken with ``FOR UPDATE SKIP LOCKED``. Nothing is kept in
memory, so that a clock may die at any point: what it had taken comes due again.
"""

import signal
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from logging import getLogger
from threading import Event as Flag
from typing import Any, Final

import psycopg
from flask import Flask
from redis import Redis, RedisError
from sqlalchemy.exc import DBAPIError

from invoicer_core.config import Config
from invoicer_core.hooks.offers import Schedule
from invoicer_core.jobs import presence, queue, registry, routing
from invoicer_core.jobs.announce import Announcer
from invoicer_core.jobs.leases import LEASE, LOCKS, Connection, gate_connection
from invoicer_core.jobs.plugin_schedules import PluginSchedules
from invoicer_core.jobs.queue import PLUGINS, QUEUES, SECONDS, TASKS, WEBHOOKS, Work
from invoicer_core.jobs.schedules import Schedules
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import deliveries, workflows

POLL: Final = 1.0
BUSY: Final = 0.02
BREATH: Final = 0.004
"""Seconds between two looks while news keep coming, so that they come in batches."""

HAND_OUT: Final = 0.03
"""Seconds between two looks for jobs while news keep coming. The live channel is told at each: a
person looks at it, and looking for jobs in every queue costs more than all of its news."""

SWEEP: Final = 2.0
LIVE_AT_ONCE: Final = 500
PER_JOB: Final = 10
TASK_SECONDS: Final = 1800
"""The longest turn of a task, which is a job of its own; those that can pause take short ones."""

TRY_SECONDS: Final = 60
"""What each delivery of a job may take, however many there are in it."""

MOST_QUEUED: Final = 4
"""Jobs that may wait in a queue. What is beyond stays due in PostgreSQL, so that leases of jobs
which nobody has begun do not run out."""

MOST_DEATHS: Final = 5
"""Tries that ended with the death of their worker before a delivery is parked."""

DIED: Final = "the worker died each time it was tried"

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0

log: Final = getLogger(__name__)

_LIVE: Final = """
    SELECT id, business_id, event_id FROM deliveries
    WHERE state = 'due' AND due_at <= now() AND subscriber = 'live'
    ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
"""
_TOLD: Final = """
    UPDATE deliveries SET state = 'done', attempts = attempts + 1, done_at = now()
    WHERE id = ANY(%s)
"""
_CLAIM: Final = """
    WITH picked AS (
        SELECT id FROM deliveries
        WHERE state = 'due' AND due_at <= now() AND subscriber <> 'live'
          AND CASE WHEN starts_with(subscriber, 'webhook:') THEN %(webhooks)s
              ELSE NOT %(webhooks)s AND (subscriber = ANY(%(named)s)) = %(wanted)s END
        ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    )
    UPDATE deliveries d
       SET state = 'leased', leased_until = now() + make_interval(secs => %(lease)s)
      FROM picked WHERE d.id = picked.id
    RETURNING d.business_id, d.subscriber, d.id, d.attempts
"""
_SWEEP: Final = """
    WITH dead AS MATERIALIZED (
        SELECT id FROM deliveries WHERE state = 'leased' AND leased_until < now()
        LIMIT 1000 FOR UPDATE SKIP LOCKED
    ), free AS MATERIALIZED (
        SELECT id FROM dead
        WHERE CASE WHEN pg_try_advisory_lock(%(locks)s + id)
                   THEN pg_advisory_unlock(%(locks)s + id) ELSE false END
    )
    UPDATE deliveries d SET
        state = CASE WHEN attempts < %(most)s THEN 'due' ELSE 'parked' END,
        due_at = now() + make_interval(secs => greatest(attempts - 2, 0) * 30), leased_until = NULL
    FROM free WHERE d.id = free.id
    RETURNING d.id, d.state, d.business_id, d.subscriber
"""


class Clock:
    """One clock. ``run`` returns after ``stop``."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.config: Config = app.extensions["invoicer.config"]
        registry_of_app = app.extensions["invoicer.host"].registry
        self.schedules = Schedules(PluginSchedules(registry_of_app.offered(Schedule)))
        self.subscribers = routing.subscribers_of(registry_of_app)
        self._stop = Flag()
        self._swept = 0.0
        self._handed_out = 0.0

    def stop(self) -> None:
        """Let ``run`` return soon. Safe in a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Until stopped: look, act, wait for news. Outlives PostgreSQL and Redis."""
        pause = FIRST_PAUSE
        log.info("the clock runs")
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                with self._connected() as (gate, redis):
                    self._serve(gate, redis)
            except (psycopg.Error, RedisError, DBAPIError) as error:
                log.warning("the clock lost a connection: %s", error)
            self.schedules.stand_down()
            pause = FIRST_PAUSE if time.monotonic() - began > LONGEST_PAUSE else pause
            self._stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    @contextmanager
    def _connected(self) -> Iterator[tuple[Connection, Redis]]:
        redis = queue.connect(self.config.redis_url, "clock")
        with gate_connection(self.config.gate_url) as gate:
            gate.execute("LISTEN due")
            try:
                yield gate, redis
            finally:
                redis.close()

    def _serve(self, gate: Connection, redis: Redis) -> None:
        announcer = Announcer(redis)
        noted = 0.0
        while not self._stop.is_set():
            began = time.monotonic()
            if began - noted > presence.SECONDS / 6:
                presence.note(redis, "clock")
                self.schedules.run(gate, redis)
                noted = began
            if began - self._handed_out < HAND_OUT:
                self._tell_live(gate, announcer)
                more = True
            else:
                more = self.look(gate, redis, announcer)
                self._handed_out = began
            self._wait(gate, BUSY if more else POLL)
            self._stop.wait(max(0.0, BREATH - (time.monotonic() - began)))

    def look(self, gate: Connection, redis: Redis, announcer: Announcer) -> bool:
        """Do everything that is due now; True when something had to be left for the next look."""
        self._sweep(gate)
        more = self._tell_live(gate, announcer) == LIVE_AT_ONCE
        known = [name for names in self.subscribers.values() for name in names]
        for name in QUEUES:
            wanted = name != PLUGINS
            named = list(self.subscribers[name]) if wanted else known
            more |= self._hand_out(gate, redis, name, named, wanted=wanted)
        return more

    def _wait(self, gate: Connection, seconds: float) -> None:
        for _ in gate.notifies(timeout=seconds, stop_after=1):
            break

    def _sweep(self, gate: Connection) -> None:
        """What a dead worker had taken comes due again."""
        now = time.monotonic()
        if now - self._swept < SWEEP:
            return
        self._swept = now
        freed = gate.execute(_SWEEP, {"most": MOST_DEATHS, "locks": LOCKS}).fetchall()
        if freed:
            log.warning("leases ran out: deliveries %s", [row[0] for row in freed])
        for delivery_id, state, business_id, subscriber in freed:
            if state == "parked":
                self._blame(business_id, subscriber, delivery_id)

    def _blame(self, business_id: int, subscriber: str, delivery_id: int) -> None:
        """A delivery whose every try killed its worker counts against its plugin like one that
        failed in words."""
        kind, _, plugin = subscriber.partition(":")
        if kind in ("plugin", "job"):
            with self.app.app_context(), enter_business(business_id):
                deliveries.gave_up(plugin=plugin, error=DIED)
        elif subscriber == workflows.SUBSCRIBER:
            with self.app.app_context(), enter_business(business_id):
                workflows.gave_up(delivery_id=delivery_id, error=DIED)

    def _tell_live(self, gate: Connection, announcer: Announcer) -> int:
        """Emit live deliveries ourselves: behind jobs they would wait seconds under load."""
        with gate.transaction():
            rows = gate.execute(_LIVE, (LIVE_AT_ONCE,)).fetchall()
            by_business: dict[int, list[int]] = defaultdict(list)
            for _, business_id, event_id in rows:
                by_business[business_id].append(event_id)
            with self.app.app_context():
                for business_id, event_ids in by_business.items():
                    self._tell(business_id, event_ids, announcer)
            if rows:
                announcer.send()
                gate.execute(_TOLD, ([row[0] for row in rows],))
        return len(rows)

    def _tell(self, business_id: int, event_ids: Sequence[int], announcer: Announcer) -> None:
        with enter_business(business_id):
            found = deliveries.events(event_ids=event_ids)
            db.session.rollback()
            for event in found:
                try:
                    announcer.tell(event)
                except (RedisError, DBAPIError):
                    raise
                except Exception:
                    log.exception("event %s was not told on the live channel", event.id)
                    db.session.rollback()

    def _hand_out(
        self, gate: Connection, redis: Redis, name: str, named: list[str], *, wanted: bool
    ) -> bool:
        """Lease what is due and enqueue it; True when more was due than could be handed out."""
        wanted_by = queue.queue_of(name, redis)
        room = MOST_QUEUED - queue.length(wanted_by)
        if room <= 0:
            return True
        most, seconds = (1, TASK_SECONDS) if name == TASKS else (PER_JOB, SECONDS)
        limit = room * most
        values = {
            "named": named,
            "wanted": wanted,
            "webhooks": name == WEBHOOKS,
            "limit": limit,
            "lease": LEASE,
        }
        rows = gate.execute(_CLAIM, values).fetchall()
        queue.enqueue(wanted_by, list(_jobs(rows, most, seconds)))
        return len(rows) == limit


def _jobs(rows: Sequence[Any], most: int, seconds: int) -> Iterator[Work]:
    """One job per business and subscriber, of at most so many deliveries. The first one's id and
    try name the job, so that the same batch is never queued twice."""
    batches: dict[tuple[int, str], list[list[int]]] = defaultdict(list)
    for business_id, subscriber, delivery_id, attempts in rows:
        batches[business_id, subscriber].append([delivery_id, attempts])
    for (business_id, subscriber), found in batches.items():
        found.sort()
        for at in range(0, len(found), most):
            part = found[at : at + most]
            first, attempts = part[0]
            arguments = (business_id, subscriber, part)
            allowed = max(seconds, len(part) * TRY_SECONDS)
            yield Work(f"{first}-{attempts + 1}", registry.DELIVER, arguments, allowed)


def main(app: Flask) -> None:
    """Run until SIGTERM or SIGINT."""
    clock = Clock(app)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: clock.stop())
    clock.run()
