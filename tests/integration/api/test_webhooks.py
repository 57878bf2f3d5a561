"""Webhooks over the API: a secret given out once, refusals by field, another's are not there."""

from flask import Flask

from tests.factories import make_caller

BODY = {"url": "https://hooks.example.com/in", "events": ["invoice.paid"]}


def test_a_webhook_from_its_making_to_its_end(app: Flask) -> None:
    api = make_caller(app)
    made = api.post("/webhooks", BODY)
    assert made.status_code == 201
    found = made.get_json()
    path = f"/webhooks/{found['id']}"
    assert made.headers["Location"].endswith(path)
    assert found["secret"].startswith("whsec_")
    assert "secret" not in api.get(path).get_json()
    changed = api.put(path, {"description": "Books", "on": False})
    assert (changed.get_json()["description"], changed.get_json()["state"]) == ("Books", "off")
    assert api.put(path, {"on": True}).get_json()["state"] == "on"
    renewed = api.post(f"{path}/secret").get_json()
    assert renewed["secret"] != found["secret"]
    assert "former_until" in renewed["webhook"]
    assert api.post(f"{path}/test").status_code == 202
    assert api.get(path).get_json()["waiting"] == 1
    assert api.get(f"{path}/attempts").get_json() == []
    assert api.post(f"{path}/resend", {"delivery_id": 10**12}).status_code == 404
    assert [each["id"] for each in api.get("/webhooks").get_json()] == [found["id"]]
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


def test_a_secret_is_in_no_stored_answer(app: Flask) -> None:
    api = make_caller(app)
    first = api.post("/webhooks", BODY, Idempotency_Key="one").get_json()
    second = api.post("/webhooks", BODY, Idempotency_Key="one").get_json()
    assert first["secret"] != second["secret"]


def test_what_cannot_be_called_is_refused_at_its_field(app: Flask) -> None:
    api = make_caller(app)
    for url in ("http://example.com/", "https://127.0.0.1/", "https://[::1]/", "nonsense"):
        answer = api.post("/webhooks", {**BODY, "url": url})
        assert answer.status_code == 422, url
        assert [each["pointer"] for each in answer.get_json()["errors"]] == ["/url"]
    unknown = api.post("/webhooks", {**BODY, "events": ["invoice.eaten"]})
    assert [each["pointer"] for each in unknown.get_json()["errors"]] == ["/events"]


def test_those_of_another_business_are_not_there(app: Flask) -> None:
    made = make_caller(app).made("/webhooks", BODY)
    other = make_caller(app)
    for method, end in (("GET", ""), ("DELETE", ""), ("POST", "/secret"), ("POST", "/test"),
                        ("GET", "/attempts")):  # fmt: skip
        assert other.call(method, f"/webhooks/{made['id']}{end}").status_code == 404
    assert make_caller(app, role="staff").get("/webhooks").status_code == 403
