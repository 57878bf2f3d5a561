"""Plugins' own resources: private, on or off per business, in the one document."""

from collections.abc import Iterable

import pytest
from apiflask import APIBlueprint
from flask import Flask
from pydantic import BaseModel, ConfigDict, Field

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.plugin import ApiResource, Permission, Plugin, hookimpl
from tests.factories import Api, make_caller

blueprint = APIBlueprint("notes", __name__, tag="Notes")
written: list[str] = []


class NoteIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str = Field(max_length=20)


class NoteOut(BaseModel):
    text: str
    count: int


@blueprint.post("/notes")
@blueprint.input(NoteIn)
@blueprint.output(NoteOut, status_code=201)
def write_note(json_data: NoteIn) -> tuple[dict, int]:
    written.append(json_data.text)
    return {"text": json_data.text, "count": len(written)}, 201


@blueprint.get("/notes/<int:note_id>")
@blueprint.output(NoteOut)
def read_note(note_id: int) -> dict:
    return {"text": written[note_id], "count": len(written)}


class NotesPlugin(Plugin):
    """Notes, for tests."""

    name = "notes"

    @hookimpl
    def permissions(self) -> Iterable[Permission]:
        yield Permission("use", "Use notes", frozenset({"owner", "staff"}))

    @hookimpl
    def api_resources(self) -> Iterable[ApiResource]:
        yield ApiResource("notes", blueprint, "notes.use", alias="notebook")


@pytest.fixture(scope="module")
def noted(config: Config) -> Flask:
    return create_app(config, plugins=[NotesPlugin])


@pytest.fixture
def member(noted: Flask) -> Api:
    caller = make_caller(noted)
    assert caller.put("/plugins/notes", {"enabled": True}).status_code == 200
    return caller


def test_it_is_not_there_until_it_is_switched_on(noted: Flask) -> None:
    caller = make_caller(noted)
    assert caller.post("/plugins/notes/notes", {"text": "a"}).status_code == 404
    caller.put("/plugins/notes", {"enabled": True})
    assert caller.post("/plugins/notes/notes", {"text": "a"}).status_code == 201
    caller.put("/plugins/notes", {"enabled": False})
    assert caller.post("/plugins/notes/notes", {"text": "a"}).status_code == 404


def test_it_needs_a_token_and_its_permission(noted: Flask, member: Api) -> None:
    assert Api(noted.test_client()).post("/plugins/notes/notes", {}).status_code == 401
    viewer = make_caller(noted, role="viewer", business_id=member.business_id)
    assert viewer.post("/plugins/notes/notes", {"text": "a"}).status_code == 403
    staff = make_caller(noted, role="staff", business_id=member.business_id)
    assert staff.post("/plugins/notes/notes", {"text": "a"}).status_code == 201


def test_it_answers_under_its_alias_too(member: Api) -> None:
    assert member.post("/notebook/notes", {"text": "alias"}).get_json()["text"] == "alias"


def test_its_refusals_are_problems(member: Api) -> None:
    for body, pointer in (({"text": 1}, "/text"), ({"text": "x" * 21}, "/text"), ({}, "/text"),
                          ({"text": "a", "more": 1}, "/more")):  # fmt: skip
        answer = member.post("/plugins/notes/notes", body)
        assert answer.status_code == 422
        assert answer.content_type == "application/problem+json"
        assert answer.get_json()["errors"][0]["pointer"] == pointer


def test_an_unexpected_error_stays_inside(member: Api) -> None:
    answer = member.get("/plugins/notes/notes/999")
    assert answer.status_code == 500
    assert "IndexError" not in answer.get_data(as_text=True)


def test_its_writes_happen_once_with_a_key(member: Api) -> None:
    key = {"Idempotency_Key": "note"}
    first = member.post("/plugins/notes/notes", {"text": "once"}, **key)
    again = member.post("/plugins/notes/notes", {"text": "once"}, **key)
    assert first.data == again.data
    assert again.headers["Idempotency-Replayed"] == "true"
    assert written.count("once") == 1
    other = member.post("/plugins/notes/notes", {"text": "twice"}, **key)
    assert other.status_code == 422


def test_it_stands_in_the_one_document(noted: Flask) -> None:
    from openapi_spec_validator import validate

    found = noted.test_client().get("/api/openapi.json").get_json()
    validate(found)
    operation = found["paths"]["/api/v1/plugins/notes/notes"]["post"]
    assert operation["security"] == [{"BearerAuth": []}]
    assert {"201", "401", "403", "404", "422", "429"} <= set(operation["responses"])
    assert "/api/v1/notebook/notes" in found["paths"]
    ids = [each["operationId"] for item in found["paths"].values() for each in item.values()]
    assert len(ids) == len(set(ids))
    assert set(operation["tags"]) <= {tag["name"] for tag in found["tags"]}
