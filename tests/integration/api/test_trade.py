"""Clients, suppliers, products, orders, tax rates, series and files over HTTP."""

import io
from decimal import Decimal

import pytest
from PIL import Image

from tests.factories import Api, make_caller

CREATED = {
    "/clients": {"name": "Ann", "email": "ann@client.test"},
    "/suppliers": {"name": "Timber"},
    "/products": {"name": "Tea", "unit_price": "2.50", "unit": "kg", "tax_rate": 20},
    "/products/categories": {"name": "Drinks"},
    "/tax-rates": {"name": "City tax", "rate": "3.5"},
    "/series": {"document_type": "order", "name": "Web", "pattern": "WEB-{year}-{seq}"},
}
CHANGED = {
    "/clients": {"name": "Bea"},
    "/suppliers": {"name": "Bea"},
    "/products": {"name": "Bea"},
    "/products/categories": {"name": "Bea"},
    "/tax-rates": {"name": "Bea"},
    "/series": {"name": "Bea"},
}


def order_of(api: Api, **more: object) -> dict:
    client = api.made("/clients", {"name": "Ann"})
    items = [{"product_name": "Desk", "quantity": 4, "unit_price": "33.335"}]
    return api.made("/orders", {"client_id": client["id"], "items": items, **more})


@pytest.mark.parametrize("path", CREATED)
def test_a_thing_is_created_read_changed_and_listed(owner, path):
    answer = owner.post(path, CREATED[path])
    assert answer.status_code == 201, answer.text
    made = answer.json
    assert answer.headers["Location"] == f"/api/v1{path}/{made['id']}"
    at = f"{path}/{made['id']}"
    assert owner.get(at).json == made
    changed = owner.put(at, CHANGED[path])
    assert changed.status_code == 200, changed.text
    assert changed.json["name"] == "Bea"
    listed = owner.get(f"{path}?q=bea&limit=1")
    assert [each["id"] for each in listed.json] == [made["id"]]
    assert listed.headers["X-Total-Count"] == "1"


@pytest.mark.parametrize("path", [*CREATED, "/orders"])
def test_unknown_fields_are_refused_by_name(owner, path):
    body = CREATED.get(path, {"client_id": 1, "items": []})
    answer = owner.post(path, {**body, "business_id": 1, "version": 9})
    assert answer.status_code == 422
    pointers = {error["pointer"] for error in answer.json["errors"]}
    assert {"/business_id", "/version"} <= pointers


def test_ids_of_another_business_are_missing(owner, stranger):
    paths = [f"{path}/{stranger.made(path, body)['id']}" for path, body in CREATED.items()]
    order = order_of(stranger)
    client, product = paths[0], paths[2]
    attempts = [
        *((method, path) for path in paths for method in ("GET", "PUT")),
        *(("DELETE", path) for path in paths if not path.startswith("/series")),
        ("POST", f"{client}/archive"),
        ("GET", f"{client}/contacts"),
        ("GET", f"{product}/stock"),
        ("GET", f"/orders/{order['id']}"),
        ("PUT", f"/orders/{order['id']}"),
        ("DELETE", f"/orders/{order['id']}"),
        ("POST", f"/orders/{order['id']}/invoice"),
    ]
    for method, path in attempts:
        body = {} if method in ("PUT", "POST") else None
        answer = owner.call(method, path, body)
        assert answer.status_code == 404, (method, path, answer.text)
        missing = owner.call(method, path.replace(path.split("/")[-1], "9007199254740991"), body)
        assert missing.status_code == 404
    wrong = owner.post("/orders", {"client_id": order["client_id"], "items": [
        {"product_name": "x", "quantity": 1, "unit_price": 1}]})  # fmt: skip
    assert wrong.status_code == 404


def test_a_stale_edit_answers_the_newer_thing(owner):
    client = owner.post("/clients", {"name": "Ann"})
    at, etag = f"/clients/{client.json['id']}", client.headers["ETag"]
    assert owner.call("PUT", at, {"name": "Bea"}, {"If-Match": etag}).status_code == 200
    answer = owner.call("PUT", at, {"name": "Cea"}, {"If-Match": etag})
    assert answer.status_code == 409
    assert answer.json["current"]["name"] == "Bea"
    assert answer.json["current"]["version"] == 2


def test_a_taken_address_names_its_field(owner):
    owner.made("/clients", {"name": "Ann", "email": "ann@client.test"})
    answer = owner.post("/clients", {"name": "Ann", "email": "ANN@client.test"})
    assert answer.status_code == 409
    assert answer.json["errors"][0]["pointer"] == "/email"


def test_contacts_live_below_their_client(owner):
    client = owner.made("/clients", {"name": "Ann"})
    at = f"/clients/{client['id']}/contacts"
    person = owner.made(at, {"name": "Ben", "email": "ben@client.test", "is_primary": True})
    assert owner.put(f"{at}/{person['id']}", {"role": "Buyer"}).json["role"] == "Buyer"
    assert [each["name"] for each in owner.get(at).json] == ["Ben"]
    assert owner.delete(f"{at}/{person['id']}").status_code == 204
    assert owner.get(at).json == []


def test_lists_are_paged_by_cursor(owner):
    for name in "abc":
        owner.made("/clients", {"name": name})
    first = owner.get("/clients?sort=name&limit=2")
    assert [each["name"] for each in first.json] == ["a", "b"]
    link = first.headers["Link"].split(", ")[1]
    following = link[1 : link.index(">")].removeprefix("/api/v1")
    assert [each["name"] for each in owner.get(following).json] == ["c"]
    for query, at in (
        ("cursor=x", "/cursor"), ("limit=201", "/limit"), ("sort=password", "/sort"),
        ("from=2026-02-01&to=2026-01-01", "/to"), ("from=20260101", "/from"),
        ("status=gone", "/status"), ("colour=red", "/colour"),
    ):  # fmt: skip
        answer = owner.get(f"/clients?{query}")
        assert answer.status_code == (404 if at == "/cursor" else 422), query
        assert [error["pointer"] for error in answer.json["errors"]] == [at]


