"""A journey as a workflow: booked, paid, waited for, flown. What a step does is a row of its own;
its run says where to stumble, to be slow or to hang."""

import os
import signal
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta

from invoicer_core.hooks.workflows import LONGEST
from invoicer_core.plugin import (
    Choice,
    Context,
    Fail,
    Retry,
    Run,
    Step,
    Wait,
    Workflow,
    WorkflowError,
    data_folder,
)
from invoicer_core.plugin.use_cases import clients, once, transaction
from tests.peers.notes import note

BRIEF = timedelta(seconds=1)


def flows() -> Iterable[Workflow]:
    """Two versions of the journey: the second one has no hotel."""
    yield journey(1, hotel=True)
    yield journey(2, hotel=False)
    yield relay()
    yield post()
    yield haul()
    yield crossing()


def journey(version: int, *, hotel: bool) -> Workflow:
    again = Retry(attempts=2, first=timedelta(milliseconds=50), most=timedelta(milliseconds=50))
    middle = [Step(name="hotel", title="Hotel booked", run=book, undo=unbook, then="kind")]
    return Workflow(
        name="probe-journey",
        title="Journey",
        version=version,
        start="seat",
        states=(
            Step(name="seat", title="Seat booked", run=book, undo=unbook, retry=again,
                 limit=BRIEF, then="hotel" if hotel else "kind",
                 catch={"Timeout": "late", "Full": "sold-out"}),
            *(middle if hotel else []),
            Choice(name="kind", title="Kind?", decide=kind, variable="seat.kind",
                   branches={"short": "fly", "long": "visa"}, otherwise="unknown"),
            Wait(name="visa", title="Visa", resume="client.archived", then="fly",
                 limit=timedelta(milliseconds=200), late="late"),
            Step(name="fly", title="Flown", run=book, retry=again),
            Step(name="late", title="Too late", run=book),
            Fail(name="sold-out", title="Sold out", error="SoldOut"),
            Fail(name="unknown", title="Unknown kind", error="KindError"),
        ),
    )  # fmt: skip


def relay() -> Workflow:
    """Three steps that can all be taken back, and a wait in which that can be asked for."""
    return Workflow(
        name="probe-relay",
        title="Relay",
        start="first",
        states=(
            Step(name="first", title="First", run=book, undo=unbook, then="second"),
            Step(name="second", title="Second", run=book, undo=unbook, then="third"),
            Step(name="third", title="Third", run=book, undo=unbook, then="rest"),
            Wait(name="rest", title="Rest", resume="client.archived", then="last"),
            Step(name="last", title="Last", run=book),
        ),
    )


def post() -> Workflow:
    """Two waits for the same event, the second one with an end."""
    return Workflow(
        name="probe-post",
        title="Post",
        start="pack",
        states=(
            Step(name="pack", title="Packed", run=book, then="stamp"),
            Wait(name="stamp", title="Stamp", resume="client.archived", then="weigh"),
            Step(name="weigh", title="Weighed", run=book, then="collect"),
            Wait(name="collect", title="Collected", resume="client.archived", then="gone",
                 limit=timedelta(days=1)),
            Step(name="gone", title="Gone", run=book),
        ),
    )  # fmt: skip


def crossing() -> Workflow:
    """Every kind of state on one way: a step, a choice, a wait, a choice again, and a bad end."""
    return Workflow(
        name="probe-crossing",
        title="Crossing",
        start="road",
        states=(
            Step(name="road", title="Road", run=book, then="lights", undo=unbook),
            Choice(name="lights", title="Lights?", decide=light, branches={"red": "stop"},
                   otherwise="blind"),
            Wait(name="stop", title="Stopped", resume="client.archived", then="again"),
            Choice(name="again", title="Lights again?", decide=light, branches={},
                   otherwise="blind"),
            Fail(name="blind", title="Nothing is seen", error="Blind"),
        ),
    )  # fmt: skip


def light(ctx: Context, run: Run) -> str:
    note("decide", run.id, run.state, os.getpid())
    if run.input.get("dies") == run.state and not (data_folder() / "mended").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return "red" if "lights" not in run.output else "green"


def haul() -> Workflow:
    """One step that may take as long as any may."""
    return Workflow(
        name="probe-haul",
        title="Haul",
        start="haul",
        states=(Step(name="haul", title="Hauled", run=book, undo=unbook, limit=LONGEST),),
    )


def kind(ctx: Context, run: Run) -> str:
    return str(run.output["seat"].get("kind"))


def book(ctx: Context, run: Run) -> Mapping[str, object]:
    state = run.state
    note("try", run.id, state)
    if run.input.get("full") == state:
        raise WorkflowError("Full", "nothing left")
    if run.input.get("broken") == state and not (data_folder() / "mended").exists():
        raise RuntimeError("broken")
    if run.input.get("slow") == state:
        time.sleep(float(run.input.get("seconds", 5)))
    effect(ctx, run, state)
    return {"kind": run.input.get("kind", "short")}


def unbook(ctx: Context, run: Run) -> None:
    note("undo", run.id, run.state)
    if run.input.get("stuck") and not (data_folder() / "mended").exists():
        raise WorkflowError("NoRefund", "they do not answer")
    effect(ctx, run, f"no-{run.state}")


def effect(ctx: Context, run: Run, what: str) -> None:
    """A row, once for each run; then it hangs, where the run says so, until it may go on."""
    with transaction(by=ctx.actor):
        if once.first_time("probe-flows", str(run.id), what):
            clients.create(fields={"name": "quiet", "notes": f"{run.id} {what}"}, by=ctx.actor)
    note("effect", run.id, what, os.getpid())
    while what in run.input.get("hang", ()) and not (data_folder() / f"go-{what}").exists():
        time.sleep(0.02)
