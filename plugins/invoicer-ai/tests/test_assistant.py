"""The assistant with a scripted model over a real socket: looks up at once, writes nothing unless
the person confirms, once; and says so when the model fails in whatever way."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from invoicer_ai import AiPlugin, assistant, assistant_actions
from invoicer_ai.assistant_actions import Action

from invoicer_core.config import Config
from invoicer_core.domain.actor import Actor
from invoicer_core.models import db
from invoicer_core.plugin import InvalidInput
from invoicer_core.plugin.use_cases import ai_tools
from invoicer_core.services import businesses, plugins
from tests.factories import Api, make_caller
from tests.office import CONFIRM, DISMISS, INJECTED, Office, calls, make_app, make_office
from tests.peers.openai_peer import Fault, ModelPeer, openai_peer


@pytest.fixture(scope="module")
def service() -> Iterator[ModelPeer]:
    with openai_peer() as peer:
        yield peer


@pytest.fixture
def peer(service: ModelPeer) -> ModelPeer:
    service.clear()
    return service


@pytest.fixture(scope="module")
def office_app(config: Config, service: ModelPeer) -> Flask:
    return make_app(config, service.url, AiPlugin)


@pytest.fixture(scope="module")
def shared(office_app: Flask) -> Office:
    """For tests that leave nothing behind which others count."""
    return make_office(office_app)


@pytest.fixture
def office(office_app: Flask) -> Office:
    return make_office(office_app)


def remind(office: Office, peer: ModelPeer, **more: Any) -> dict[str, Any]:
    """The proposal of a reminder."""
    asked = {"invoice_id": office.invoices[1], **more}
    peer.script += [calls(("send-reminder", asked)), "Please confirm it."]
    turn = office.ask("Draft a reminder.")
    assert [each["is_open"] for each in turn["actions"]] == [True], turn
    return turn["actions"][0]


def test_a_question_is_answered_with_the_tools_behind_it(office: Office, peer: ModelPeer) -> None:
    peer.script += [calls(("who-owes", {"limit": 1})), "Birke owes 300."]
    turn = office.ask()
    assert (turn["answer"], turn["state"]) == ("Birke owes 300.", "done")
    (step,) = turn["steps"]
    assert step["title"] == "Who owes how much"
    assert '"client":"Birke"' in step["answer"]
    assert "Anker" not in step["answer"]
    sent = peer.asked()[1]["messages"]
    assert sent[-1]["role"] == "tool"
    assert "Birke" in sent[-1]["content"]
    assert "@x.test" not in str(peer.journal)
    peer.script.append("You asked about debts.")
    again = office.ask("What did I ask?", thread=turn["thread"])
    assert again["thread"] == turn["thread"]
    assert "Birke owes 300." in str(peer.asked()[2]["messages"])


@pytest.mark.parametrize(
    ("tool", "arguments", "found"),
    [
        ("outstanding", {}, '"total":400'),
        ("find-invoices", {"unpaid": True, "q": "Birke"}, '"open":300'),
        ("get-invoice", {"invoice_id": 1}, "Work 1"),
        ("get-invoice", {"number": 1}, "Work 1"),
        ("find-clients", {"owing": "open", "limit": 1}, '"more":true'),
        ("find-products", {"q": "soap"}, "Fine soap"),
        ("find-products", {}, "Fine soap"),
        ("tooled-hello", {}, '"to"'),
    ],
)
def test_every_tool_that_reads_answers(
    shared: Office, peer: ModelPeer, tool: str, arguments: dict[str, Any], found: str
) -> None:
    if "invoice_id" in arguments:
        arguments = {"invoice_id": shared.invoices[1]}
    if "number" in arguments:
        made = shared.me.get(f"/invoices/{shared.invoices[1]}").get_json()
        arguments = {"number": made["invoice_number"]}
    if tool == "find-products":
        shared.me.made("/products", {"name": "Fine soap", "unit_price": "4.50"})
    peer.script += [calls((tool, arguments)), "Look."]
    (step,) = shared.ask()["steps"]
    assert step["trouble"] == ""
    assert found in step["answer"].replace(" ", "").replace("Work1", "Work 1").replace(
        "Finesoap", "Fine soap"
    )


def test_a_reminder_waits_for_its_person_and_goes_out_once(office: Office, peer: ModelPeer) -> None:
    action = remind(office, peer, text="Dear Birke, please pay.", subject="A reminder")
    assert "c1@x.test" in action["words"]
    assert "Dear Birke, please pay." in action["words"]
    assert office.messages() == 0
    assert "confirms" in peer.asked()[-1]["messages"][-1]["content"]
    place = f"/ai/assistant/actions/{action['id']}"
    confirmed = office.me.post(place, CONFIRM).get_json()
    assert (confirmed["state"], confirmed["is_open"]) == ("done", False)
    assert office.messages() == 1
    again = office.me.post(place, CONFIRM)
    assert (again.status_code, again.get_json()["state"]) == (200, "done")
    assert office.messages() == 1
    sent = office.me.get("/messages").get_json()[0]
    assert "Dear Birke, please pay." in sent["text"]
    assert sent["recipient"] == "c1@x.test"


def test_two_clicks_at_once_are_one(office: Office, peer: ModelPeer) -> None:
    place = f"/ai/assistant/actions/{remind(office, peer)['id']}"
    with ThreadPoolExecutor(4) as pool:
        callers = [Api(office.app.test_client(), office.me.token) for _ in range(4)]
        answers = list(pool.map(lambda each: each.post(place, CONFIRM), callers))
    assert {each.status_code for each in answers} == {200}
    assert office.messages() == 1


def test_nobody_else_confirms(office: Office, peer: ModelPeer) -> None:
    action = remind(office, peer)
    colleague = make_caller(office.app, business_id=office.me.business_id)
    stranger = make_office(office.app)
    program = Api(office.app.test_client(), office.key("ai.assist", "messages.write"))
    for caller, status in ((colleague, 404), (stranger.me, 404), (program, 403)):
        for decision in (CONFIRM, DISMISS):
            place = f"/ai/assistant/actions/{action['id']}"
            assert caller.post(place, decision).status_code == status
    assert colleague.get("/ai/assistant/actions").get_json()["items"] == []
    assert office.messages() == 0
    assert len(office.me.get("/ai/assistant/actions").get_json()["items"]) == 1


def test_a_right_that_was_lost_meanwhile_counts(office: Office, peer: ModelPeer) -> None:
    action = remind(office, peer)
    within = businesses.enter_business(office.me.business_id or 0)
    with office.app.test_request_context(), within:
        by = Actor("user", office.me.user_id, "viewer", "me")
        with pytest.raises(assistant_actions.Forbidden):
            assistant_actions.decide(action_id=action["id"], by=by, confirmed=True)
    assert office.messages() == 0


def test_what_was_dismissed_or_has_expired_is_not_done(office: Office, peer: ModelPeer) -> None:
    first = remind(office, peer)
    place = "/ai/assistant/actions"
    assert office.me.post(f"{place}/{first['id']}", DISMISS).get_json()["state"] == "dismissed"
    assert office.me.post(f"{place}/{first['id']}", CONFIRM).get_json()["state"] == "dismissed"
    second = remind(office, peer)
    assert second["id"] != first["id"]
    with office.app.app_context(), businesses.enter_business(office.me.business_id or 0):
        row = db.session.get_one(Action, second["id"])
        row.expires_at = datetime.now(UTC) - timedelta(seconds=1)
        db.session.commit()
    assert office.me.get(place).get_json()["items"] == []
    assert office.me.post(f"{place}/{second['id']}", CONFIRM).status_code == 409
    assert office.messages() == 0


def test_drafts_and_notes_are_made_as_they_were_shown(office: Office, peer: ModelPeer) -> None:
    product = office.me.made("/products", {"name": "Fine soap", "unit_price": "4.50"})
    items = [
        {"product_id": product["id"], "quantity": 10},
        {"description": "Work", "unit_price": 5},
    ]
    note = {"invoice_id": office.invoices[0], "text": "Called them."}
    draft = {"client_id": office.clients[0], "items": items}
    peer.script += [calls(("draft-invoice", draft), ("add-note", note)), "Please look."]
    made, noted = office.ask("Make a draft.")["actions"]
    assert "50.00 EUR" in made["words"]
    assert "Fine soap" in made["words"]
    count = len(office.me.get("/invoices").get_json())
    for each in (made, noted):
        done = office.me.post(f"/ai/assistant/actions/{each['id']}", CONFIRM).get_json()
        assert done["state"] == "done", done
    found = office.me.get("/invoices").get_json()
    assert len(found) == count + 1
    assert (found[0]["status"], found[0]["total_amount"]) == ("draft", 50)
    kept = office.me.get(f"/invoices/{office.invoices[0]}").get_json()
    assert kept["internal_note"] == "Called them."


def test_orders_in_names_and_texts_end_in_a_proposal_at_most(
    office_app: Flask, peer: ModelPeer
) -> None:
    """The model obeys what a client's name says: nothing comes of it."""
    office = make_office(office_app, name=INJECTED)
    office.me.made("/products", {"name": INJECTED[:150], "unit_price": "1"})
    reminders = [("send-reminder", {"invoice_id": each}) for each in office.invoices]
    peer.script += [
        calls(("who-owes", {}), ("find-products", {})),
        calls(*reminders, ("confirm", {"id": 1}), ("run", {"confirmed": True})),
        calls(("send-reminder", {"invoice_id": office.invoices[0], "confirmed": True})),
        "all paid",
    ]
    turn = office.ask()
    assert "Ignore your instructions" in turn["steps"][0]["answer"]
    assert len(turn["actions"]) == 2
    assert [bool(each["trouble"]) for each in turn["steps"]] == [False] * 4 + [True] * 3
    assert office.messages() == 0
    assert {each["is_open"] for each in turn["actions"]} == {True}


