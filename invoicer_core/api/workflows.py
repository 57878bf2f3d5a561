"""Workflows and their runs: how far they are, their diagrams, and what a person decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from invoicer_core.api.answers import Binary
from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.workflows import (
    CancelInput,
    CorrectInput,
    ReasonInput,
    RetryInput,
    RunQuery,
    VersionQuery,
)
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import Page
from invoicer_core.domain.work import RunSnapshot, RunStatus, StepSnapshot
from invoicer_core.services import workflows

resource = Resource("workflows", tag="Workflows")

SVG = "image/svg+xml"
TEXT = "text/plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowShown:
    """A workflow that a plugin offers. New runs begin on its newest version."""

    name: str
    title: str
    workflow_version: int
    states: tuple[str, ...]
    started_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRun:
    """One run; ``path`` names the states in the order they were entered."""

    id: int
    workflow: str
    workflow_version: int
    title: str
    state: str
    status: RunStatus
    error: str | None = None
    reason: str | None = None
    invoice_id: int | None = None
    path: tuple[str, ...] = ()
    steps: tuple[StepSnapshot, ...] = ()
    input: Mapping[str, Any]
    output: Mapping[str, Any]
    created_at: datetime
    ended_at: datetime | None = None


@resource.get("/workflows", "workflows.read", answer=list[WorkflowShown])
def list_workflows() -> list[WorkflowShown]:
    """List the workflows that the plugins which are on offer, with all their versions."""
    return [
        WorkflowShown(
            name=each.name,
            title=each.title,
            workflow_version=each.version,
            states=tuple(state.name for state in each.states),
            started_by=each.on,
        )
        for each in workflows.definitions.every()
    ]


@resource.get(
    "/workflows/{workflow}/asl", "workflows.read", query=VersionQuery, answer=Mapping[str, Any],
    errors=(404,),
)  # fmt: skip
def get_workflow_asl(workflow: str, query: VersionQuery) -> Mapping[str, Any]:
    """Get a workflow in the Amazon States Language."""
    return workflows.asl(workflows.definitions.get(name=workflow, version=query.version))


@resource.get(
    "/workflows/{workflow}/diagram", "workflows.read", query=VersionQuery, answer=bytes,
    media_type=SVG, errors=(404,),
)  # fmt: skip
def get_workflow_diagram(workflow: str, query: VersionQuery) -> Binary:
    """Get the diagram of a workflow as SVG."""
    definition = workflows.definitions.get(name=workflow, version=query.version)
    return Binary(workflows.svg(definition).encode(), SVG, "workflow.svg")


@resource.get(
    "/workflows/{workflow}/mermaid", "workflows.read", query=VersionQuery, answer=bytes,
    media_type=TEXT, errors=(404,),
)  # fmt: skip
def get_workflow_mermaid(workflow: str, query: VersionQuery) -> Binary:
    """Get the diagram of a workflow as Mermaid text."""
    definition = workflows.definitions.get(name=workflow, version=query.version)
    return Binary(workflows.mermaid(definition).encode(), TEXT, "workflow.mmd")


@resource.get("/workflow-runs", "workflows.read", query=RunQuery, answer=Page[WorkflowRun])
def list_workflow_runs(query: RunQuery) -> Page[WorkflowRun]:
    """List the runs of workflows, the newest first."""
    page = workflows.find(**query.filters())
    return Page(items=tuple(_shown(each) for each in page.items), next_cursor=page.next_cursor)


@resource.get("/workflow-runs/{runId}", "workflows.read", answer=WorkflowRun)
def get_workflow_run(run_id: int) -> WorkflowRun:
    """Get a run with its steps."""
    return _shown(workflows.get(run_id=run_id))


@resource.get(
    "/workflow-runs/{runId}/diagram", "workflows.read", answer=bytes, media_type=SVG
)  # fmt: skip
def get_workflow_run_diagram(run_id: int) -> Binary:
    """Get the diagram of a run as SVG, with its path and place."""
    run = workflows.get(run_id=run_id)
    definition = workflows.definitions.get(name=run.workflow, version=run.version)
    return Binary(workflows.svg(definition, run).encode(), SVG, f"run-{run.id}.svg")


@resource.get(
    "/workflow-runs/{runId}/mermaid", "workflows.read", answer=bytes, media_type=TEXT
)  # fmt: skip
def get_workflow_run_mermaid(run_id: int) -> Binary:
    """Get the diagram of a run as Mermaid text, with its path and place."""
    run = workflows.get(run_id=run_id)
    definition = workflows.definitions.get(name=run.workflow, version=run.version)
    return Binary(workflows.mermaid(definition, run).encode(), TEXT, f"run-{run.id}.mmd")


@resource.get("/workflow-runs/{runId}/asl", "workflows.read", answer=Mapping[str, Any])
def get_workflow_run_asl(run_id: int) -> Mapping[str, Any]:
    """Get the version that a run follows in the Amazon States Language."""
    run = workflows.get(run_id=run_id)
    return workflows.asl(workflows.definitions.get(name=run.workflow, version=run.version))


@resource.post(
    "/workflow-runs/{runId}/retry", "workflows.write", body=RetryInput, body_required=False,
    answer=WorkflowRun, errors=(409,),
)  # fmt: skip
def retry_workflow_run(run_id: int, body: RetryInput, by: Actor) -> WorkflowRun:
    """Let a failed run try its state again."""
    return _shown(workflows.retry(run_id=run_id, by=by, reason=body.reason))


@resource.post(
    "/workflow-runs/{runId}/skip", "workflows.write", body=ReasonInput, answer=WorkflowRun,
    errors=(409,),
)  # fmt: skip
def skip_workflow_step(run_id: int, body: ReasonInput, by: Actor) -> WorkflowRun:
    """Leave out the step or the wait that a run stands in, as though it had been done."""
    return _shown(workflows.skip(run_id=run_id, reason=body.reason, by=by))


@resource.post(
    "/workflow-runs/{runId}/correct", "workflows.write", body=CorrectInput, answer=WorkflowRun,
    errors=(409,),
)  # fmt: skip
def correct_workflow_run(run_id: int, body: CorrectInput, by: Actor) -> WorkflowRun:
    """Say what a state gave, and go on from there.

    Without a state it is the one that the run stands in; without an output that state is entered
    again. The answer of a choice is given as {"answer": "..."}."""
    return _shown(
        workflows.correct(
            run_id=run_id,
            reason=body.reason,
            by=by,
            state=body.state,
            output=body.output,
            given=body.input,
        )
    )


@resource.post(
    "/workflow-runs/{runId}/cancel", "workflows.write", body=CancelInput, answer=WorkflowRun,
    errors=(409,),
)  # fmt: skip
def cancel_workflow_run(run_id: int, body: CancelInput, by: Actor) -> WorkflowRun:
    """Give a run up; what its steps did is taken back in the background, the last one first."""
    found = workflows.cancel(run_id=run_id, reason=body.reason, by=by, undo=body.undo)
    return _shown(found)


def _shown(run: RunSnapshot) -> WorkflowRun:
    return WorkflowRun(
        id=run.id,
        workflow=run.workflow,
        workflow_version=run.version,
        title=run.title,
        state=run.state,
        status=run.status,
        error=run.error,
        reason=run.reason,
        invoice_id=run.invoice_id,
        path=run.path,
        steps=run.steps,
        input=run.input,
        output=run.output,
        created_at=run.created_at,
        ended_at=run.ended_at,
    )
