"""The worker: one parent that keeps nine children running, each with queues of its own.

Two do the core's work in their own process. One does long tasks and two call webhooks, so that
neither holds up mails and events, and a dead receiver no other. Three fork for each job and are
where plugins of others run, with a limit of memory and of time: two for what is short, so that one
that is slow leaves a way past it, and one for steps of workflows that may take minutes. The last
one has no queue of jobs: it reads what people search for, while they wait.

On a machine that runs everything a clock is a tenth child: it shares the application with them.
"""

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from logging import getLogger
from types import FrameType
from typing import Any, Final

from flask import Flask
from rq import Queue, SimpleWorker, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from invoicer_core.config import Config
from invoicer_core.hooks.first_use import import_what_was_used
from invoicer_core.hooks.workflows import SHORT
from invoicer_core.jobs import presence, queue, reader, registry, station
from invoicer_core.jobs.leases import Leases
from invoicer_core.jobs.limits import PLUGIN_SECONDS, end_with_parent, limit_memory, take_name
from invoicer_core.jobs.queue import (
    CORE,
    LONG,
    MAIL,
    PLUGINS,
    SECONDS,
    TASKS,
    WEBHOOKS,
    ListedJob,
    Work,
)
from invoicer_core.jobs.station import Station
from invoicer_core.models import db

HEARTBEAT: Final = 10
DEQUEUE: Final = 5
MAINTENANCE: Final = 5
MONITOR: Final = 3
JOBS_PER_LIFE: Final = 20_000
"""After so many jobs a child ends and a fresh one takes its place."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
PATIENCE: Final = 10.0
GLANCE: Final = 0.1

MOST_LONG: Final = 8
"""Steps that may wait in the queue of those that take minutes; others stay due in PostgreSQL."""

NICENESS: Final = 10
"""Requests go first; on a machine that has nothing to spare a worker still gets a tenth of a
processor (19 would leave it a sixtieth, and PDFs would wait for minutes)."""

log: Final = getLogger(__name__)


class _Quick:
    """Notices quickly that a worker is gone, and that Redis is back: RQ's own intervals are a
    minute and more."""

    max_connection_wait_time = LONGEST_PAUSE

    @property
    def dequeue_timeout(self) -> int:
        """Seconds of one wait for jobs; maintenance happens in between."""
        return DEQUEUE

    def get_heartbeat_ttl(self, job: Job) -> int:  # noqa: ARG002 - RQ's signature
        """Seconds that a running job counts as alive after its last sign of life."""
        return HEARTBEAT


class CoreWorker(_Quick, SimpleWorker):
    """Runs jobs in its own process, in an application context each."""

    app: Flask

    def perform_job(self, job: Job, queue: Any) -> bool:
        """Run one job in a context of its own: no session outlives it."""
        with self.app.app_context():
            return super().perform_job(job, queue)


class TaskWorker(CoreWorker):
    """As `CoreWorker`, for jobs that take minutes: RQ forgets none of them meanwhile. That their
    worker died is noticed by the leases of their deliveries."""

    def get_heartbeat_ttl(self, job: Job) -> int:
        """Seconds that a running job counts as alive: as long as it may take."""
        return int(job.timeout or 0) + HEARTBEAT


class PluginWorker(_Quick, Worker):
    """Forks for every job; the child has a memory limit and no connection of its parent."""

    app: Flask

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        """What one job has imported, the next ones find there."""
        import_what_was_used()
        super().fork_work_horse(job, queue)

    def main_work_horse(self, job: Job, queue: Any) -> None:
        """In the child: leave the parent's connections alone, then run the job."""
        gc.unfreeze()
        with self.app.app_context():
            for engine in db.engines.values():
                engine.dispose(close=False)
            config: Config = self.app.extensions["invoicer.config"]
            leases = Leases(config.gate_url)
            station.install(self.app, _station(config, leases, isolated=True))
            leases.start()
            limit_memory()
            super().main_work_horse(job, queue)


def _station(config: Config, leases: Leases, *, isolated: bool) -> Station:
    redis = queue.connect(config.redis_url, "worker")

    def forward(
        business_id: int, subscriber: str, delivery_id: int, attempts: int, limit: timedelta
    ) -> bool:
        wanted = queue.queue_of(PLUGINS if limit <= SHORT else LONG, redis)
        if limit > SHORT and queue.length(wanted) >= MOST_LONG:
            return False
        work = Work(
            f"{delivery_id}-{attempts + 1}-isolated",
            registry.DELIVER,
            (business_id, subscriber, [[delivery_id, attempts]]),
            max(SECONDS, int((limit + 2 * SHORT).total_seconds())),
        )
        queue.enqueue(wanted, [work])
        return True

    return Station(leases, isolated, PLUGIN_SECONDS if isolated else None, forward)