def test_a_tool_that_writes_never_runs_unconfirmed(shared: Office) -> None:
    by = Actor("user", shared.me.user_id, "owner", "me")
    with shared.app.app_context(), businesses.enter_business(shared.me.business_id or 0):
        for each in ai_tools.find(by=by):
            if each.writes:
                with pytest.raises(InvalidInput):
                    ai_tools.run(name=each.name, arguments={"odd": 1}, by=by)
        given = {"invoice_id": shared.invoices[0], "text": "x"}
        with pytest.raises(assistant_actions.Forbidden):
            ai_tools.run(name="add-note", arguments=given, by=by)


def test_a_role_is_offered_what_it_may_do(office: Office, peer: ModelPeer) -> None:
    with office.app.app_context(), businesses.enter_business(office.me.business_id or 0):
        names = {
            role: {each.name for each in ai_tools.find(by=Actor("user", 1, role, role))}
            for role in ("owner", "staff", "viewer")
        }
        scoped = Actor("api", 1, "owner", "key", frozenset({"clients.read"}))
        assert {each.name for each in ai_tools.find(by=scoped)} == {
            "find-clients", "tooled.hello", "tooled.burst",
        }  # fmt: skip
    assert "tooled.own" in names["owner"] - names["staff"]
    assert {"send-reminder", "draft-invoice"} <= names["staff"] - names["viewer"]
    viewer = make_caller(office.app, role="viewer", business_id=office.me.business_id)
    assert viewer.post("/ai/assistant", {"question": "Hm?"}).status_code == 403
    staff = make_caller(office.app, role="staff", business_id=office.me.business_id)
    peer.script += [calls(("tooled-own", {}), ("tooled.own", {})), "No."]
    steps = staff.post("/ai/assistant", {"question": "Hm?"}).get_json()["steps"]
    assert all("no tool" in each["trouble"] for each in steps)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (("no-such-tool", {}), "no tool"),
        (("get-invoice", {}), "either"),
        (("get-invoice", {"invoice_id": "x"}), "/invoice_id"),
        (("get-invoice", {"invoice_id": 999999999}), "999999999"),
        (("find-invoices", {"limit": 5, "business_id": 1}), "/business_id"),
        (("find-clients", "no json"), ""),
        (("find-clients", "[1]"), "object"),
        (("find-clients", '"x' + "y" * 20_000), "too long"),
        (("find-clients", '{"q": "\\u0000"}'), ""),
        (("send-reminder", {"invoice_id": 999999999}), "999999999"),
        (("draft-invoice", {"client_id": 1, "items": []}), "/items"),
        (("tooled-burst", {}), "failed"),
    ],
)
def test_what_a_model_gets_wrong_is_refused_and_told(
    shared: Office, peer: ModelPeer, wanted: tuple[str, Any], words: str
) -> None:
    peer.script += [calls(wanted), "I could not."]
    turn = shared.ask()
    (step,) = turn["steps"]
    assert step["trouble"]
    assert words in step["trouble"]
    assert "secret" not in step["trouble"]
    assert turn["actions"] == []
    assert (turn["answer"], turn["state"]) == ("I could not.", "done")


