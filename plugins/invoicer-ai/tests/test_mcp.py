"""The Model Context Protocol, spoken by its own client library over a real socket with API keys."""

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from flask import Flask
from invoicer_ai import AiPlugin, mcp
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from werkzeug.serving import make_server

from invoicer_core.config import Config
from tests.factories import Api
from tests.office import CONFIRM, Office, make_app, make_office

ALL = (
    "ai.assist", "clients.read", "invoices.read", "products.read", "reports.read",
    "messages.write", "invoices.write",
)  # fmt: skip
HELLO = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


@pytest.fixture(scope="module")
def spoken_app(config: Config) -> Flask:
    return make_app(config, "http://127.0.0.1:9/v1", AiPlugin)


@pytest.fixture(scope="module")
def address(spoken_app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, spoken_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/api/v1/ai/mcp"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture(scope="module")
def office(spoken_app: Flask) -> Office:
    return make_office(spoken_app)


def spoken(address: str, token: str, *wanted: tuple[str, dict[str, Any]]) -> tuple[Any, list[Any]]:
    """The tools that are listed, and what these calls answer."""

    async def talk() -> tuple[Any, list[Any]]:
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=30) as http,
            streamable_http_client(address, http_client=http) as streams,
            ClientSession(streams[0], streams[1]) as session,
        ):
            hello = await session.initialize()
            assert hello.server_info.name == "invoicer"
            await session.send_ping()
            listed = await session.list_tools()
            return listed.tools, [await session.call_tool(*each) for each in wanted]

    # In a thread of its own: a browser that an earlier test left open has a loop in this one.
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(lambda: asyncio.run(talk())).result(60)


def words(answer: Any) -> str:
    return "".join(each.text for each in answer.content)


def test_the_library_reads_with_a_key_and_gets_proposals_for_what_writes(
    address: str, office: Office
) -> None:
    reminder = {"invoice_id": office.invoices[1], "text": "Dear Birke, please pay."}
    listed, answers = spoken(
        address, office.key(*ALL),
        ("who-owes", {"limit": 1}), ("send-reminder", reminder), ("find-clients", {"limit": "x"}),
        ("tooled-burst", {}),
    )  # fmt: skip
    assert {"who-owes", "send-reminder", "tooled-hello"} <= {each.name for each in listed}
    writing = {each.name for each in listed if not each.annotations.read_only_hint}
    assert writing == {"send-reminder", "draft-invoice", "add-note"}
    owed, proposed, odd, burst = answers
    assert json.loads(words(owed))["owed"]["EUR"][0]["client"] == "Birke"
    assert [each.is_error for each in answers] == [False, False, True, True]
    assert "/limit" in words(odd)
    assert "secret" not in words(burst)
    assert "Nothing was done yet" in words(proposed)
    assert "/i/" not in words(proposed)
    assert office.messages() == 0
    (waiting,) = office.me.get("/ai/assistant/actions").get_json()["items"]
    assert "Dear Birke, please pay." in waiting["words"]
    assert f"/plugins/ai/assistant/actions/{waiting['id']}" in words(proposed)
    program = Api(office.app.test_client(), office.key(*ALL))
    assert program.post(f"/ai/assistant/actions/{waiting['id']}", CONFIRM).status_code == 403
    assert office.me.post(f"/ai/assistant/actions/{waiting['id']}", CONFIRM).status_code == 200
    assert office.messages() == 1


def test_a_key_sees_and_uses_only_what_its_scopes_allow(address: str, office: Office) -> None:
    listed, _answers = spoken(address, office.key("ai.assist", "invoices.read"))
    assert {each.name for each in listed} == {"find-invoices", "get-invoice"}
    few = Api(office.app.test_client(), office.key("ai.assist", "invoices.read"))
    for name in ("send-reminder", "who-owes", "no-such-tool"):
        asked = {**HELLO, "method": "tools/call", "params": {"name": name, "arguments": {}}}
        assert few.post("/ai/mcp", asked).get_json()["error"]["code"] == mcp.PARAMS


def test_without_the_right_nobody_comes_in(office: Office) -> None:
    http = office.app.test_client()
    assert Api(http).post("/ai/mcp", HELLO).status_code == 401
    assert Api(http, "inv_" + "x" * 40).post("/ai/mcp", HELLO).status_code == 401
    assert Api(http, office.key("invoices.read")).post("/ai/mcp", HELLO).status_code == 403


def test_neighbours_stay_apart(spoken_app: Flask, office: Office) -> None:
    other = make_office(spoken_app, name="Foreign")
    key = Api(office.app.test_client(), other.key(*ALL))
    asked = {"name": "get-invoice", "arguments": {"invoice_id": office.invoices[0]}}
    answer = key.post("/ai/mcp", {**HELLO, "method": "tools/call", "params": asked}).get_json()
    assert answer["result"]["isError"]
    assert "There is no invoice" in answer["result"]["content"][0]["text"]


def test_it_keeps_to_the_transport(office: Office) -> None:
    key = Api(office.app.test_client(), office.key(*ALL))
    for method in ("GET", "DELETE"):
        answer = key.call(method, "/ai/mcp")
        assert answer.status_code == 405
        assert "POST" in answer.headers["Allow"]
    for origin, status in (
        ("https://evil.test", 403), ("null", 403), ("http://localhost", 200), (None, 200),
    ):  # fmt: skip
        headers = {"Origin": origin} if origin else {}
        assert key.post("/ai/mcp", HELLO, **headers).status_code == status, origin
    assert key.post("/ai/mcp", HELLO, MCP_Protocol_Version="1999-01-01").status_code == 400
    assert key.post("/ai/mcp", HELLO, MCP_Protocol_Version="2025-06-18").status_code == 200
    told = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    answer = key.post("/ai/mcp", told)
    assert (answer.status_code, answer.data) == (202, b"")


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        (b"no json", mcp.PARSE, 400),
        (b"[]", mcp.REQUEST, 400),
        (b'{"id": 1, "method": "ping"}', mcp.REQUEST, 400),
        ({**HELLO, "id": {"a": 1}}, mcp.REQUEST, 400),
        ({**HELLO, "id": True}, mcp.REQUEST, 400),
        ({**HELLO, "method": "no/such"}, mcp.METHOD, 200),
        ({**HELLO, "method": 7}, mcp.METHOD, 200),
        ({**HELLO, "params": [1]}, mcp.PARAMS, 200),
        ({**HELLO, "method": "tools/call"}, mcp.PARAMS, 200),
        ({**HELLO, "method": "tools/call", "params": {"name": ["x"]}}, mcp.PARAMS, 200),
    ],
)
def test_nonsense_is_answered_as_the_protocol_says(
    office: Office, body: Any, code: int, status: int
) -> None:
    key = Api(office.app.test_client(), office.key(*ALL))
    answer = key.post("/ai/mcp", body)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (status, code)


def test_arguments_that_are_no_object_are_refused(office: Office) -> None:
    key = Api(office.app.test_client(), office.key(*ALL))
    for arguments in ([], "x", 7, False):
        params = {"name": "find-clients", "arguments": arguments}
        answer = key.post("/ai/mcp", {**HELLO, "method": "tools/call", "params": params})
        assert answer.get_json()["result"]["isError"], arguments
