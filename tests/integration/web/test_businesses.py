"""Several businesses in one browser: going from one to the other, and never mixing them."""

import pytest
from flask import Flask

from invoicer_core.services import businesses, clients
from tests.integration.web.conftest import Visitor

FIELDS = {
    "business_name": "Café Süd", "country": "AT", "currency": "EUR", "time_zone": "Europe/Vienna",
}  # fmt: skip


def names(app: Flask, business_id: int) -> list[str]:
    with app.app_context(), businesses.enter_business(business_id):
        return [each.name for each in clients.find(limit=50).items]


@pytest.fixture
def second(app: Flask, owner: Visitor) -> int:
    """A second business of the owner, who is in the first one again."""
    answer = owner.send("/businesses/new", "/businesses/new", **FIELDS)
    assert answer.location == "/welcome", answer.text
    page = owner.get("/businesses").text
    switches = [part.split("/", 1)[0] for part in page.split("/businesses/")[1:]]
    assert str(owner.business_id) in switches
    owner.send(f"/businesses/{owner.business_id}/switch", "/businesses")
    page = owner.get("/businesses").text
    return int(next(part.split("/", 1)[0] for part in page.split("/businesses/")[1:]
                    if part[0].isdigit()))  # fmt: skip


def test_a_new_business_is_entered_at_once(owner: Visitor) -> None:
    owner.send("/businesses/new", "/businesses/new", **FIELDS)
    page = owner.get("/profile").text
    assert "Café Süd" in page
    assert "Harbour Books" not in owner.get("/clients").text


def test_a_business_founded_twice_by_one_form_is_one(owner: Visitor) -> None:
    values = {**owner.hidden("/businesses/new"), **FIELDS}
    owner.send("/businesses/new", **values)
    owner.send(f"/businesses/{owner.business_id}/switch", "/businesses")
    owner.send("/businesses/new", **values)
    owner.send(f"/businesses/{owner.business_id}/switch", "/businesses")
    assert owner.get("/businesses/menu").text.count("/switch") == 1


def test_what_is_missing_is_named(owner: Visitor) -> None:
    answer = owner.send("/businesses/new", "/businesses/new", **{**FIELDS, "business_name": ""})
    assert answer.status_code == 422
    assert 'id="business_name-error"' in answer.text
    wrong = owner.send("/businesses/new", "/businesses/new", **{**FIELDS, "time_zone": "Moon/Sea"})
    assert wrong.status_code == 422
    assert 'id="time_zone-error"' in wrong.text


def test_the_menu_leads_from_one_to_the_other(owner: Visitor, second: int) -> None:
    menu = owner.get("/businesses/menu").text
    assert "Café Süd" in menu
    assert "Atelier" not in menu
    assert owner.send(f"/businesses/{second}/switch", "/").location == "/"
    assert "Harbour Books" not in owner.get("/clients").text
    assert "Atelier" in owner.get("/businesses/menu").text


def test_nobody_enters_a_business_without_a_seat(
    app: Flask, owner: Visitor, viewer: Visitor
) -> None:
    elsewhere = viewer.get("/businesses/menu").text.split("/businesses/")[1].split("/")[0]
    assert owner.send(f"/businesses/{elsewhere}/switch", "/profile").status_code == 404
    assert "Harbour Books" in owner.get("/clients").text
    stranger = Visitor(app.test_client())
    answer = stranger.send(f"/businesses/{owner.business_id}/switch", "/sign-in")
    assert answer.location.startswith("/sign-in")


def test_a_form_of_the_former_business_is_refused_and_writes_nowhere(
    app: Flask, owner: Visitor, second: int
) -> None:
    left_open = owner.hidden("/clients/new")
    owner.send(f"/businesses/{second}/switch", "/profile")
    answer = owner.send("/clients/new", **left_open, name="Wrong Books")
    assert answer.status_code == 409
    assert "another of your businesses" in answer.text
    assert f'action="/businesses/{owner.business_id}/switch"' in answer.text
    assert "Wrong Books" not in names(app, second)
    assert "Wrong Books" not in names(app, owner.business_id)
    owner.send(f"/businesses/{owner.business_id}/switch", "/profile")
    assert owner.send("/clients/new", **left_open, name="Right Books").status_code == 302
    assert "Right Books" in names(app, owner.business_id)


def test_parts_of_a_page_are_not_filled_from_another_business(owner: Visitor, second: int) -> None:
    secret = owner.hidden("/clients/new")["form_secret"]
    headers = {"HX-Request": "true", "X-Form-Secret": secret}
    assert owner.get("/businesses/menu", headers=headers).status_code == 200
    owner.send(f"/businesses/{second}/switch", "/profile")
    answer = owner.get("/businesses/menu", headers=headers)
    assert answer.status_code == 409
    assert answer.headers["X-Other-Business"] == "1"
    assert answer.mimetype == "text/plain"


def test_a_page_left_open_still_leads_back(owner: Visitor, second: int) -> None:
    left_open = owner.hidden("/profile")
    owner.send(f"/businesses/{second}/switch", "/profile")
    answer = owner.send(f"/businesses/{owner.business_id}/switch", **left_open)
    assert answer.location == "/"
    assert "Harbour Books" in owner.get("/clients").text
    assert owner.send("/sign-out", **left_open).location == "/sign-in"


def test_the_business_in_a_forms_secret_cannot_be_changed(owner: Visitor, second: int) -> None:
    secret = owner.hidden("/clients/new")["form_secret"]
    forged = f"{second}.{secret.partition('.')[2]}"
    answer = owner.send("/clients/new", form_secret=forged, name="Planted")
    assert answer.status_code == 403
