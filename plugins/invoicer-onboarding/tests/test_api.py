"""The onboarding over HTTP: begin, list, follow, put right, with the rights of who asks."""

import pytest

from tests.factories import make_caller

RUNS = "/plugins/onboarding/runs"
FILES = "/plugins/onboarding/files"


@pytest.fixture
def caller(app, desk):
    """An owner of the business at the API."""
    return make_caller(app, business_id=desk.business_id)


def begun(caller, name="Hill Tools", **more):
    return caller.made(RUNS, {"supplier": {"name": name}, **more})


def test_a_run_is_begun_once_followed_and_listed(desk, caller):
    body = {"supplier": {"name": "Hill Tools", "email": "h@hill.test"}}
    first = caller.post(RUNS, body, Idempotency_Key="one-and-the-same")
    again = caller.post(RUNS, body, Idempotency_Key="one-and-the-same")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_json() == first.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    other = {"supplier": {"name": "Other"}}
    assert caller.post(RUNS, other, Idempotency_Key="one-and-the-same").status_code == 422

    run = first.get_json()
    assert (run["state"], run["status"]) == ("DetermineProviderState", "running")
    desk.steps()
    told = caller.get(f"{RUNS}/{run['id']}").get_json()
    assert (told["state"], told["status"]) == ("GenerateAndSendInvoiceNew", "succeeded")
    assert told["path"][:2] == ["DetermineProviderState", "ProviderTypeChoice"]
    assert told["output"]["GenerateAndSendInvoiceNew"]["invoice_number"]

    second = begun(caller, "Second", type="strange")
    found = caller.get(f"{RUNS}?limit=1").get_json()
    assert [each["id"] for each in found["items"]] == [second["id"]]
    older = caller.get(f"{RUNS}?limit=1&cursor={found['next_cursor']}").get_json()
    assert [each["id"] for each in older["items"]] == [run["id"]]
    for wish, wanted in (("status=succeeded", run), ("state=DetermineProviderState", second)):
        items = caller.get(f"{RUNS}?{wish}").get_json()["items"]
        assert [each["id"] for each in items] == [wanted["id"]]


WRONG = (
    ({"supplier": {"name": ""}}, {"/supplier/name"}),
    ({"supplier": {"email": "h@hill.test"}}, {"/supplier/name"}),
    ({"supplier": {"name": "A", "email": "no address"}}, {"/supplier/email"}),
    ({"supplier": {"name": "A", "iban": "DE00 1"}}, {"/supplier/iban"}),
    ({"supplier": {"name": "A", "country": "XX", "phone": "x"}},
     {"/supplier/country", "/supplier/phone"}),
    ({"supplier": {"name": "A", "colour": "red"}}, {"/supplier/colour"}),
    ({"supplier": {"name": "A\x01"}}, {"/supplier/name"}),
    ({"supplier": {"name": "A"}, "type": "x" * 21}, {"/type"}),
    ({"supplier": {"name": "A"}, "type": "\x01"}, {"/type"}),
    ({"supplier": "A"}, {"/supplier"}),
    ({}, {"/supplier"}),
)  # fmt: skip


def test_what_is_wrong_is_named(caller):
    for body, pointers in WRONG:
        answer = caller.post(RUNS, body)
        assert answer.status_code == 422, answer.text
        found = {each["pointer"] for each in answer.get_json()["errors"]}
        assert found == pointers, body
    assert caller.get(RUNS).get_json()["items"] == []


def test_a_person_tries_again_skips_and_corrects_with_a_reason(desk, caller):
    run = begun(caller, type="strange")
    desk.steps()
    at = f"/workflow-runs/{run['id']}"
    assert caller.get(f"{RUNS}/{run['id']}").get_json()["error"] == "ProviderTypeError"

    # There is nothing to skip at an end, and no change without a reason.
    assert caller.post(f"{at}/skip", {"reason": "Never mind"}).status_code == 409
    output = {"type": "new", "supplier_id": None, "evidence": []}
    wrong = {"state": "DetermineProviderState", "output": output}
    for reason in ({}, {"reason": "  "}):
        assert caller.post(f"{at}/correct", {**wrong, **reason}).status_code == 422
    right = caller.post(f"{at}/correct", {**wrong, "reason": "They rang: they are new"})
    assert right.status_code == 200, right.text
    desk.steps()
    done = caller.get(at).get_json()
    assert (done["state"], done["status"]) == ("GenerateAndSendInvoiceNew", "succeeded")
    assert [each["reason"] for each in done["steps"] if each.get("reason")] == [
        "They rang: they are new"
    ]
    assert caller.post(f"{at}/retry", {"reason": "Again"}).status_code == 409  # it is over


