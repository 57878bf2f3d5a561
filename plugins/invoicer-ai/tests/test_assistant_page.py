"""The page without scripts: the conversation, a proposal read and confirmed, orders in names as
plain text."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from invoicer_ai import AiPlugin

from invoicer_core.config import Config
from invoicer_core.services import messages
from tests.factories import Api, make_caller
from tests.integration.web.conftest import Visitor
from tests.office import CONFIRM, DAY, KEY, calls, make_app
from tests.peers.openai_peer import Fault, ModelPeer, openai_peer

PAGE = "/plugins/ai/assistant"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def service() -> Iterator[ModelPeer]:
    with openai_peer() as peer:
        yield peer


@pytest.fixture
def peer(service: ModelPeer) -> ModelPeer:
    service.clear()
    return service


@pytest.fixture(scope="module")
def app(config: Config, service: ModelPeer) -> Flask:
    return make_app(config, service.url, AiPlugin)


@pytest.fixture
def api(owner: Visitor, app: Flask) -> Api:
    """A colleague of the owner's over the API, with the plugin on."""
    caller = make_caller(app, business_id=owner.business_id)
    settings = {"api_key": KEY, "seconds": 5, "moderation_model": ""}
    assert caller.put("/plugins/ai", {"enabled": True, "settings": settings}).status_code == 200
    return caller


@pytest.fixture
def invoice(api: Api) -> int:
    """On which something is open, of a client with a hostile name."""
    client = api.made("/clients", {"name": HOSTILE, "email": "c@x.test", "country": "DE"})
    item = {"description": "Work", "quantity": "1", "unit_price": "70.00"}
    body = {"client_id": client["id"], "items": [item], "issue_date": DAY}
    made = api.made("/invoices", body)
    assert api.post(f"/invoices/{made['id']}/issue").status_code == 200
    return int(made["id"])


def ask(owner: Visitor, **more: str) -> str:
    """The page after a question."""
    answer = owner.send(PAGE, PAGE, question="Who owes me most?", **more)
    assert answer.status_code == 303, answer.text
    return owner.get(answer.location).text


def action_of(page: str) -> str:
    return page.rpartition('id="action-title-')[2].partition('"')[0]


def test_a_proposal_is_read_and_confirmed_once(
    owner: Visitor, peer: ModelPeer, invoice: int, do: Any
) -> None:
    assert PAGE in owner.get("/").text
    wanted = calls(("who-owes", {}), ("send-reminder", {"invoice_id": invoice}))
    peer.script += [wanted, f"Please confirm. {HOSTILE}"]
    page = ask(owner)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "c@x.test" in page
    assert do(messages.find, invoice_id=invoice).items == ()
    place = f"{PAGE}/actions/{action_of(page)}"
    assert "c@x.test" in owner.get(place).text
    refused = owner.http.post(f"{place}/confirm")
    assert refused.status_code in (400, 403)
    assert do(messages.find, invoice_id=invoice).items == ()
    for _click in range(2):
        assert owner.send(f"{place}/confirm", place).status_code == 303
    assert len(do(messages.find, invoice_id=invoice).items) == 1
    assert owner.send(f"{place}/confirm", place).location.startswith(PAGE)
    assert "nothing was done a second time" in owner.get(place).text


def test_what_it_cannot_do_is_said(owner: Visitor, peer: ModelPeer, api: Api) -> None:
    assert owner.send(PAGE, PAGE, question=" ").status_code == 422
    peer.script.append(Fault(401))
    assert "does not accept the key" in ask(owner)
    assert "Who owes me most?" in owner.get(PAGE).text
    assert "does not accept the key" not in owner.get(f"{PAGE}?thread=new").text
    assert owner.get(f"{PAGE}/actions/999999").status_code == 404
    assert owner.get(f"{PAGE}/assistant.js").status_code == 200


def test_others_see_nothing_of_it(
    owner: Visitor, viewer: Visitor, stranger: Visitor, peer: ModelPeer, api: Api, invoice: int
) -> None:
    peer.script += [calls(("send-reminder", {"invoice_id": invoice})), "Confirm."]
    place = f"{PAGE}/actions/{action_of(ask(owner))}"
    for other in (viewer, stranger):
        for path in (PAGE, place):
            assert other.get(path).status_code in (302, 401, 403, 404)
        assert other.http.post(f"{place}/confirm").status_code in (302, 400, 401, 403, 404)
    assert api.get("/ai/assistant/actions").get_json()["items"] == []
    number = place.rpartition("/")[2]
    assert api.post(f"/ai/assistant/actions/{number}", CONFIRM).status_code == 404
