"""Two people change one client, product or supplier: the second sees what differs and chooses."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from flask import Flask

from invoicer_core.domain.actor import Actor
from invoicer_core.services import businesses, clients, products
from invoicer_core.services.buying import suppliers
from invoicer_core.services.identity import members
from tests.integration.web.conftest import Visitor

BY = Actor("user", user_id=1, role="owner", label="other@team.test")
FIELD = re.compile(r'<input type="hidden" name="(version|started|seen_version)" value="([^"]*)">')


@dataclass(frozen=True)
class Thing:
    """One kind of thing: how it is made and changed, and the form that changes it."""

    path: str
    make: Callable[[], int]
    change: Callable[..., Any]
    load: Callable[..., Any]
    form: dict[str, str]


def _product(**fields: Any) -> int:
    return products.create(fields={"name": "Oak board", "unit_price": 12, **fields}, by=BY).id


THINGS = {
    "client": Thing(
        "clients",
        lambda: clients.create(fields={"name": "Oak board", "city": "Graz"}, by=BY).id,
        lambda key, fields: clients.update(client_id=key, fields=fields, by=BY),
        lambda key: clients.get(client_id=key),
        {"name": "Oak board"},
    ),
    "supplier": Thing(
        "suppliers",
        lambda: suppliers.create(fields={"name": "Oak board"}, by=BY).id,
        lambda key, fields: suppliers.update(supplier_id=key, fields=fields, by=BY),
        lambda key: suppliers.get(supplier_id=key),
        {"name": "Oak board"},
    ),
    "product": Thing(
        "products",
        _product,
        lambda key, fields: products.update(product_id=key, fields=fields, by=BY),
        lambda key: products.get(product_id=key),
        {"name": "Oak board", "unit_price": "12", "unit": "C62"},
    ),
}


@pytest.fixture(params=THINGS)
def thing(request: pytest.FixtureRequest) -> Thing:
    return THINGS[request.param]


class Desk:
    """The owner's browser with one form open."""

    def __init__(self, app: Flask, owner: Visitor, thing: Thing) -> None:
        self.app, self.owner, self.thing = app, owner, thing
        self.key: int = self.do(thing.make)
        self.path = f"/{thing.path}/{self.key}/edit"
        self.hidden = self.read(self.owner.get(self.path).text)

    def do(self, work: Callable[..., Any], *given: Any) -> Any:
        with self.app.app_context(), businesses.enter_business(self.owner.business_id):
            return work(*given)

    def read(self, page: str) -> dict[str, str]:
        return {name: unescape(value) for name, value in FIELD.findall(page)}

    def send(self, **typed: str) -> Any:
        fields = {**self.thing.form, **self.hidden, **typed}
        answer = self.owner.send(self.path, self.path, **fields)
        self.hidden = self.read(answer.text) or self.hidden
        return answer

    def others_change(self, **fields: Any) -> None:
        self.do(self.thing.change, self.key, fields)

    @property
    def stored(self) -> Any:
        return self.do(self.thing.load, self.key)


@pytest.fixture
def desk(app: Flask, owner: Visitor, thing: Thing) -> Desk:
    return Desk(app, owner, thing)


def test_what_others_changed_is_shown_beside_and_nothing_is_lost(desk: Desk) -> None:
    desk.others_change(name="Theirs")
    answer = desk.send(name="Mine")
    assert answer.status_code == 409
    assert 'value="Mine"' in answer.text
    choices = re.findall(r'name="choose-(\w+)" value="(\w+)"( checked)?', answer.text)
    assert choices == [("name", "yours", " checked"), ("name", "theirs", "")]
    assert desk.stored.name == "Theirs"


@pytest.mark.parametrize(("side", "kept"), [("yours", "Mine"), ("theirs", "Theirs")])
def test_the_choice_is_saved(desk: Desk, side: str, kept: str) -> None:
    desk.others_change(name="Theirs")
    desk.send(name="Mine")
    answer = desk.send(name="Mine", **{"choose-name": side})
    assert answer.status_code == 302, answer.text
    assert desk.stored.name == kept


def test_a_field_that_only_others_changed_stays_theirs(desk: Desk) -> None:
    field = "notes" if desk.thing.path != "products" else "description"
    desk.others_change(**{field: "Theirs"})
    answer = desk.send(name="Mine")
    assert re.findall(r'name="choose-(\w+)" value="(\w+)" checked', answer.text) == [
        (field, "theirs")
    ]
    assert desk.send(name="Mine", **{f"choose-{field}": "theirs"}).status_code == 302
    assert (desk.stored.name, getattr(desk.stored, field)) == ("Mine", "Theirs")


def test_a_third_change_is_asked_about_again(desk: Desk) -> None:
    desk.others_change(name="Theirs")
    desk.send(name="Mine")
    desk.others_change(name="Theirs again")
    answer = desk.send(name="Mine", **{"choose-name": "yours"})
    assert answer.status_code == 409
    assert "Theirs again" in answer.text
    assert desk.stored.name == "Theirs again"


def test_equal_changes_need_no_choice(desk: Desk) -> None:
    desk.others_change(name="Mine")
    answer = desk.send(name="Mine")
    assert answer.status_code == 409
    assert "choose-name" not in answer.text
    assert desk.send(name="Mine").status_code == 302


def test_what_a_product_costs_stays_unseen(app: Flask, owner: Visitor, viewer: Visitor) -> None:
    """Who may not see costs does not find them in the form's hidden fields."""
    with app.app_context(), businesses.enter_business(owner.business_id):
        key = _product(cost_price=7777)
        (seat,) = (each for each in members.find() if each.email == viewer.email)
        members.change_role(member_id=seat.id, role="staff", by=BY)
    assert "7777" in owner.get(f"/products/{key}/edit").text
    answer = viewer.get(f"/products/{key}/edit")
    assert answer.status_code == 200
    assert "7777" not in answer.text
