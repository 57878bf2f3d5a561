"""Messages by the API: written over any channel, priced before, and the words they are made of."""

import pytest
from flask import Flask

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.domain.actor import SYSTEM
from invoicer_core.services import businesses, messages
from tests.factories import Api, make_caller
from tests.integration.services.conversations import PHONE, Birds


@pytest.fixture(scope="module")
def birds(config: Config) -> Flask:
    """An application with the birds."""
    return create_app(config, plugins=[Birds])


@pytest.fixture
def api(birds: Flask) -> Api:
    """The owner of a business."""
    return make_caller(birds)


@pytest.fixture
def client_id(api: Api) -> int:
    """A client that has an order of channels."""
    fields = {"name": "Harbour Books", "email": "in@harbour.test", "phone": PHONE,
              "channels": ["pigeon", "email"]}  # fmt: skip
    made = api.made("/clients", fields)
    assert made["channels"] == ["pigeon", "email"]
    return int(made["id"])


def test_a_message_is_written_and_listed(api: Api, client_id: int) -> None:
    made = api.made(
        "/messages", {"client_id": client_id, "channel": "pigeon", "text": "Hello"}, status=202
    )
    assert (made["channel"], made["recipient"], made["direction"]) == ("pigeon", PHONE, "out")
    assert made["thread_id"] == made["id"]
    listed = api.get(f"/messages?thread_id={made['id']}").get_json()
    assert [each["id"] for each in listed] == [made["id"]]
    assert api.get("/messages?direction=in").get_json() == []
    assert api.get("/messages?direction=up").status_code == 422


@pytest.mark.parametrize(
    ("wrong", "status", "pointer"),
    [({"text": " "}, 422, "/text"), ({"text": None}, 422, "/text"),
     ({"client_id": 10**9}, 404, None), ({"channel": "raven"}, 404, None),
     ({"channel": "../x"}, 422, "/channel"),
     ({"kind": "invoice"}, 422, "/kind"), ({"invoice_id": 10**9}, 404, None),
     ({"channel": "email", "subject": " "}, 422, "/subject"),
     ({"channel": "owl"}, 422, "/recipient")],
)  # fmt: skip
def test_what_cannot_be_sent(
    api: Api, client_id: int, wrong: dict[str, object], status: int, pointer: str | None
) -> None:
    given = {"client_id": client_id, "channel": "pigeon", "text": "Hello", **wrong}
    answer = api.post("/messages", given)
    assert answer.status_code == status, answer.text
    if pointer is not None:
        assert answer.get_json()["errors"][0]["pointer"] == pointer


def test_what_it_would_take_is_told_before(api: Api, client_id: int) -> None:
    given = {"channel": "pigeon", "text": "x" * 81, "client_id": client_id}
    answer = api.post("/messages/quote", given)
    assert answer.status_code == 200
    found = answer.get_json()
    assert (found["segments"], found["currency"], found["note"]) == (3, "EUR", "By air")
    assert float(found["cost"]) == pytest.approx(0.15)
    mail = api.post("/messages/quote", {"channel": "email", "text": "x"}).get_json()
    assert mail.get("cost") is None
    owl = api.post("/messages/quote", {"channel": "owl", "text": "x", "client_id": client_id})
    assert "needs consent" in owl.get_json()["refusal"]
    assert api.post("/messages/quote", {"channel": "raven", "text": "x"}).status_code == 404
    assert api.get("/messages").get_json() == []


def test_an_answer_is_marked_as_read(birds: Flask, api: Api, client_id: int) -> None:
    with birds.app_context(), businesses.enter_business(api.business_id or 0):
        came = messages.receive(
            channel="pigeon", sender=PHONE, text="Hi", provider_ref="1", by=SYSTEM
        )
    assert came is not None
    (found,) = api.get("/messages?direction=in").get_json()
    assert found["client_id"] == client_id
    assert found.get("read_at") is None
    read = api.post(f"/messages/{came.id}/read")
    assert read.status_code == 200
    assert read.get_json()["read_at"]
    assert api.post(f"/messages/{came.id}/send-again").status_code == 409
    assert api.post(f"/messages/{came.id}/send-now").status_code == 409


def test_words_are_changed_and_put_back(birds: Flask, api: Api) -> None:
    path = "/message-templates/reminder.short.de"
    before = api.get(path).get_json()
    assert before["is_default"] is True
    assert "link" in before["variables"]
    saved = api.put(path, {"text": "Bitte zahlen: {{ link }}"})
    assert saved.status_code == 200
    assert saved.get_json()["text"] == "Bitte zahlen: {{ link }}"
    refused = api.put(path, {"text": "{{ evil }}"})
    assert refused.status_code == 422
    assert refused.get_json()["errors"][0]["pointer"] == "/text"
    stale = api.put(path, {"text": "x"}, If_Match='"7"')
    assert stale.status_code in (409, 412)
    other = make_caller(birds)
    assert other.get(path).get_json()["is_default"] is True
    assert api.delete(path).status_code == 204
    assert api.get(path).get_json() == before
    assert len(api.get("/message-templates?kind=note").get_json()) == 8
    for odd in ("reminder.short", "x.short.de", "reminder.x.de", "reminder.short.xx", "a"):
        assert api.get(f"/message-templates/{odd}").status_code == 404


def test_who_may_only_look_cannot_change_words(birds: Flask, api: Api) -> None:
    viewer = make_caller(birds, role="viewer", business_id=api.business_id)
    path = "/message-templates/note.long.en"
    assert viewer.get(path).status_code == 200
    assert viewer.put(path, {"text": "x", "subject": "x"}).status_code == 403
    assert viewer.post("/messages", {"client_id": 1, "text": "x"}).status_code == 403


def test_settings_of_messages(api: Api) -> None:
    path = f"/businesses/{api.business_id}"
    given = {"channel_order": ["pigeon", "email"], "carriers": {"email": "courier"},
             "quiet_from": "22:00", "quiet_until": "off", "fallback_hours": 3}  # fmt: skip
    answer = api.put(path, {"settings": given})
    assert answer.status_code == 200, answer.text
    found = answer.get_json()["settings"]
    assert {name: found[name] for name in given} == given
    for wrong in ({"quiet_from": "25:00"}, {"fallback_hours": 999}, {"channel_order": ["../x"]},
                  {"carriers": {"email": "A B"}}):  # fmt: skip
        assert api.put(path, {"settings": wrong}).status_code == 422