def serve(app: Flask, kind: type[CoreWorker] | type[PluginWorker], names: list[str]) -> None:
    """Work on these queues until told to stop. Raises redis.RedisError when Redis is away."""
    os.nice(NICENESS)
    config: Config = app.extensions["invoicer.config"]
    redis = queue.connect(config.redis_url, "worker")
    leases = Leases(config.gate_url, also=lambda: presence.note(redis, "worker"))
    leases.start()
    station.install(app, _station(config, leases, isolated=False))
    worker = kind(
        [queue.queue_of(name, redis) for name in names],
        connection=redis,
        job_class=ListedJob,
        serializer=JSONSerializer,
        worker_ttl=HEARTBEAT,
        maintenance_interval=MAINTENANCE,
        job_monitoring_interval=MONITOR,
        default_result_ttl=0,
        log_job_description=False,
    )
    worker.app = app
    worker.log_result_lifespan = False
    worker.work(logging_level="WARNING", max_jobs=JOBS_PER_LIFE)
    leases.close()


# --- the parent --------------------------------------------------------------------------------


@dataclass(slots=True)
class Child:
    """One child and when it may be started (again).

    Args:
        name: of the process, at most 15 bytes.
        run: what it does until it is told to end.
    """

    name: str
    run: Callable[[], None]
    pid: int = field(default=0, init=False)
    started: float = field(default=0.0, init=False)
    pause: float = field(default=FIRST_PAUSE, init=False)
    due: float = field(default=0.0, init=False)


class Parent:
    """Starts the children, starts them again when they end, and takes them along when it ends."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = children
        self.stopping = False

    def run(self) -> None:
        """Until SIGTERM or SIGINT; then the children finish what they are doing."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        while not self.stopping:
            for child in self.children:
                if child.pid == 0 and time.monotonic() >= child.due:
                    self._start(child)
            time.sleep(GLANCE)
            self._bury()
        self._stop_children()

    def _on_stop(self, *_: int | FrameType | None) -> None:
        self.stopping = True

    def _start(self, child: Child) -> None:
        parent = os.getpid()
        child.started = time.monotonic()
        child.pid = os.fork()
        if child.pid:
            return
        status = 1
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            end_with_parent(parent)
            take_name(child.name)
            child.run()
            status = 0
        except BaseException:
            log.exception("%s ended", child.name)
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _bury(self) -> None:
        for child in self.children:
            ended, status = os.waitpid(child.pid, os.WNOHANG) if child.pid else (0, 0)
            if ended:
                if os.WIFSIGNALED(status) and not self.stopping:
                    log.warning(
                        "%s was killed by signal %s; starting it again",
                        child.name, os.WTERMSIG(status),
                    )  # fmt: skip
                lived = time.monotonic() - child.started
                child.pause = FIRST_PAUSE if lived > PATIENCE else min(child.pause * 2,
                                                                       LONGEST_PAUSE)  # fmt: skip
                child.pid, child.due = 0, time.monotonic() + child.pause

    def _stop_children(self) -> None:
        end = time.monotonic() + PATIENCE
        for child in self.children:
            _signal(child.pid, signal.SIGTERM)
        while any(child.pid for child in self.children) and time.monotonic() < end:
            self._bury()
            time.sleep(0.05)
        for child in self.children:
            _signal(child.pid, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    if pid:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return


def children(app: Flask) -> list[Child]:
    """What works on the queues, and the reader."""
    return [
        Child("worker core", lambda: serve(app, CoreWorker, [CORE])),
        Child("worker mail", lambda: serve(app, CoreWorker, [MAIL, CORE])),
        Child("worker tasks", lambda: serve(app, TaskWorker, [TASKS])),
        Child("worker webhooks", lambda: serve(app, CoreWorker, [WEBHOOKS])),
        Child("worker webhooks", lambda: serve(app, CoreWorker, [WEBHOOKS])),
        Child("worker plugins", lambda: serve(app, PluginWorker, [PLUGINS])),
        Child("worker plugins", lambda: serve(app, PluginWorker, [PLUGINS])),
        Child("worker long", lambda: serve(app, PluginWorker, [LONG])),
        Child("worker reader", lambda: reader.listen(app)),
    ]


def main(app: Flask, beside: Sequence[Child] = ()) -> None:
    """Run until SIGTERM or SIGINT. The application must not have touched the network yet.

    Args:
        beside: further children, which share its memory. They have its priority, not a worker's.
    """
    gc.collect()
    gc.freeze()
    Parent([*children(app), *beside]).run()
