"""The queue names jobs, it does not decide: what is not on the list is never called, and losing
all of it loses nothing."""

import pytest
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from invoicer_core.jobs import presence, queue, registry
from invoicer_core.jobs.queue import CORE, PLUGINS, ListedJob, Refused, Work
from invoicer_core.jobs.worker import children
from tests.integration.jobs.test_deliveries import a_client, lines, probe, states
from tests.peers.processes import Role, children_of, until


@pytest.fixture
def redis(config):
    with Redis.from_url(config.redis_url) as connection:
        yield connection


def stored(redis, name: str, **options) -> Job:
    """A job as somebody with access to Redis could put it there."""
    job = Queue("nobody-s", connection=redis, serializer=JSONSerializer).enqueue(name, **options)
    return ListedJob.fetch(job.id, connection=redis, serializer=JSONSerializer)


@pytest.mark.parametrize("name", ["os.getcwd", "builtins.exec", "deliver.__class__", "", "sweep"])
def test_what_is_not_on_the_list_is_refused(redis, name):
    with pytest.raises(Refused):
        _ = stored(redis, name or "none").func


@pytest.mark.parametrize("kind", ["on_success", "on_failure", "on_stopped"])
def test_a_job_with_a_callback_is_refused_and_the_callback_forgotten(redis, kind):
    job = stored(redis, registry.PURGE_SHARED, **{kind: "os.getcwd"})
    with pytest.raises(Refused):
        _ = job.func
    assert (job.success_callback, job.failure_callback, job.stopped_callback) == (None, None, None)


def test_a_listed_job_is_found(redis):
    assert stored(redis, registry.PURGE_SHARED).func is queue.REGISTRY[registry.PURGE_SHARED]


def test_a_foreign_job_runs_nowhere_and_stops_nobody(redis, data, business, clock, worker):
    target = data / "made-by-a-job"
    Queue(CORE, connection=redis, serializer=JSONSerializer).enqueue("os.mkdir", str(target))
    client_id = a_client("after a foreign job")
    until(lambda: lines(data, "done", client_id))
    until(lambda: redis.llen(f"rq:queue:{CORE}") == 0)
    assert not target.exists()


def test_losing_all_of_redis_loses_nothing(redis, data, business, clock, worker, owner):
    worker.kill()
    client_id = a_client("flushed")
    until(lambda: states(owner, client_id)["plugin:probe"] == "leased")
    until(lambda: redis.llen(f"rq:queue:{PLUGINS}"))
    redis.flushdb()
    worker.start()
    until(lambda: lines(data, "done", client_id))
    until(lambda: probe(owner, client_id)[:2] == ("done", 1))


def test_the_same_work_queued_twice_is_done_once(redis, data, business, clock, worker, owner):
    client_id = a_client("twice")
    until(lambda: probe(owner, client_id)[0] == "done")
    ((delivery_id,),) = owner.execute(
        "SELECT d.id FROM deliveries d JOIN events e ON e.id = d.event_id"
        " WHERE d.subscriber = 'plugin:probe' AND (e.data ->> 'id')::bigint = %s",
        [client_id],
    ).fetchall()
    for attempts in (0, 1):
        work = Work(f"again-{attempts}", "deliver", (business, "plugin:probe",
                                                     [[delivery_id, attempts]]))  # fmt: skip
        queue.enqueue(queue.queue_of(PLUGINS, redis), [work])
    last = a_client("after them")
    until(lambda: lines(data, "done", last))
    assert len(lines(data, "done", client_id)) == 1


def test_a_second_clock_doubles_nothing(
    redis, data, business, clock, worker, owner, job_variables, run_folder
):
    second = Role("clock", job_variables, run_folder).start()
    try:
        until(lambda: "the clock runs" in second.output())
        ids = [a_client(f"many {number}") for number in range(25)]
        for client_id in ids:
            until(lambda: set(states(owner, client_id).values()) == {"done"})  # noqa: B023
        assert [len(lines(data, "done", client_id)) for client_id in ids] == [1] * len(ids)
    finally:
        assert second.stop() == 0


def test_a_clock_and_a_worker_are_seen(redis, data, business, clock, worker):
    until(lambda: presence.seen(redis, "clock") and presence.seen(redis, "worker"))


def test_a_worker_ends_when_told(app, data, business, worker):
    until(lambda: len(children_of(worker.pid)) == len(children(app)))
    assert worker.stop() == 0
