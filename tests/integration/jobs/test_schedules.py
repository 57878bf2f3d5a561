"""Plugins' schedules: once a period in every business that has the plugin on, whoever asks."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from invoicer_core.host import states
from invoicer_core.host.registry import Offered
from invoicer_core.jobs import leases, registry
from invoicer_core.jobs.plugin_schedules import SCHEDULED, PluginSchedules, periods
from invoicer_core.jobs.queue import REGISTRY
from invoicer_core.jobs.schedules import LEADER, Schedules
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.plugin import Schedule
from invoicer_core.services.plugins import plugin_jobs
from tests.factories import make_business
from tests.peers.processes import until

HOURLY = Schedule("hourly", "tick", every=timedelta(hours=1))
NOON = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)


def written(owner, business_id: int) -> int:
    row = owner.execute(
        "SELECT count(*) FROM deliveries d JOIN events e ON e.id = d.event_id"
        " WHERE d.subscriber = 'job:probe' AND e.data ->> 'job' = 'tick' AND d.business_id = %s",
        [business_id],
    ).fetchone()
    return row[0]


def test_a_period_has_one_job_however_often_it_is_offered(business, owner) -> None:
    given = {"plugin": "probe", "schedule": "hourly"}
    assert plugin_jobs.scheduled(**given, period="1")
    owner.execute("UPDATE deliveries SET state = 'done' WHERE business_id = %s", [business])
    assert not plugin_jobs.scheduled(**given, period="1")
    assert written(owner, business) == 1
    assert plugin_jobs.scheduled(**given, period="2")
    assert written(owner, business) == 2


def test_off_and_paused_are_left_out_and_go_on_later_in_the_period(business, owner) -> None:
    given = {"plugin": "probe", "schedule": "hourly", "period": "1"}
    states.pause(db.session, business, "probe", "enough", on=True)
    db.session.commit()
    assert not plugin_jobs.scheduled(**given)
    states.switch(db.session, business, "probe", on=False)
    db.session.commit()
    assert not plugin_jobs.scheduled(**given)
    assert not plugin_jobs.scheduled(plugin="gone", schedule="hourly", period="1")
    assert written(owner, business) == 0
    states.switch(db.session, business, "probe", on=True)
    db.session.commit()
    assert plugin_jobs.scheduled(**given)


def test_every_business_has_its_own(app, business, owner) -> None:
    other = make_business()
    db.session.rollback()
    for _ in range(2):
        REGISTRY[SCHEDULED]("probe", "hourly", "9", [business, other])
    assert (written(owner, business), written(owner, other)) == (1, 1)
    with enter_business(other):
        assert not plugin_jobs.scheduled(plugin="probe", schedule="hourly", period="9")


def test_the_clock_and_a_worker_run_it(business, data, clock, worker) -> None:
    def ran() -> list[str]:
        path = data / "probe.log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if line == f"tick {business}"]

    REGISTRY[SCHEDULED]("probe", "hourly", "run", [business])
    until(ran)
    assert len(ran()) == 1


@pytest.mark.usefixtures("alone")
def test_only_one_clock_leads(business, config) -> None:
    queued: list[set[str]] = []
    with (
        Redis.from_url(config.redis_url) as redis,
        leases.gate_connection(config.gate_url) as first,
        leases.gate_connection(config.gate_url) as second,
    ):
        until(lambda: lock_is_free(first))
        redis.flushdb()  # a job that an earlier clock left there would not be a new one
        one, two = (Schedules(PluginSchedules((Offered("probe", HOURLY),))) for _ in range(2))
        for schedules, gate in ((one, first), (two, second), (one, first)):
            before = jobs_known(redis)
            schedules.run(gate, redis)
            queued.append({each for each in jobs_known(redis) - before if SCHEDULED in each})
    assert (one.leads, two.leads) == (True, False)
    assert (bool(queued[0]), queued[1], queued[2]) == (True, set(), set())


def lock_is_free(gate) -> bool:
    """Whether nobody leads any more: taken, and given back."""
    taken = gate.execute("SELECT pg_try_advisory_lock(%s)", (LEADER,)).fetchone()[0]
    if taken:
        gate.execute("SELECT pg_advisory_unlock(%s)", (LEADER,))
    return bool(taken)


def jobs_known(redis) -> set[str]:
    return {key.decode() for key in redis.keys("rq:job:*")}


@pytest.mark.parametrize(
    ("zone", "at", "now", "period"),
    [
        ("UTC", "12:00", NOON, "2026-11-20"),
        ("UTC", "12:01", NOON, None),
        ("UTC", "11:50", NOON, "2026-11-20"),
        ("UTC", "11:55", NOON, None),
        ("Europe/Vienna", "13:00", NOON, "2026-11-20"),
        ("Pacific/Auckland", "01:00", NOON, "2026-11-21"),
        ("Nowhere/Land", "12:00", NOON, "2026-11-20"),
        ("Europe/Vienna", "02:30", datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "2026-03-29"),
    ],
)
def test_a_daily_time_is_that_of_the_business(
    zone: str, at: str, now: datetime, period: str | None
) -> None:
    found = dict(periods(Schedule("daily", "tick", at=at), now, {7: zone}))
    assert found == ({} if period is None else {period: [7]})


def test_a_period_that_runs_is_offered_again_under_the_same_name(business, config) -> None:
    schedules = PluginSchedules((Offered("probe", HOURLY),))
    begin = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    with leases.gate_connection(config.gate_url) as gate:
        found = [
            list(schedules.due(gate, begin + timedelta(seconds=s))) for s in range(0, 3600, 10)
        ]
    offered = [each for each in found if each]
    assert len(offered) == 6
    works = [work for each in offered for work in each]
    assert len({work.arguments[2] for work in works}) == 1
    assert len({work.id for work in works}) == len(works)
    for each in offered:
        assert business in [id_ for work in each for id_ in work.arguments[3]]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Schedule("x", "tick"),
        lambda: Schedule("x", "tick", every=timedelta(hours=1), at="12:00"),
        lambda: Schedule("x", "tick", every=timedelta(seconds=59)),
        lambda: Schedule("x", "tick", at="24:00"),
        lambda: Schedule("x", "tick", at="9:00"),
    ],
)
def test_a_time_that_never_comes_is_refused(wrong: Callable[[], Schedule]) -> None:
    with pytest.raises(ValueError, match="schedule x"):
        wrong()


def test_the_worker_knows_it() -> None:
    assert REGISTRY[SCHEDULED] is registry.plugin_scheduled
