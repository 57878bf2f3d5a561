"""The resources of the API: runs, and files of many."""

from typing import Any

from apiflask import APIBlueprint
from flask import g
from pydantic import BaseModel, Field

from invoicer_core.plugin.pages import here
from invoicer_core.plugin.use_cases import workflows

from . import many, starting
from .flow import NAME, OnboardingInput
from .tables import Import

PLUGIN = "onboarding"
LARGEST = 800_000
api = APIBlueprint("onboarding_api", __name__, tag="Supplier onboarding")


class RunOut(BaseModel):
    """A run: where it is, the way it went, and what its steps said."""

    id: int
    state: str
    status: str
    error: str | None
    path: list[str]
    input: dict[str, Any]
    output: dict[str, Any]


class RunsOut(BaseModel):
    """Runs, the newest first; ``next_cursor`` leads to older ones."""

    items: list[RunOut]
    next_cursor: str | None


class RunsQuery(BaseModel):
    """Which runs."""

    state: str | None = Field(None, max_length=100, pattern=r"^[A-Za-z]+$")
    status: str | None = Field(
        None, pattern=r"^(running|waiting|succeeded|failed|undoing|cancelled)$"
    )
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=20, pattern=r"^[0-9]+$")


class FileInput(BaseModel):
    """A CSV file as text, with a line of headings."""

    csv: str = Field(min_length=1, max_length=LARGEST)


class FileOut(BaseModel):
    """How far a file is: ``begun`` of ``rows`` good lines; ``errors`` are the others."""

    id: int
    rows: int
    begun: int
    errors: list[dict[str, Any]]


@api.post("/runs")
@api.input(OnboardingInput)
@api.output(RunOut, status_code=201)
@api.doc(summary="Begin the onboarding of a supplier", operation_id="startSupplierOnboarding")
def start(json_data: OnboardingInput) -> dict[str, Any]:
    """A worker does the steps; ask for the run to see how far it is."""
    return _told(starting.begin(json_data.model_dump(), by=g.actor))


@api.get("/runs")
@api.input(RunsQuery, location="query")
@api.output(RunsOut)
@api.doc(summary="List onboardings of suppliers", operation_id="listSupplierOnboardings")
def every(query_data: RunsQuery) -> dict[str, Any]:
    """The newest first."""
    page = workflows.find(workflow=NAME, **query_data.model_dump())
    return {"items": [_told(run) for run in page.items], "next_cursor": page.next_cursor}


@api.get("/runs/<int:run_id>")
@api.output(RunOut)
@api.doc(summary="One onboarding of a supplier", operation_id="getSupplierOnboarding")
def one(run_id: int) -> dict[str, Any]:
    """With its path and the evidence."""
    return _told(workflows.get(run_id=run_id))


@api.post("/files")
@api.input(FileInput)
@api.output(FileOut, status_code=201)
@api.doc(summary="Begin many suppliers from a CSV file", operation_id="startManyOnboardings")
def take_file(json_data: FileInput) -> dict[str, Any]:
    """Lines that are wrong are told with their field; the others go on."""
    data = json_data.csv.encode("utf-8", "surrogatepass")
    return _progress(many.begin_import(here(PLUGIN, by=g.actor), data))


@api.get("/files/<int:file_id>")
@api.output(FileOut)
@api.doc(summary="How far a CSV file of suppliers is", operation_id="getManyOnboardings")
def file(file_id: int) -> dict[str, Any]:
    """How many of its lines have begun, and what is wrong with the others."""
    return _progress(many.get(import_id=file_id))


def _told(run: Any) -> dict[str, Any]:
    return {
        "id": run.id,
        "state": run.state,
        "status": run.status,
        "error": run.error,
        "path": list(run.path),
        "input": dict(run.input),
        "output": dict(run.output),
    }


def _progress(kept: Import) -> dict[str, Any]:
    return {
        "id": kept.id,
        "rows": len(kept.rows),
        "begun": kept.position,
        "errors": [
            {"line": each["row"], "field": each.get("field"), "error": each["error"]}
            for each in kept.errors
        ],
    }
