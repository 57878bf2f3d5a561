"""A plugin of somebody else's that does what a client's name tells it to, and writes down that it
did: one line per call, in ``probe.log`` of the data folder."""

import os
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta

from sqlalchemy import text

from invoicer_core.plugin import (
    ClientCreated,
    Context,
    Job,
    PermanentFailure,
    Plugin,
    RetryLater,
    Run,
    Schedule,
    Step,
    Wait,
    Workflow,
    WorkflowError,
    data_folder,
    hookimpl,
)
from invoicer_core.plugin.tables import session
from tests.peers.notes import note
from tests.peers.probe_flows import flows


class ProbePlugin(Plugin):
    """Does as it is told."""

    name = "probe"
    default_on = True

    @hookimpl
    def on_client_created(self, ctx: Context, event: ClientCreated) -> None:
        wish = str(event.data["name"])
        if wish == "quiet":
            return
        note("begun", event.client_id, os.getpid())
        mended = (data_folder() / "mended").exists()
        if wish.startswith("mend") and not mended:
            raise RuntimeError("not mended yet")
        if wish.startswith("never") and not mended:
            raise PermanentFailure("no such thing")
        if wish.startswith("later"):
            raise RetryLater("come back")
        if wish.startswith("greedy"):
            bytearray(2_000_000_000)
        while wish.startswith("sleepy") and not (data_folder() / "awake").exists():
            time.sleep(0.05)
        if wish.startswith("job"):
            ctx.later("write", client=event.client_id, key=f"write-{event.client_id}")
        note("done", event.client_id, os.getpid())

    @hookimpl
    def jobs(self) -> Iterable[Job]:
        yield Job("write", write)
        yield Job("tick", tick)

    @hookimpl
    def schedules(self) -> Iterable[Schedule]:
        yield Schedule("hourly", "tick", every=timedelta(hours=1))

    @hookimpl
    def workflows(self) -> Iterable[Workflow]:
        yield Workflow(
            name="probe-flow",
            title="Probe",
            start="first",
            states=(
                Step(name="first", title="First", run=first, then="pause",
                     catch={"Known": "rescue"}),
                Wait(name="pause", title="Pause", resume="client.archived", then="last"),
                Step(name="rescue", title="Rescue", run=last),
                Step(name="last", title="Last", run=last),
            ),
        )  # fmt: skip
        yield from flows()


def write(ctx: Context, client: int) -> None:
    note("job", client, ctx.business_id)


def tick(ctx: Context) -> None:
    note("tick", ctx.business_id)


def first(ctx: Context, run: Run) -> Mapping[str, object]:
    note("first", run.id, os.getpid())
    if run.input.get("outage"):
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    if run.input.get("stumble") and not (data_folder() / "mended").exists():
        raise RuntimeError("stumbled")
    if run.input.get("raise"):
        raise WorkflowError(str(run.input["raise"]), "as asked")
    return {"pid": os.getpid()}


def last(ctx: Context, run: Run) -> None:
    note("last", run.id, os.getpid())
