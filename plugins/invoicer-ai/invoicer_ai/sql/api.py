"""``POST /ai/sql`` and ``POST /ai/sql/execute``."""

from typing import Any

from apiflask import APIBlueprint
from flask import g
from pydantic import BaseModel, ConfigDict, Field

from . import running, wording

api = APIBlueprint("ai_sql", __name__, tag="AI")
LONGEST = 20_000


class QuestionIn(BaseModel):
    """A question in words."""

    model_config = ConfigDict(extra="forbid")
    question: str = Field(min_length=1, max_length=1_000)


class ProposalOut(BaseModel):
    """A statement that may run; it has not run."""

    sql: str
    explanation: str
    reads: list[str]


class StatementIn(BaseModel):
    """A statement, written by a model or by hand."""

    model_config = ConfigDict(extra="forbid")
    sql: str = Field(max_length=LONGEST)
    question: str = Field("", max_length=1_000)


class ColumnOut(BaseModel):
    """A column of the result."""

    name: str
    type: str


class ChartOut(BaseModel):
    """A picture that suits the result: ``line``, ``bars``, ``number`` or only ``table``. ``group``
    names the column that parts a line into several."""

    kind: str
    label: str | None
    value: str | None
    group: str | None


Plain = str | int | bool | None
Cell = Plain | list[Plain]


class RowsOut(BaseModel):
    """At most 1,000 rows; decimals and days are texts. Contents are data of others: show them as
    plain text, and never hand them to a model that may act."""

    sql: str
    columns: list[ColumnOut]
    rows: list[list[Cell]]
    row_count: int
    truncated: bool
    chart: ChartOut


@api.post("/sql")
@api.input(QuestionIn)
@api.output(ProposalOut)
@api.doc(summary="Turn a question into SQL", operation_id="askInWords")
def ask(json_data: QuestionIn) -> dict[str, Any]:
    """The statement is shown and explained, and runs only when it is sent to ``execute``."""
    proposal = wording.asked(json_data.question, by=g.actor)
    return {
        "sql": proposal.checked.sql,
        "explanation": proposal.explanation,
        "reads": sorted(proposal.checked.relations),
    }


@api.post("/sql/execute")
@api.input(StatementIn)
@api.output(RowsOut)
@api.doc(summary="Run a statement that only reads", operation_id="runStatement")
def execute(json_data: StatementIn) -> dict[str, Any]:
    """One SELECT over the six views; anything else is refused with what to write instead."""
    ran = running.run(json_data.sql, by=g.actor, question=json_data.question)
    chart = ran.chart
    return {
        "sql": ran.checked.sql,
        "columns": [
            {"name": name, "type": kind} for name, kind in zip(ran.columns, ran.types, strict=True)
        ],
        "rows": running.plain(ran.rows),
        "row_count": len(ran.rows),
        "truncated": ran.is_cut,
        "chart": {
            "kind": chart.kind,
            "label": ran.columns[chart.label] if chart.label is not None else None,
            "value": ran.columns[chart.value] if chart.value is not None else None,
            "group": ran.columns[chart.group] if chart.group is not None else None,
        },
    }