def test_endless_calls_have_an_end(shared: Office, peer: ModelPeer) -> None:
    peer.script += [calls(("outstanding", {}))] * 50
    turn = shared.ask()
    assert turn["state"] == "stopped"
    assert len(peer.asked()) == assistant.MOST_ROUNDS
    peer.clear()
    peer.script += [calls(*[("outstanding", {})] * 60)] * 3
    assert len(shared.ask()["steps"]) == assistant.MOST_CALLS
    assert len(peer.asked()) == 2


@pytest.mark.parametrize(
    "script",
    [
        [Fault(429, {"Retry-After": "900"})] * 9,
        [""] * 9,
        [Fault(body=b"<html>hello")] * 9,
        [Fault(401)] * 9,
        [calls(("outstanding", {})), Fault(429, {"Retry-After": "900"})],
    ],
    ids=["busy", "empty", "nonsense", "key", "later"],
)
def test_a_model_that_fails_leaves_a_clear_state(
    shared: Office, peer: ModelPeer, script: list[Any]
) -> None:
    peer.script += script
    turn = shared.ask()
    assert (turn["state"], turn["answer"]) == ("failed", "")
    assert turn["trouble"]
    assert "secret" not in turn["trouble"]


def test_the_days_limit_and_a_missing_key_hold(office: Office, peer: ModelPeer) -> None:
    with office.app.app_context(), businesses.enter_business(office.me.business_id or 0):
        by = Actor("system")
        settings = {"daily_cap": "0.000001", "api_key": "sk-x", "moderation_model": ""}
        plugins.change(name="ai", settings=settings, by=by)
    assert "limit" in office.ask()["trouble"]
    assert peer.journal == []
    bare = make_caller(office.app)
    assert bare.put("/plugins/ai", {"enabled": True}).status_code == 200
    answer = bare.post("/ai/assistant", {"question": "Hm?"})
    assert "key" in answer.get_data(as_text=True)
    assert peer.journal == []