def test_a_known_one_without_a_record_is_led_on_by_a_person(desk, caller):
    lost = begun(caller, "Lost", type="old")
    desk.steps()
    at = f"/workflow-runs/{lost['id']}"
    assert caller.get(at).get_json()["error"] == "SupplierUnknown"
    assert caller.post(f"{at}/retry", {"reason": "Perhaps now"}).status_code == 200
    desk.steps()
    assert caller.get(at).get_json()["status"] == "failed"
    client = caller.made("/clients", {"name": "Lost & found"})
    made = caller.made("/suppliers", {"name": "Lost & found", "client_id": client["id"]})
    given = {"supplier_id": made["id"], "client_id": client["id"], "differences": []}
    answer = caller.post(f"{at}/correct", {"reason": "It is this one", "output": given})
    assert answer.status_code == 200, answer.text
    assert caller.post(f"{at}/skip", {"reason": "Billed on paper"}).status_code == 200
    desk.steps()
    assert caller.get(at).get_json()["status"] == "succeeded"
    log = caller.get("/audit?limit=100").text
    for reason in ("Perhaps now", "It is this one", "Billed on paper"):
        assert reason in log


def test_who_may_not_write_suppliers_is_refused(app, desk, caller):
    run = begun(caller)
    viewer = make_caller(app, role="viewer", business_id=desk.business_id)
    stranger = make_caller(app)
    signed_out = type(caller)(app.test_client())
    body = {"supplier": {"name": "Mine"}}
    for who, status in ((viewer, 403), (stranger, 404), (signed_out, 401)):
        assert who.post(RUNS, body).status_code == status
        assert who.get(RUNS).status_code == status
        assert who.get(f"{RUNS}/{run['id']}").status_code == status
        assert who.post(FILES, {"csv": "name\nMine"}).status_code == status
    assert viewer.post(f"/workflow-runs/{run['id']}/skip", {"reason": "x"}).status_code == 403
    assert stranger.post(f"/workflow-runs/{run['id']}/skip", {"reason": "x"}).status_code == 404
    # With the plugin on in a business of its own, a stranger still finds nothing of ours.
    assert stranger.put("/plugins/onboarding", {"enabled": True}).status_code == 200
    assert stranger.get(f"{RUNS}/{run['id']}").status_code == 404
    assert stranger.get(RUNS).get_json()["items"] == []


def test_lines_that_are_wrong_are_told_and_the_others_go_on(desk, caller):
    lines = (
        "Name;E-Mail;email;type;colour",
        "Good & Co;x;good@many.test;;red",
        ";x;nobody@many.test;;",
        "Bad mail;x;no address;;",
        "",
        '"Two\nlines";x;two@many.test;new;',
        "Good & co;x;;;",
        "Again;x;GOOD@many.test;;",
        "Long;x;l@many.test;a type of more than twenty signs;",
        "Last",
    )
    file = caller.made(FILES, {"csv": "\n".join(lines)})
    assert (file["rows"], file["begun"]) == (2, 0)
    assert [(each["line"], each["field"]) for each in file["errors"]] == [
        (3, "name"), (4, "email"), (7, "name"), (8, "name"), (9, "email"), (10, "type"),
    ]  # fmt: skip
    while desk.work():
        continue
    told = caller.get(f"{FILES}/{file['id']}").get_json()
    assert (told["rows"], told["begun"]) == (2, 2)
    names = [each["input"]["supplier"]["name"] for each in caller.get(RUNS).get_json()["items"]]
    assert names == ["Last", "Good & Co"]


def test_a_file_that_is_none_is_refused(caller):
    endless, many = 'name\n"' + "x" * 140_000, "name\n" + "x\n" * 5_001
    for csv in ("email\na@b.test", "name", "name\n\n", endless, many):
        answer = caller.post(FILES, {"csv": csv})
        assert answer.status_code == 422, answer.text
        assert [each["pointer"] for each in answer.get_json()["errors"]] == ["/file"]
