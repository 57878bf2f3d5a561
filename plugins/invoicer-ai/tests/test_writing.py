"""Texts and pictures from a model over a real socket, with everything it can do wrong."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from invoicer_ai import AiPlugin, model, spending

from invoicer_core import host
from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.domain.actor import SYSTEM
from invoicer_core.plugin import InvalidInput, TooManyRequests, Unavailable
from invoicer_core.services import businesses, files, plugins
from invoicer_core.services.identity import sessions, users
from tests.factories import Api, make_caller
from tests.integration.web.conftest import PASSWORD, Visitor
from tests.peers.openai_peer import FLAGGED, Fault, ModelPeer, openai_peer, picture

KEY = "sk-test-0123456789abcdef"
ASK = [{"role": "user", "content": "Say something."}]
COST = Decimal("0.0012")
"""1000 tokens in at 0.40 and 500 out at 1.60 a million."""


@pytest.fixture(scope="module")
def service() -> Iterator[ModelPeer]:
    with openai_peer() as peer:
        yield peer


@pytest.fixture
def peer(service: ModelPeer) -> ModelPeer:
    service.clear()
    return service


@pytest.fixture(scope="module")
def written_app(config: Config, service: ModelPeer) -> Flask:
    environ = MappingProxyType({**config.plugin_environ, "OPENAI_BASE_URL": service.url})
    return create_app(replace(config, plugin_environ=environ), plugins=[AiPlugin])


@pytest.fixture
def shop(written_app: Flask) -> Api:
    caller = make_caller(written_app)
    settings = {"api_key": KEY, "seconds": 20}
    assert caller.put("/plugins/ai", {"enabled": True, "settings": settings}).status_code == 200
    return caller


@pytest.fixture
def inside(shop: Api, written_app: Flask) -> Iterator[Any]:
    assert shop.business_id is not None
    with written_app.app_context(), businesses.enter_business(shop.business_id):
        yield lambda: host.current().context("ai", shop.business_id, SYSTEM)


def drawn(**answer: Any) -> bytes:
    """What the service says to a wish for a picture."""
    return json.dumps({"created": 1, **answer}).encode()


def last(ctx: Any) -> spending.Generation:
    return spending.history(ctx)[0]


def test_a_text_is_written_and_remembered(shop: Api, peer: ModelPeer, inside: Any) -> None:
    peer.script.append("Fine soap from the coast.")
    answer = shop.post("/ai/text", {"about": "Soap", "kind": "product", "language": "de"})
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["text"].strip() == "Fine soap from the coast."
    row = last(inside())
    assert (row.state, row.cost, row.tokens_in, row.tokens_out) == ("done", COST, 1000, 500)
    assert row.purpose == "text: product"
    assert "Soap" in row.prompt
    assert "German" in str(peer.asked()[0]["messages"])
    assert shop.get("/ai/costs").get_json()["spent_today"] == str(COST)


def test_a_banner_becomes_a_file(shop: Api, peer: ModelPeer, inside: Any) -> None:
    peer.script.append("picture")
    answer = shop.post("/ai/banner", {"about": "Diwali, a tenth off"})
    assert answer.status_code == 200, answer.text
    kept, data = files.content(file_id=answer.get_json()["file_id"])
    assert kept.media_type.startswith("image/")
    assert len(data) > 100
    assert last(inside()).file_id == kept.id


def test_a_banner_costs_what_its_usage_says(shop: Api, peer: ModelPeer, inside: Any) -> None:
    usage = {"input_tokens": 100, "output_tokens": 1000, "total_tokens": 1100}
    peer.script.append(Fault(body=drawn(data=[{"b64_json": picture()}], usage=usage)))
    assert shop.post("/ai/banner", {"about": "Diwali"}).status_code == 200
    row = last(inside())
    assert (row.cost, row.tokens_in, row.tokens_out) == (Decimal("0.041"), 100, 1000)


@pytest.mark.parametrize(
    ("fault", "cost"),
    [
        (Fault(429), Decimal(0)),
        (Fault(401), Decimal(0)),
        (Fault(body=b'{"created": 1, "data": []}'), Decimal("0.25")),
        (Fault(body=b'{"created": 1, "data": [{"b64_json": "%%%"}]}'), Decimal("0.25")),
        (Fault(body=b"<html>hello"), None),
    ],
)
def test_a_banner_that_does_not_come_is_told_and_asked_for_once(
    shop: Api, peer: ModelPeer, inside: Any, fault: Fault, cost: Decimal | None
) -> None:
    peer.script += [fault] * 9
    assert shop.post("/ai/banner", {"about": "Diwali"}).status_code == 503
    assert len(peer.asked("/v1/images/generations")) == 1
    row = last(inside())
    assert row.state == "failed"
    assert row.cost == cost if cost is not None else row.cost > Decimal("0.25"), "the most it can"


def test_bytes_that_are_no_picture_are_not_kept(shop: Api, peer: ModelPeer, inside: Any) -> None:
    peer.script.append(Fault(body=drawn(data=[{"b64_json": "PHN2Zz4="}])))
    assert shop.post("/ai/banner", {"about": "Diwali"}).status_code == 422
    assert last(inside()).state == "failed"


def test_moderation_holds_before_and_after(shop: Api, peer: ModelPeer, inside: Any) -> None:
    assert shop.post("/ai/text", {"about": FLAGGED}).status_code == 422
    assert peer.asked() == []
    peer.script.append(f"Here are {FLAGGED}.")
    answer = shop.post("/ai/text", {"about": "Soap"})
    assert answer.status_code == 422
    assert FLAGGED not in answer.text
    assert (last(inside()).state, last(inside()).cost) == ("refused", COST)


def test_without_moderation_nothing_is_written(shop: Api, peer: ModelPeer, inside: Any) -> None:
    peer.judge = Fault(429)
    assert shop.post("/ai/text", {"about": "Soap"}).status_code == 503
    assert shop.post("/ai/banner", {"about": "Soap"}).status_code == 503
    assert {path for path, _ in peer.journal} == {"/v1/moderations"}
    assert spending.history(inside()) == []


@pytest.mark.parametrize(
    ("script", "calls"),
    [
        ([Fault(500, {"Retry-After": "0"}), "Yes."], 2),
        ([Fault(429, {"Retry-After": "0"}), "Yes."], 2),
        (["", "Yes."], 2),
        (["Yes."], 1),
    ],
)
def test_what_passes_is_tried_again(
    peer: ModelPeer, inside: Any, script: list[Any], calls: int
) -> None:
    peer.script += script
    assert model.complete(inside(), ASK, purpose="try").text == "Yes."
    assert len(peer.asked()) == calls
    if script != ["", "Yes."]:
        peer.script += script
        assert "".join(model.stream(inside(), ASK, purpose="try")).strip() == "Yes."
        assert len(peer.asked()) == 2 * calls
        assert last(inside()).cost == COST, "no try that failed costs"


SILENCE = Fault(wait=30)
DRIP = Fault(endless=b" ", wait=0.1)
FLOOD = Fault(endless=b" " * 4_000_000)
WRONG: list[tuple[Fault | str, type[Exception], int, bool]] = [
    (Fault(500, {"Retry-After": "0"}), Unavailable, 3, True),
    (Fault(429, {"Retry-After": "900"}), Unavailable, 1, True),
    (Fault(401), Unavailable, 1, True),
    (Fault(400), InvalidInput, 1, True),
    (Fault(302, {"Location": "/v1/elsewhere"}), InvalidInput, 1, True),
    (Fault(body=b"<html>hello"), Unavailable, 2, False),
    (Fault(body=b"[]"), Unavailable, 2, False),
    (Fault(body=b'{"choices": 7}'), Unavailable, 2, False),
    ("", Unavailable, 2, False),
    (SILENCE, Unavailable, 1, False),
    (DRIP, Unavailable, 1, False),
    (FLOOD, Unavailable, 1, False),
]
"""What the service does, what comes of it after how many calls at most, whether it is free."""


@pytest.mark.parametrize(("what", "error", "most", "is_free"), WRONG)
def test_what_stays_wrong_is_said_and_has_an_end(
    peer: ModelPeer, inside: Any, what: Any, error: type[Exception], most: int, is_free: bool
) -> None:
    peer.script += [what] * 9
    be_impatient_with(what)
    with pytest.raises(error) as said:
        model.complete(inside(), ASK, purpose="try")
    assert "secret" not in str(said.value)
    assert KEY not in str(said.value)
    assert len(peer.asked()) == most
    rows = spending.history(inside())
    assert {row.state for row in rows} == {"failed"}
    assert all((row.cost == 0) == is_free for row in rows), "what may have cost, counts"


def be_impatient_with(what: Any) -> None:
    """Nothing is waited for longer than it must."""
    if what in (SILENCE, DRIP):
        plugins.change(name="ai", settings={"seconds": 2}, by=SYSTEM)


NONSENSE = Fault(body=b"data: nonsense\n\n")


@pytest.mark.parametrize(
    ("what", "error", "most", "is_free"),
    [*WRONG[:5], (NONSENSE, Unavailable, 1, False), ("", Unavailable, 1, False), *WRONG[10:]],
)
def test_a_stream_that_stays_wrong_is_said_and_has_an_end(
    peer: ModelPeer, inside: Any, what: Any, error: type[Exception], most: int, is_free: bool
) -> None:
    peer.script += [what] * 9
    be_impatient_with(what)
    with pytest.raises(error) as said:
        "".join(model.stream(inside(), ASK, purpose="try"))
    assert "secret" not in str(said.value)
    assert len(peer.asked()) == most
    row = last(inside())
    assert (row.state, row.cost == 0) == ("failed", is_free)


def test_a_service_that_only_talks_nonsense_ends_at_the_limit_of_the_day(
    peer: ModelPeer, inside: Any
) -> None:
    plugins.change(name="ai", settings={"daily_cap": "0.02"}, by=SYSTEM)
    peer.script += [Fault(body=b"[]")] * 99
    for _ in range(20):
        with pytest.raises((Unavailable, TooManyRequests)) as ended:
            model.complete(inside(), ASK, purpose="try")
    assert ended.type is TooManyRequests
    assert Decimal("0.01") < spending.spent_today(inside()) <= Decimal("0.02")
    assert len(peer.asked()) < 10


def test_an_answer_that_breaks_the_schema_is_asked_for_once_more(
    peer: ModelPeer, inside: Any
) -> None:
    schema = {"type": "object"}
    peer.script += ["no json", '{"a": 1}']
    assert model.complete(inside(), ASK, purpose="try", schema=schema).data == {"a": 1}
    peer.script += ["no json", "[1]", '{"a": 1}']
    with pytest.raises(Unavailable):
        model.complete(inside(), ASK, purpose="try", schema=schema)
    assert len(peer.asked()) == 4


def test_too_much_is_cut(peer: ModelPeer, inside: Any) -> None:
    peer.script.append("word " * 30_000)
    assert "".join(model.stream(inside(), ASK, purpose="try"))
    row = last(inside())
    assert row.state == "cut"
    assert len(row.result) <= model.MOST_CHARACTERS


def test_a_reader_who_leaves_ends_the_call(peer: ModelPeer, inside: Any) -> None:
    peer.script.append("one two three four")
    pieces = model.stream(inside(), ASK, purpose="try")
    assert next(pieces) == "one "
    pieces.close()
    row = last(inside())
    assert (row.state, row.result) == ("stopped", "one ")


def test_the_limit_of_a_day_holds_before_the_call(shop: Api, peer: ModelPeer, inside: Any) -> None:
    plugins.change(name="ai", settings={"daily_cap": "0.004"}, by=SYSTEM)
    peer.script += ["Yes."] * 9
    assert model.complete(inside(), ASK, purpose="try").text == "Yes."
    with pytest.raises(TooManyRequests):
        model.complete(inside(), ASK, purpose="try")
    assert len(peer.asked()) == 1
    assert shop.post("/ai/text", {"about": "Soap"}).status_code == 429


def test_a_private_address_is_not_asked(peer: ModelPeer, inside: Any) -> None:
    settings = {"base_url": peer.url.replace("127.0.0.1", "localhost")}
    plugins.change(name="ai", settings=settings, by=SYSTEM)
    with pytest.raises(Unavailable, match="private network"):
        model.complete(inside(), ASK, purpose="try")
    assert peer.journal == []


def test_without_a_key_it_says_so(written_app: Flask, peer: ModelPeer) -> None:
    caller = make_caller(written_app)
    assert caller.put("/plugins/ai", {"enabled": True}).status_code == 200
    answer = caller.post("/ai/text", {"about": "Soap"})
    assert answer.status_code == 503
    assert "key" in answer.get_json()["detail"]
    assert peer.journal == []


def test_neighbours_see_nothing(shop: Api, written_app: Flask, peer: ModelPeer) -> None:
    peer.script.append("Mine.")
    assert shop.post("/ai/text", {"about": "Soap"}).status_code == 200
    other = make_caller(written_app)
    with written_app.app_context(), businesses.enter_business(other.business_id):
        assert spending.session.query(spending.Generation).count() == 0


def test_the_page_shows_a_text_as_it_is_written_and_its_history(
    written_app: Flask, peer: ModelPeer
) -> None:
    email = f"{uuid4().hex[:12]}@owner.test"
    business = {"name": "Atelier", "country": "DE", "currency": "EUR", "locale": "de"}
    with written_app.app_context():
        users.register(email=email, password=PASSWORD, business=business)
    visitor = Visitor(written_app.test_client(), email)
    entered = visitor.send("/sign-in", "/sign-in", email=email, password=PASSWORD)
    assert entered.status_code == 302
    with written_app.app_context():
        signed = sessions.sign_in(email=email, password=PASSWORD, kind="web").identity
        with businesses.enter_business(signed.business_id):
            settings = {"api_key": KEY, "seconds": 20}
            plugins.change(name="ai", enabled=True, settings=settings, by=SYSTEM)
    page = "/plugins/ai/write"
    assert "/plugins/ai/static/write.js" in visitor.get(page).text
    assert visitor.get("/plugins/ai/static/write.js").status_code == 200
    peer.script.append("Fine <b>soap</b>.")
    answer = visitor.send(f"{page}/stream", page, about="Soap")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines == [{"text": "Fine "}, {"text": "<b>soap</b>. "}, {"done": True}]
    peer.script.append(FLAGGED)
    refused = visitor.send(f"{page}/stream", page, about="Soap").text.splitlines()
    assert "moderation" in json.loads(refused[-1])["trouble"]
    history = visitor.get("/plugins/ai/history").text
    assert "Fine &lt;b&gt;soap" in history
    assert "gpt-4.1-mini" in history