def test_an_order_becomes_an_invoice(owner):
    order = order_of(owner)
    assert order["order_number"].startswith("SO-")
    assert order["total_amount"] == Decimal("133.34")
    line = order["items"][0]["id"]
    part = {"items": [{"id": line, "quantity": "1.5"}]}
    first = owner.post(f"/orders/{order['id']}/invoice", part)
    assert first.status_code == 201, first.text
    assert first.json["order_id"] == order["id"]
    assert first.headers["Location"] == f"/api/v1/invoices/{first.json['id']}"
    over = owner.post(f"/orders/{order['id']}/invoice", {"items": [{"id": line, "quantity": 3}]})
    assert over.status_code == 409
    assert over.json["errors"][0]["pointer"] == "/items/0/quantity"
    rest = owner.post(f"/orders/{order['id']}/invoice")
    assert rest.status_code == 201, rest.text
    assert owner.get(f"/orders/{order['id']}").json["invoice_ids"] == [
        first.json["id"],
        rest.json["id"],
    ]
    twice = {"items": [{"id": line, "quantity": 1}, {"id": line, "quantity": 1}]}
    assert owner.post(f"/orders/{order['id']}/invoice", twice).status_code == 422


def test_a_status_of_an_order_only_goes_forward(owner):
    order = order_of(owner)
    at = f"/orders/{order['id']}"
    assert owner.put(at, {"status": "completed"}).status_code == 409
    assert owner.put(at, {"status": "processing"}).json["status"] == "processing"
    assert [each["id"] for each in owner.get("/orders?status=processing").json] == [order["id"]]


def test_stock_moves_and_is_never_below_zero(owner):
    product = owner.made("/products", {**CREATED["/products"], "stock_quantity": 2})
    at = f"/products/{product['id']}/stock"
    assert owner.post(at, {"quantity": -2, "reason": "sold"}).json["stock_after"] == 0
    answer = owner.post(at, {"quantity": -1, "reason": "sold"})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (409, "/quantity")
    assert len(owner.get(at).json) == 2
    assert [each["reason"] for each in owner.get(f"{at}?q=SOLD").json] == ["sold"]


def test_what_a_product_costs_is_not_for_everybody(app, owner):
    product = owner.made("/products", {**CREATED["/products"], "cost_price": "0.31"})
    assert product["cost_price"] == Decimal("0.31")
    staff = make_caller(app, business_id=owner.business_id, role="staff")
    at = f"/products/{product['id']}"
    shown = [
        staff.get(at).json,
        *staff.get("/products").json,
        *staff.get("/products/search?q=tea").json,
    ]
    assert len(shown) == 3
    assert not [each for each in shown if "cost_price" in each]
    assert staff.put(at, {"cost_price": 1}).status_code == 403
    assert "cost_price" not in staff.put(at, {"name": "Green tea"}).json


def test_the_gap_report_is_empty_in_an_honest_business(owner):
    assert owner.get("/series/gaps").json == []
    order = order_of(owner)
    owner.made(f"/orders/{order['id']}/invoice", {"issue": True})
    (report,) = owner.get("/series/gaps").json
    assert (report["last"], report["documents"], report["missing"]) == (1, 1, [])


# --- files ------------------------------------------------------------------------------------


def upload(api: Api, data: bytes, name: str = "a.png", part: str = "file", **more: str):
    form = {part: (io.BytesIO(data), name), **more}
    return api.http.post(
        "/api/v1/files", data=form, headers={"Authorization": f"Bearer {api.token}"}
    )


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 4), "red").save(out, "PNG")
    return out.getvalue()


def test_a_file_goes_out_as_a_closed_download(owner, stranger):
    made = upload(owner, picture(), 'Ünsere "logo".PNG')
    assert made.status_code == 201, made.text
    at = f"/files/{made.json['id']}"
    answer = owner.get(f"{at}/content")
    assert answer.data.startswith(b"\x89PNG")
    headers = answer.headers
    assert headers["Content-Disposition"].startswith("attachment; ")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    for path in (at, f"{at}/content"):
        assert stranger.get(path).status_code == 404
    assert stranger.delete(at).status_code == 404
    assert owner.delete(at).status_code == 204
    assert owner.get(f"{at}/content").status_code == 404


def test_a_file_may_be_larger_than_other_bodies(owner):
    assert upload(owner, b"a" * 3_000_000, "a.txt").status_code == 201
    assert upload(owner, b"a" * 21_000_000, "a.txt").status_code == 413


@pytest.mark.parametrize(
    ("data", "part", "more", "at"),
    [
        (b"<svg/>", "file", {}, "/file"),
        (b"", "file", {}, "/file"),
        (b"hello", "logo", {}, "/logo"),
        (b"hello", "file", {"key": "../x"}, "/key"),
    ],
)
def test_a_wrong_form_is_refused_by_name(owner, data, part, more, at):
    answer = upload(owner, data, "a.svg", part, **more)
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == at


def test_a_file_is_not_json(owner):
    assert owner.post("/files", {"file": "x"}).status_code == 415


@pytest.mark.parametrize("path", CREATED)
def test_what_must_be_there_is_not_emptied(owner, path):
    made = owner.made(path, CREATED[path])
    answer = owner.put(f"{path}/{made['id']}", {"name": None})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/name")
    assert owner.put(f"{path}/{made['id']}", {}).json == made
