"""A step's own limit holds: shorter and longer than what other code of plugins may take."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from invoicer_core.hooks.workflows import LONGEST, SHORT
from invoicer_core.jobs import station
from invoicer_core.jobs.deliver import _is_foreign as leaves
from invoicer_core.jobs.deliver import deliver
from invoicer_core.jobs.leases import Leases
from invoicer_core.jobs.station import Station
from invoicer_core.models import db
from invoicer_core.plugin import Step
from invoicer_core.services import deliveries, workflows
from invoicer_core.services.transaction import transaction
from tests.factories import BY
from tests.integration.jobs.test_journeys import DUE
from tests.peers.processes import until

LEASED = text(
    "SELECT d.attempts, d.leased_until > now() FROM deliveries d"
    " WHERE d.business_id = :business AND d.subscriber = 'workflows' AND d.state = 'leased'"
)
CLAIM = text(
    "UPDATE deliveries SET state = 'leased', leased_until = now() + interval '10 seconds'"
    " WHERE business_id = :business AND subscriber = 'workflows' AND state = 'due'"
    " RETURNING id, attempts"
)


def begin(workflow: str, **given: object) -> int:
    return workflows.start(workflow=workflow, given=given, by=BY).id


def status(run_id: int) -> str:
    db.session.rollback()
    return workflows.get(run_id=run_id).status


def tries(data, run_id: int) -> list[str]:
    path = data / "probe.log"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.split()[2] for line in lines if line.startswith(f"try {run_id} ")]


@pytest.fixture
def here(app, config):
    """This process as one where plugins run, for so many seconds at the most; what it hands on."""
    handed: list[tuple[int, timedelta]] = []

    def work(*, isolated: bool, room: bool = True, seconds: int = 1) -> list[tuple[int, timedelta]]:
        def forward(_: int, __: str, delivery_id: int, ___: int, limit: timedelta) -> bool:
            handed.append((delivery_id, limit))
            return room

        leases = Leases(config.gate_url)
        station.install(app, Station(leases, isolated, seconds if isolated else None, forward))
        return handed

    yield work
    app.extensions.pop(station.EXTENSION, None)


def one_try(business: int) -> int:
    """Do what is due, as a worker does; the delivery's id."""
    delivery_id, attempts = db.session.execute(CLAIM, {"business": business}).one()
    db.session.commit()
    deliver(business, workflows.SUBSCRIBER, [[delivery_id, attempts]])
    db.session.rollback()
    return int(delivery_id)


@pytest.mark.usefixtures("alone")
def test_a_step_outlasts_what_a_handler_may_take(business, data, here):
    here(isolated=True)
    run_id = begin("probe-haul", slow="haul", seconds=2)
    one_try(business)
    assert status(run_id) == "succeeded"
    assert tries(data, run_id) == ["haul"]


@pytest.mark.usefixtures("alone")
def test_a_step_is_cut_off_at_its_own_limit(business, data, here):
    here(isolated=True, seconds=20)
    run_id = begin("probe-journey", slow="seat", seconds=30)
    one_try(business)
    (step,) = workflows.get(run_id=run_id).steps
    assert (step.status, step.attempts) == ("running", 1)
    assert "took longer than 1 s" in (step.error or "")


@pytest.mark.usefixtures("alone")
def test_what_may_take_minutes_is_handed_on_with_its_limit_and_waits_for_room(business, data, here):
    handed = here(isolated=False, room=False)
    run_id = begin("probe-haul")
    delivery_id = one_try(business)
    assert handed == [(delivery_id, LONGEST)]
    owed = deliveries.load(delivery_id=delivery_id)
    assert (owed.attempts, status(run_id)) == (0, "running")
    state = text("SELECT state, due_at > now() FROM deliveries WHERE id = :id")
    assert db.session.execute(state, {"id": delivery_id}).one() == ("due", True)


@pytest.mark.usefixtures("alone")
def test_even_a_long_step_of_ours_leaves_the_cores_own_process(business, data):
    begin("probe-haul")
    (due,) = db.session.execute(DUE, {"business": business}).one()
    owed = deliveries.load(delivery_id=due)
    ours = replace(owed, data={**owed.data, "workflow": "invoice-delivery"})
    assert not leaves(workflows.SUBSCRIBER, ours, SHORT)
    assert leaves(workflows.SUBSCRIBER, ours, LONGEST)


@pytest.mark.timeout(400)
def test_long_steps_hold_up_no_short_ones(business, data, clock, worker):
    (data / "go-haul").unlink(missing_ok=True)
    long = [begin("probe-haul", hang=["haul"]) for _ in range(2)]
    until(lambda: any(tries(data, run_id) for run_id in long))
    short = begin("probe-relay")
    with transaction(by=BY) as unit:  # most likely before the run waits for it
        unit.publish("client.archived", {"run_id": short})
    until(lambda: status(short) == "succeeded")
    assert {status(run_id) for run_id in long} == {"running"}
    assert sum(bool(tries(data, run_id)) for run_id in long) == 1
    (data / "go-haul").touch()
    until(lambda: {status(run_id) for run_id in long} == {"succeeded"}, seconds=60)
    assert [tries(data, run_id) for run_id in long] == [["haul"]] * 2


@pytest.mark.timeout(400)
def test_a_long_step_keeps_its_lease_and_is_done_once(business, data, clock, worker, scale):
    seconds = scale(1, 75)
    run_id = begin("probe-haul", slow="haul", seconds=seconds)
    until(lambda: tries(data, run_id))
    db.session.rollback()
    ((attempts, is_ours),) = db.session.execute(LEASED, {"business": business}).all()
    assert (attempts, is_ours) == (1, True)
    until(lambda: status(run_id) == "succeeded", seconds=seconds + 60)
    assert tries(data, run_id) == ["haul"]


@pytest.mark.parametrize("limit", [LONGEST + timedelta(seconds=1), timedelta(0), -SHORT])
def test_a_limit_that_cannot_hold_is_refused_in_words(limit):
    with pytest.raises(ValueError, match="one try may take up to 900 s"):
        Step(name="haul", title="Hauled", run=lambda ctx, run: None, limit=limit)
