"""Every write meets every kind of bad input: a 4xx problem that names the field, never a 5xx."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from invoicer_core.api.catalogue import operations
from invoicer_core.api.resources import Operation
from tests.factories import Api

BODIES = [each for each in operations() if each.body is not None]
RAW: dict[str, tuple[bytes, int]] = {
    "cut off": (b'{"a": ', 400),
    "two values": (b"{} {}", 400),
    "no JSON": (b"hello", 400),
    "not UTF-8": (b'{"a": "\xff"}', 400),
    "nested too deeply": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, 400),
    "a list": (b"[1, 2]", 422),
    "a text": (b'"text"', 422),
    "null": (b"null", 422),
    "a bare NaN": (b"NaN", 422),
    "an unknown field": (b'{"__proto__": {"x": 1}}', 422),
    "a name that stands twice": (b'{"name": "a", "name": "b"}', 422),
    "NaN": (b'{"amount": NaN}', 422),
    "Infinity": (b'{"amount": -Infinity}', 422),
    "a huge number": (b'{"amount": 1e400}', 422),
    "a number of 100 digits": (b'{"amount": ' + b"9" * 100 + b"}", 422),
    "U+0000": (b'{"name": "a\\u0000b"}', 422),
    "half a surrogate pair": (b'{"name": "\\ud800"}', 422),
}
VALUES: list[Any] = [
    "1_000", "１０", "٣", "NaN", "Infinity", "1e5", "0x10", " 1", "1,5", "--1", "", "1.12345678901",
    "1234567890123456", True, [], {}, [1], {"a": 1}, "x" * 1_000_000, "=1+1", "{{7*7}}",
    "../../etc", "a\r\nBcc: x@y.test", "\u202e", 10**30, -1, 0, "20240101",
    "2024-W03-1", "2024-02-30",
]  # fmt: skip


def _path(operation: Operation, owner: Api) -> str:
    path = operation.path.replace("{businessId}", str(owner.business_id))
    for name in operation.parameters:
        path = path.replace(f"{{{name}}}", "email" if name == "name" else "1")
    return path


@pytest.mark.parametrize("operation", BODIES, ids=lambda each: each.name)
def test_a_body_that_is_no_body(owner: Api, operation: Operation) -> None:
    for case, (raw, status) in RAW.items():
        answer = owner.call(operation.method, _path(operation, owner), raw)
        expected = operation.invalid if status == 422 else status
        assert answer.status_code == expected, (case, answer.data)
        assert answer.content_type == "application/problem+json"
        if status == 422 and case not in ("a list", "a text", "null", "a bare NaN"):
            assert answer.get_json()["errors"][0]["pointer"], case


@pytest.mark.parametrize("operation", BODIES, ids=lambda each: each.name)
def test_another_media_type(owner: Api, operation: Operation) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", "x"):
        answer = owner.call(
            operation.method, _path(operation, owner), b"{}", {"Content-Type": kind}
        )
        assert answer.status_code == 415


@pytest.mark.parametrize("operation", BODIES, ids=lambda each: each.name)
def test_a_missing_body(owner: Api, operation: Operation) -> None:
    if operation.body_required:
        assert owner.call(operation.method, _path(operation, owner)).status_code == 400


@pytest.mark.parametrize("operation", BODIES, ids=lambda each: each.name)
def test_odd_values_in_every_field(owner: Api, operation: Operation) -> None:
    assert operation.body is not None
    path = _path(operation, owner)
    for name in operation.body.model_fields:
        for value in VALUES:
            answer = owner.call(operation.method, path, {name: value})
            assert answer.status_code < 500, (name, str(value)[:50], answer.data)
            if answer.status_code == operation.invalid:
                assert answer.get_json()["errors"], (name, str(value)[:50])


def _item(**more: Any) -> dict[str, Any]:
    return {"description": "x", "quantity": 1, "unit_price": 1, **more}


def _in_items() -> Iterator[tuple[dict[str, Any], str]]:
    for field in ("quantity", "unit_price", "base_quantity"):
        for value in ("1_000", "１０", "NaN", "", True, [], None, "1" * 16, "0.00000000001", "x"):
            if not (field == "base_quantity" and value is None):
                yield _item(**{field: value}), f"/items/0/{field}"
    yield {"quantity": 1, "unit_price": 1}, "/items/0/description"
    yield _item(description=""), "/items/0/description"
    yield _item(description=7), "/items/0/description"
    yield _item(description="x" * 2001), "/items/0/description"
    yield _item(total_price=5), "/items/0/total_price"
    yield _item(product_id=0), "/items/0/product_id"
    yield _item(product_id="1"), "/items/0/product_id"
    yield _item(product_id=2**63), "/items/0/product_id"
    yield _item(period_start="20240101"), "/items/0/period_start"
    yield _item(taxes=[{"rate": -1}]), "/items/0/taxes/0/rate"
    yield _item(taxes=[{"rate": 1001}]), "/items/0/taxes/0/rate"
    yield _item(taxes=[{"category": "QQ"}]), "/items/0/taxes/0/category"
    yield _item(taxes=[{"category": "E", "rate": 5}]), "/items/0/taxes/0/rate"
    yield _item(taxes=[{"compound": "yes"}]), "/items/0/taxes/0/compound"
    yield _item(discounts=[{}]), "/items/0/discounts/0"
    yield _item(discounts=[{"amount": 1, "percent": 1}]), "/items/0/discounts/0"
    yield _item(discounts=[{"percent": 101}]), "/items/0/discounts/0/percent"
    yield _item(discounts=[{"amount": 1, "spread": True}]), "/items/0/discounts/0/spread"
    yield _item(base_quantity=0), "/items/0/base_quantity"
    yield _item(unit_price=-1), "/items/0/unit_price"


@pytest.mark.parametrize(("item", "pointer"), list(_in_items()), ids=lambda v: str(v)[:60])
def test_a_bad_line_is_named_by_its_pointer(owner: Api, item: dict, pointer: str) -> None:
    answer = owner.post("/invoices/preview", {"items": [item]})
    assert answer.status_code == 422
    assert pointer in {each["pointer"] for each in answer.get_json()["errors"]}


def test_many_lines_are_possible_and_too_many_refused(owner: Api) -> None:
    assert owner.post("/invoices/preview", {"items": [_item()] * 1000}).status_code == 200
    assert owner.post("/invoices/preview", {"items": [_item()] * 1001}).status_code == 422


def test_a_huge_body_answers_413(owner: Api) -> None:
    raw = b'{"notes": "' + b"x" * 3_000_000 + b'"}'
    assert owner.post("/invoices", raw).status_code == 413


@pytest.mark.parametrize("value", ["0", "-1", "x", "1.0", "9" * 19, "9" * 39, "١", "1%00", "1'--"])
def test_an_address_without_a_possible_id_leads_nowhere(owner: Api, value: str) -> None:
    answer = owner.get(f"/invoices/{value}")
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


def test_an_unknown_address_and_a_wrong_method(app: Flask, owner: Api) -> None:
    assert owner.get("/nothing").get_json()["type"] == "urn:invoicer:problem:not-found"
    wrong = owner.call("PATCH", "/invoices")
    assert wrong.status_code == 405
    assert {"GET", "POST"} <= set(wrong.headers["Allow"].split(", "))


@pytest.mark.parametrize("value", ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "{{7*7}}"])
def test_odd_texts_are_kept_and_shown_as_they_are(owner: Api, value: str) -> None:
    client = {"name": value, "email": "odd@client.test"}
    body = {"client": client, "items": [_item(description=value)], "notes": value}
    made = owner.made("/invoices", body)
    assert made["client_name"] == made["notes"] == made["items"][0]["description"] == value
