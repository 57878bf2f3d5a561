"""A worker that is killed in each step of a run, after the effect and before it could say so."""

import os
import signal

import pytest
from sqlalchemy import text

from invoicer_core.models import db
from invoicer_core.services import deliveries, workflows
from tests.factories import BY
from tests.peers.processes import until

STEPS = ("first", "second", "third")
FREE = (
    "UPDATE deliveries SET leased_until = now() WHERE state = 'leased' AND business_id = %s"
    " AND subscriber = 'workflows'"
)
MADE = text("SELECT notes FROM clients WHERE business_id = :business AND name = 'quiet' ORDER BY 1")


def effects(data, run_id: int, what: str) -> list[int]:
    """Which processes did it, in order."""
    log = data / "probe.log"
    lines = log.read_text().splitlines() if log.exists() else []
    wanted = f"effect {run_id} {what} "
    return [int(line.split()[3]) for line in lines if line.startswith(wanted)]


def kill_in(role, owner, business: int, data, run_id: int, what: str) -> None:
    """Kill the worker in the middle of this; another one does it again, and may end it."""
    (horse,) = until(lambda: effects(data, run_id, what))
    role.kill()
    os.kill(horse, signal.SIGKILL)
    owner.execute(FREE, [business])  # as though the lease had run out
    role.start()
    until(lambda: len(effects(data, run_id, what)) == 2)
    (data / f"go-{what}").touch()


def in_status(run_id: int, status: str):
    db.session.rollback()
    run = workflows.get(run_id=run_id)
    return run if run.status == status else None


@pytest.mark.timeout(240)
def test_the_run_goes_on_and_every_effect_is_there_once(business, data, clock, worker, owner):
    whats = [*STEPS, *(f"no-{step}" for step in STEPS)]
    for what in whats:
        (data / f"go-{what}").unlink(missing_ok=True)
    run = workflows.start(workflow="probe-relay", given={"hang": [*STEPS, "no-second"]}, by=BY)
    for what in STEPS:
        kill_in(worker, owner, business, data, run.id, what)
    waiting = until(lambda: in_status(run.id, "waiting"))
    assert waiting.path == (*STEPS, "rest")
    assert [step.attempts for step in waiting.steps[:3]] == [2, 2, 2]
    workflows.cancel(run_id=run.id, reason="called off", by=BY)
    for what in ("second",):
        kill_in(worker, owner, business, data, run.id, f"no-{what}")
    ended = until(lambda: in_status(run.id, "cancelled"))
    assert [step.status for step in ended.steps[:3]] == ["undone"] * 3
    made = list(db.session.scalars(MADE, {"business": business}))
    assert made == sorted(f"{run.id} {what}" for what in whats)
    assert deliveries.list_parked().items == ()
