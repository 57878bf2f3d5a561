"""Texts, tools, pictures and moderation with an AI service that others wrote, over a real socket;
what the client sent to it is held against OpenAI's own specification."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from flask import Flask
from invoicer_ai import AiPlugin, faults, model, spending

from invoicer_core import host
from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.domain.actor import SYSTEM
from invoicer_core.plugin import Unavailable
from invoicer_core.services import businesses, files, plugins
from tests.factories import Api, make_caller
from tests.peers.aimock import (
    FLAGGED,
    AiMock,
    Asked,
    aimock_peer,
    is_installed,
    problem,
    why_unchecked,
)

KEY = "sk-test-0123456789abcdef"
ASK = [{"role": "user", "content": "Who owes me most?"}]
USAGE = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}
COST = Decimal("0.0012")
"""1000 tokens in at 0.40 and 500 out at 1.60 a million."""

TOOL = {
    "type": "function",
    "function": {
        "name": "find_debtors",
        "description": "Who owes money.",
        "parameters": {"type": "object", "properties": {"most": {"type": "integer"}}},
    },
}
SCHEMA = {
    "type": "object",
    "properties": {"sql": {"type": "string"}},
    "required": ["sql"],
    "additionalProperties": False,
}
CHAOS: tuple[dict[str, float], ...] = (
    {"rateLimitRate": 1}, {"malformedRate": 1}, {"disconnectRate": 1},
    {"latencyMs": 20_000},
)  # fmt: skip

pytestmark = pytest.mark.skipif(not is_installed(), reason="needs node and its packages: npm ci")


@pytest.fixture(scope="module")
def service() -> Iterator[AiMock]:
    with aimock_peer() as peer:
        yield peer


@pytest.fixture
def peer(service: AiMock) -> AiMock:
    service.clear()
    return service


@pytest.fixture(scope="module")
def served(config: Config, service: AiMock) -> Flask:
    environ = MappingProxyType({**config.plugin_environ, "OPENAI_BASE_URL": service.url})
    return create_app(replace(config, plugin_environ=environ), plugins=[AiPlugin])


@pytest.fixture
def shop(served: Flask) -> Api:
    caller = make_caller(served)
    settings = {"api_key": KEY, "seconds": 20, "picture_price": "0.07"}
    assert caller.put("/plugins/ai", {"enabled": True, "settings": settings}).status_code == 200
    return caller


@pytest.fixture
def ctx(shop: Api, served: Flask) -> Iterator[Any]:
    assert shop.business_id is not None
    with served.app_context(), businesses.enter_business(shop.business_id):
        yield host.current().context("ai", shop.business_id, SYSTEM)


def test_a_text_comes_in_pieces_and_costs_what_it_took(shop: Api, peer: AiMock, ctx: Any) -> None:
    words = "Fine soap from the coast, made of olives and nothing else."
    peer.says({"content": words, "usage": USAGE}, userMessage="Soap")
    answer = shop.post("/ai/text", {"about": "Soap", "kind": "product"})
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["text"] == words
    assert peer.asked("/chat/completions")[0].data["stream"] is True
    row = spending.history(ctx)[0]
    assert (row.state, row.result, row.cost) == ("done", words, COST)


def test_an_answer_comes_whole_and_in_a_form(peer: AiMock, ctx: Any) -> None:
    peer.says({"content": '{"sql": "SELECT 1"}', "usage": USAGE}, userMessage="owes")
    found = model.complete(ctx, ASK, purpose="try", schema=SCHEMA)
    assert (found.data, found.cost) == ({"sql": "SELECT 1"}, COST)


def test_the_model_asks_for_a_tool_and_is_given_its_answer(peer: AiMock, ctx: Any) -> None:
    call = {"name": "find_debtors", "arguments": '{"most": 3}', "id": "call_1"}
    peer.says({"toolCalls": [call]}, hasToolResult=False)
    peer.says("Harbour Books does.", hasToolResult=True)
    wanted = model.complete(ctx, ASK, purpose="try", tools=[TOOL]).tool_calls[0]
    assert (wanted.id, wanted.name, wanted.arguments) == tuple(
        call[name] for name in ("id", "name", "arguments")
    )
    asked = {"id": wanted.id, "type": "function", "function": {"name": wanted.name,
             "arguments": wanted.arguments}}  # fmt: skip
    talk = [
        *ASK, {"role": "assistant", "content": None, "tool_calls": [asked]},
        {"role": "tool", "tool_call_id": wanted.id, "content": "Harbour Books: 900 EUR"},
    ]  # fmt: skip
    assert model.complete(ctx, talk, purpose="try", tools=[TOOL]).text == "Harbour Books does."


def test_a_banner_costs_the_price_of_one_where_no_usage_is_told(
    shop: Api, peer: AiMock, ctx: Any
) -> None:
    peer.draws(of="Diwali")
    answer = shop.post("/ai/banner", {"about": "Diwali, a tenth off"})
    assert answer.status_code == 200, answer.text
    kept, _ = files.content(file_id=answer.get_json()["file_id"])
    row = spending.history(ctx)[0]
    assert (row.state, row.cost, row.file_id) == ("done", Decimal("0.07"), kept.id)


def test_moderation_refuses_before_anything_is_written(shop: Api, peer: AiMock) -> None:
    assert shop.post("/ai/text", {"about": FLAGGED}).status_code == 422
    assert [each.path for each in peer.asked()] == ["/v1/moderations"]


@pytest.mark.parametrize("chaos", CHAOS, ids=lambda chaos: str(*chaos))
def test_a_service_in_chaos_is_told_plainly_and_asked_only_so_often(
    peer: AiMock, ctx: Any, chaos: dict[str, float]
) -> None:
    peer.says("Never heard.")
    peer.misbehaves(**chaos)
    if "latencyMs" in chaos:
        plugins.change(name="ai", settings={"seconds": 2}, by=SYSTEM)
    with pytest.raises(Unavailable):
        model.complete(ctx, ASK, purpose="try")
    assert len(peer.asked()) <= model.TRIES
    rows = spending.history(ctx)
    assert {row.state for row in rows} == {"failed"}
    free = "rateLimitRate" in chaos
    assert all((row.cost == 0) == free for row in rows), "what may have cost, counts"


def test_a_text_that_breaks_off_is_no_text(peer: AiMock, ctx: Any) -> None:
    words = "one two three four five six"
    peer.says(words, cut_after=3, userMessage="owes")
    heard: list[str] = []
    with pytest.raises(Unavailable) as said:
        heard.extend(model.stream(ctx, ASK, purpose="try"))
    assert said.value.detail == faults.LOST
    row = spending.history(ctx)[0]
    assert (row.state, row.result) == ("failed", "".join(heard))
    assert words.startswith(row.result)
    assert row.result != words
    assert row.cost > 0


def test_its_journal_keeps_to_the_specification(shop: Api, peer: AiMock, ctx: Any) -> None:
    if why := why_unchecked():
        pytest.skip(why)
    peer.says("Yes.")
    peer.draws(of="banner")
    assert shop.post("/ai/text", {"about": "Soap"}).status_code == 200
    assert shop.post("/ai/banner", {"about": "A banner"}).status_code == 200
    talk = [{"role": "system", "content": "Be short."}, *ASK]
    model.complete(ctx, talk, purpose="try", tools=[TOOL])
    sent = peer.asked()
    assert [problem(each) for each in sent if problem(each)] == []
    assert [(each["path"], each["response"]["status"]) for each in peer.journal()] == [
        (each.path, 200) for each in sent
    ]
    assert {each.path for each in sent} == {
        "/v1/chat/completions", "/v1/images/generations", "/v1/moderations",
    }  # fmt: skip
    assert all(each.headers["authorization"] == f"Bearer {KEY}" for each in sent)


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "m"},
        {"model": "m", "messages": []},
        {"model": "m", "messages": ASK, "max_token": 5},
        {"model": "m", "messages": ASK, "temperature": "warm"},
    ],
)
def test_the_specification_finds_what_is_wrong(wrong: dict[str, Any]) -> None:
    if why := why_unchecked():
        pytest.skip(why)
    headers = {"content-type": "application/json", "authorization": f"Bearer {KEY}"}
    assert problem(Asked("POST", "/v1/chat/completions", headers, json.dumps(wrong)))
    good = json.dumps({"model": "m", "messages": ASK})
    assert not problem(Asked("POST", "/v1/chat/completions", headers, good))
    assert problem(Asked("POST", "/v1/completions/chats", headers, good))
