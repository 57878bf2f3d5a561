"""The document says what the code does: complete, valid, with real answers only."""

import re
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate

from invoicer_core.api import openapi
from invoicer_core.api.catalogue import operations
from invoicer_core.api.describing import Components
from tests.contract.doccentr import CONTRACT

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    return app.test_client().get("/api/openapi.json").get_json()


def _described(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_it_covers_the_whole_url_map(app: Flask, document: dict[str, Any]) -> None:
    described = {(path, method) for path, method, _ in _described(document)}
    routed = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1"):
            path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
            routed |= {(path, m.lower()) for m in (rule.methods or set()) if m.lower() in METHODS}
    assert routed == described


def test_every_answer_is_a_concrete_status_with_a_schema(document: dict[str, Any]) -> None:
    for path, method, operation in _described(document):
        where = f"{method} {path}"
        statuses = set(operation["responses"])
        assert all(re.fullmatch("[2-5][0-9][0-9]", status) for status in statuses), where
        assert any(status < "300" for status in statuses), where
        assert "429" in statuses, where
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            if status == "204":
                assert not content, where
                continue
            kinds = set(content)
            assert kinds, f"{where} {status} has no content"
            assert (kinds == {"application/problem+json"}) == (status >= "400"), where
            for kind in content.values():
                assert kind["schema"], f"{where} {status} has an empty schema"


def test_no_schema_is_empty(document: dict[str, Any]) -> None:
    def walk(node: Any, where: str) -> None:
        if isinstance(node, list):
            for index, each in enumerate(node):
                walk(each, f"{where}/{index}")
        if not isinstance(node, dict):
            return
        for name, each in node.items():
            if name == "schema" or name == "items":
                assert each != {}, f"{where}/{name}"
            if name == "properties":
                assert all(one != {} for one in each.values()), f"{where}: {each}"
            walk(each, f"{where}/{name}")

    walk(document, "")


def test_every_operation_has_words_an_id_and_one_tag(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in _described(document)]
    assert len(ids) == len(set(ids))
    tags = {tag["name"] for tag in document["tags"]}
    for path, method, operation in _described(document):
        assert operation["summary"], f"{method} {path}"
        assert len(operation["tags"]) == 1
        assert set(operation["tags"]) <= tags
        assert re.fullmatch("[a-z][A-Za-z]+", operation["operationId"])


def test_every_operation_says_whether_it_needs_a_token(document: dict[str, Any]) -> None:
    for path, method, operation in _described(document):
        secured = operation["security"] == [{"BearerAuth": []}]
        assert secured or operation["security"] == [], f"{method} {path}"
        assert secured == ("401" in operation["responses"]) or path.startswith("/api/v1/auth/")


NOT_KEPT = {
    "/api/v1/webhooks", "/api/v1/webhooks/{webhookId}/secret",
    "/api/v1/ai/sql", "/api/v1/ai/sql/execute", "/api/v1/ai/text", "/api/v1/ai/banner",
    "/api/v1/ai/mcp", "/api/v1/ai/assistant", "/api/v1/ai/assistant/actions/{action_id}",
}  # fmt: skip
"""Their answers hold a secret, which is stored nowhere in the clear; or they are a model's or a
statement's, which no transaction may wait for; a decision is taken once anyway."""


def test_writes_take_an_idempotency_key_but_for_auth(document: dict[str, Any]) -> None:
    for path, method, operation in _described(document):
        expected = method != "get" and "/auth/" not in path and not path.endswith("/preview")
        expected = expected and path not in NOT_KEPT
        if "/plugins/" not in path or path.endswith("/plugins/{name}"):
            assert operation.get("x-idempotency-key", False) == expected, f"{method} {path}"


# --- the contract ---------------------------------------------------------------------------------


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def _types(schema: dict[str, Any], document: dict[str, Any]) -> set[str]:
    schema = _resolved(schema, document)
    if "anyOf" in schema:
        return set().union(*(_types(each, document) for each in schema["anyOf"]))
    found = schema.get("type")
    return set(found) if isinstance(found, list) else {str(found)}


def _accepts(ours: dict[str, Any], theirs: dict[str, Any], document: dict[str, Any]) -> None:
    """Whatever the contract lets a client send is described as possible here, too."""
    ours, theirs = _resolved(ours, document), _resolved(theirs, CONTRACT)
    if "anyOf" in ours:
        ours = next(
            (each for each in ours["anyOf"] if theirs["type"] in _types(each, document)), ours
        )
        ours = _resolved(ours, document)
    if theirs["type"] == "object":
        assert set(ours.get("required", [])) <= set(theirs.get("required", []))
        for name, schema in theirs["properties"].items():
            assert name in ours["properties"], name
            _accepts(ours["properties"][name], schema, document)
    elif theirs["type"] == "array":
        _accepts(ours["items"], theirs["items"], document)
    elif theirs["type"] == "integer":
        assert _types(ours, document) & {"integer", "number"}
    else:
        assert theirs["type"] in _types(ours, document)
        assert set(theirs.get("enum", [])) <= set(ours.get("enum", theirs.get("enum", [])))


def _answers(ours: dict[str, Any], theirs: dict[str, Any], document: dict[str, Any]) -> None:
    """Whatever we answer has the contract's fields with its types."""
    ours, theirs = _resolved(ours, document), _resolved(theirs, CONTRACT)
    if theirs["type"] == "object":
        for name, schema in theirs["properties"].items():
            assert name in ours["properties"], name
            _answers(ours["properties"][name], schema, document)
    elif theirs["type"] == "array":
        _answers(ours["items"], theirs["items"], document)
    elif theirs["type"] == "integer":
        assert _types(ours, document) <= {"integer", "number"}
    else:
        assert _types(ours, document) == {theirs["type"]}


@pytest.mark.parametrize(
    ("path", "method"), [(p, m) for p, item in CONTRACT["paths"].items() for m in item]
)
def test_the_contract_is_a_part_of_the_document(
    document: dict[str, Any], path: str, method: str
) -> None:
    theirs = CONTRACT["paths"][path][method]
    ours = document["paths"][f"/api/v1{path}"][method]
    assert set(theirs["responses"]) <= set(ours["responses"])
    assert bool(theirs.get("security")) == bool(ours["security"])
    names = {each.get("name"): each for each in ours.get("parameters", [])}
    for parameter in theirs.get("parameters", []):
        assert parameter["name"] in names
    if "requestBody" in theirs:
        json = "application/json"
        _accepts(
            ours["requestBody"]["content"][json]["schema"],
            theirs["requestBody"]["content"][json]["schema"],
            document,
        )
    for status, response in theirs["responses"].items():
        if "content" in response:
            _answers(
                ours["responses"][status]["content"]["application/json"]["schema"],
                response["content"]["application/json"]["schema"],
                document,
            )


def test_two_types_cannot_share_a_name() -> None:
    from dataclasses import make_dataclass

    components = Components()
    components.of(make_dataclass("Thing", [("a", int)]))
    with pytest.raises(TypeError, match="two different types"):
        components.of(make_dataclass("ThingSnapshot", [("b", int)]))


def test_every_declared_operation_is_described(document: dict[str, Any]) -> None:
    for each in operations():
        described = document["paths"][f"/api/v1{each.path}"][each.method.lower()]
        assert {str(status) for status in openapi.statuses(each)} == set(described["responses"])


def test_the_ui_runs_on_our_own_files_only(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    text = page.get_data(as_text=True)
    sources = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert sources
    assert "<script>" not in text
    for source in sources:
        assert source.startswith("/api/docs/")
        assert client.get(source).status_code == 200
    for name in ("../__init__.py", "index.html", "%2e%2e/x", "LICENSE"):
        assert client.get(f"/api/docs/{name}").status_code == 404


@pytest.mark.parametrize(
    ("old", "new"),
    [("/api-docs", "/api/docs"), ("/api-docs.json", "/api/openapi.json"), ("/health", "/healthz")],
)
def test_old_addresses_lead_on(app: Flask, old: str, new: str) -> None:
    answer = app.test_client().get(old)
    assert answer.status_code in (301, 302, 307, 308)
    assert answer.headers["Location"] == new
