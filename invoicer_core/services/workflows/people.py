"""What a person does with a run, each time with a reason that is kept: try again, skip, correct,
give up."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, InvalidInput
from invoicer_core.domain.saying import say, state_word
from invoicer_core.domain.work import RunSnapshot
from invoicer_core.hooks import codec
from invoicer_core.hooks.workflows import Choice, Fail, State, Step, Wait, Workflow
from invoicer_core.host.offers import Provided
from invoicer_core.models.outbox import WorkflowRun
from invoicer_core.services.statements import run_rows
from invoicer_core.services.transaction import Unit, transaction
from invoicer_core.services.workflows import definitions, moving, undoing
from invoicer_core.services.workflows.moving import DONE

LONGEST_REASON: Final = 500
_OVER: Final = ("succeeded", "cancelled")


def retry(*, run_id: int, by: Actor, reason: str | None = None) -> RunSnapshot:
    """Let a failed run try its state again, or go on being taken back.

    Raises:
        NotFound: no such run.
        Conflict: it has not failed.
    """
    with transaction(by=by) as unit:
        run = run_rows.load(run_id, lock=True)
        if run.status != "failed":
            raise Conflict(
                say(
                    "The run is %(status)s: only a failed one is tried again.",
                    status=state_word(run.status),
                )
            )
        moving.reopen(run)
        told = {"reason": checked_reason(reason)} if reason else {}
        action = f"workflow.retried:{run.state}"
        return moving.tell(unit, run, "workflow.moved", action, **told)


def skip(*, run_id: int, reason: str, by: Actor) -> RunSnapshot:
    """Leave out the step or the wait that a run stands in, as though it had been done.

    Raises:
        NotFound: no such run, or its version is not offered any more.
        Conflict: it is over, or stands at a choice or an end.
        InvalidInput: there is no reason.
    """
    why = checked_reason(reason)
    with transaction(by=by) as unit:
        run, provided = _open(run_id)
        state = provided.offer.state(run.state)
        if not isinstance(state, Step | Wait):
            raise Conflict(
                say("%(title)s cannot be skipped: correct what led here.", title=state.title)
            )
        _leave(unit, run, "skipped", why)
        run_rows.mark(run, "skipped", why)
        return moving.move(unit, provided, run, DONE)


def correct(
    *,
    run_id: int,
    reason: str,
    by: Actor,
    state: str | None = None,
    output: Mapping[str, Any] | None = None,
    given: Mapping[str, Any] | None = None,
) -> RunSnapshot:
    """Say in a person's words what a state gave, and go on from there.

    Args:
        state: one that the run was in; without it the one that it stands in.
        output: what it gave, instead of what it found; of a choice ``{"answer": ...}``. Without
            it the state is entered again.
        given: a whole new input.

    Raises:
        NotFound: no such run, or its version is not offered any more.
        Conflict: it is over, or nothing leads on this way.
        InvalidInput: there is no reason, the run was never in that state, the input does not fit.
    """
    why = checked_reason(reason)
    with transaction(by=by) as unit:
        run, provided = _open(run_id)
        place = _place(provided.offer, run, state or run.state)
        if given is not None:
            run.input = codec.to_json(dict(moving.checked(provided.offer, given)))
        if isinstance(place, Fail) and output is not None:
            raise Conflict(say("%(title)s is an end: correct what led here.", title=place.title))
        _leave(unit, run, "corrected", why, corrected=place.name)
        run.state = place.name
        run.error, run.ended_at, run.status = None, None, "running"
        if output is None:
            run_rows.begin_step(run, place.name)
            return moving.stand(unit, provided, run)
        return moving.move(unit, provided, run, _put(run, place, output, why))


def cancel(*, run_id: int, reason: str, by: Actor, undo: bool = True) -> RunSnapshot:
    """Give a run up. What its done steps did is taken back in the background, the last one first.

    Args:
        undo: False leaves what was done as it is.

    Raises:
        NotFound: no such run, or (with ``undo``) its version is not offered any more.
        Conflict: it is over already.
        InvalidInput: there is no reason.
    """
    why = checked_reason(reason)
    with transaction(by=by) as unit:
        run = _load(run_id)
        workflow = definitions.following(run).offer if undo else None
        run_rows.end_step(run, "cancelled", reason=why)
        run.reason, run.given_up_at = why, datetime.now(UTC)
        run.status, run.error, run.ended_at = "undoing", None, None
        run_rows.close_parked(run.id)
        unit.record("workflow.given_up", run=run.id, workflow=run.workflow, reason=why)
        if workflow is None:
            return moving.cancelled(unit, run)
        undoing.go_on(unit, workflow, run)
        return run_rows.snapshot(run)


def checked_reason(reason: str) -> str:
    """The reason without blanks around it. Raises InvalidInput at ``/reason``."""
    said = reason.strip()
    if not said:
        raise InvalidInput.at("/reason", say("Say why: it is kept with the run."))
    if len(said) > LONGEST_REASON:
        raise InvalidInput.at(
            "/reason", say("At most %(most)s characters, please.", most=LONGEST_REASON)
        )
    return said


def _load(run_id: int) -> WorkflowRun:
    run = run_rows.load(run_id, lock=True)
    if run.status in _OVER or run.given_up_at is not None:
        raise Conflict(say("The run is over: nothing of it can be changed any more."))
    return run


def _open(run_id: int) -> tuple[WorkflowRun, Provided[Workflow]]:
    run = _load(run_id)
    return run, definitions.following(run)


def _place(workflow: Workflow, run: WorkflowRun, name: str) -> State:
    if name not in {row.name for row in run_rows.steps(run)}:
        raise InvalidInput.at("/state", say("The run was never in this state."))
    return workflow.state(name)


def _leave(unit: Unit, run: WorkflowRun, status: Any, why: str, **more: Any) -> None:
    """Close what the run stands in, with the reason; a parked try of it is forgotten."""
    run_rows.end_step(run, status, reason=why)
    run_rows.close_parked(run.id)
    unit.record(
        f"workflow.{status}:{run.state}", run=run.id, workflow=run.workflow, reason=why, **more
    )


def _put(run: WorkflowRun, place: State, output: Mapping[str, Any], why: str) -> str:
    """Write down what a person says that a state gave; the outcome of it."""
    told = codec.to_json(dict(output))
    run_rows.begin_step(run, place.name)
    run_rows.end_step(run, "corrected", output=told, reason=why)
    run.output = {**run.output, place.name: told}
    if isinstance(place, Choice):
        return moving.answered(place, str(told.get("answer")))
    return DONE
