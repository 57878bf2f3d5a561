"""Background tasks in real workers: progress, failure, trying again, a crash in the middle."""

from pathlib import Path

import pytest
from sqlalchemy import text

from invoicer_core.domain.errors import Conflict, NotFound
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import clients, files, tasks
from invoicer_core.services.files import results
from invoicer_core.services.tasks import records
from invoicer_core.services.transaction import transaction
from tests.factories import BY, make_business
from tests.peers import chores
from tests.peers.processes import Role, until

chores.install()

_TOMORROW = text(
    "UPDATE deliveries SET due_at = now() + interval '1 day' WHERE subscriber = 'tasks'"
)


def start(kind: str, **data: object) -> int:
    return tasks.start(kind=kind, data=data, by=BY, title="A chore").id


def now(task_id: int) -> tasks.TaskSnapshot:
    db.session.rollback()
    return tasks.get(task_id=task_id)


def over(task_id: int) -> tasks.TaskSnapshot | None:
    found = now(task_id)
    return found if found.is_over else None


def counted(data: Path, task_id: int) -> list[int]:
    path = data / "probe.log"
    lines = path.read_text().splitlines() if path.exists() else []
    return [int(line.split()[2]) for line in lines if line.startswith(f"count {task_id} ")]


def test_a_task_shows_how_far_it_is_and_what_it_did(business, data, clock, worker):
    task_id = start("chore-count", most=4, sleep_at=3)
    assert now(task_id).state in ("queued", "running")
    until(lambda: now(task_id).done == 2)
    seen = now(task_id)
    assert (seen.state, seen.total, seen.title) == ("running", 4, "A chore")
    (data / "awake").touch()
    done = until(lambda: over(task_id))
    assert (done.state, done.done, done.message) == ("done", 4, "Counted to 4")
    assert done.started_at is not None
    assert done.ended_at is not None


def test_a_failure_is_shown_and_tried_again(business, data, clock, worker):
    task_id = start("chore-refuse")
    failed = until(lambda: over(task_id))
    assert (failed.state, failed.error, failed.done) == ("failed", "The list has no client.", 1)
    (data / "mended").touch()
    assert tasks.retry(task_id=task_id, by=BY).state == "queued"
    done = until(lambda: over(task_id))
    assert (done.state, done.error) == ("done", None)
    with pytest.raises(Conflict):
        tasks.retry(task_id=task_id, by=BY)


def test_an_unforeseen_error_keeps_its_words_to_the_log(business, data, clock, worker):
    task_id = start("chore-refuse", crash=True)
    failed = until(lambda: over(task_id))
    assert (failed.state, failed.error) == ("failed", tasks.UNEXPECTED)


def test_a_task_of_a_killed_worker_goes_on_where_it_was(business, data, clock, worker: Role):
    task_id = start("chore-count", most=5, sleep_at=4)
    until(lambda: counted(data, task_id) == [1, 2, 3, 4])
    worker.kill()
    assert now(task_id).done == 3
    (data / "awake").touch()
    worker.start()
    done = until(lambda: over(task_id), seconds=60)
    assert (done.state, done.done) == ("done", 5)
    assert counted(data, task_id) == [1, 2, 3, 4, 4, 5]


def test_a_task_that_kills_its_worker_every_time_counts_as_failed(
    business, data, owner, clock, worker
):
    task_id = start("chore-count", most=2, sleep_at=1)
    until(lambda: counted(data, task_id))
    owner.execute(
        "UPDATE deliveries d SET attempts = 5 FROM tasks t"
        " WHERE t.id = %s AND d.id = t.delivery_id",
        [task_id],
    )
    worker.kill()
    died = until(lambda: over(task_id), seconds=60)
    assert (died.state, died.error) == ("failed", tasks.DIED)
    (data / "awake").touch()
    worker.start()
    tasks.retry(task_id=task_id, by=BY)
    assert until(lambda: over(task_id)).state == "done"


def test_a_long_task_holds_up_no_other_work(business, data, clock, worker, owner):
    task_id = start("chore-count", most=2, sleep_at=1)
    until(lambda: counted(data, task_id))
    begun = "SELECT count(*) FROM deliveries WHERE subscriber = 'tasks' AND state = 'leased'"
    assert owner.execute(begun).fetchone()[0] >= 1
    clients.create(fields={"name": "job please"}, by=BY)
    until(lambda: [line for line in (data / "probe.log").read_text().split("\n") if "job " in line])
    (data / "awake").touch()
    until(lambda: over(task_id))


def test_a_task_gives_way_after_its_slice(business, data, monkeypatch):
    """In this process: what it saved is there when it is called again."""
    monkeypatch.setattr(records, "SLICE", -1.0)
    with transaction(by=BY):
        task_id = start("chore-count", most=2)
        db.session.execute(_TOMORROW)  # no worker of an earlier test shall take it
    running = tasks.Running(db.session.get(records.Task, task_id))
    running.progress(0, 2)
    running.state["at"] = 1
    with pytest.raises(records._Paused):
        running.progress(1, 2)
    again = tasks.Running(db.session.get(records.Task, task_id))
    assert (again.state, now(task_id).done) == ({"at": 1}, 1)


def test_a_result_is_for_whoever_asked_in_the_same_business(business, data, clock, worker):
    task_id = start("chore-write", text="hello")
    done = until(lambda: over(task_id))
    known, content = results.content(task_id=task_id, of_user=BY.user_id)
    assert (known.name, content) == ("chore.txt", b"hello")
    with pytest.raises(NotFound):
        results.content(task_id=task_id, of_user=BY.user_id + 1)
    with pytest.raises(NotFound):
        files.get(file_id=done.file_id)
    assert done.file_id not in [each.id for each in files.find().items]
    other = make_business(name="Other")
    with enter_business(other):
        with pytest.raises(NotFound):
            results.content(task_id=task_id)
        with pytest.raises(NotFound):
            tasks.get(task_id=task_id)
        assert tasks.find().items == ()


def test_lists_are_of_one_user_or_of_everybody(business, alone):
    mine = start("chore-count", most=1)
    assert [each.id for each in tasks.find().items] == [mine]
    assert tasks.find(of_user=BY.user_id + 1).items == ()
