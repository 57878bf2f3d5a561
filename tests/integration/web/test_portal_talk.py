"""What clients and the business tell each other about the client's pages: messages, and an end."""

from decimal import Decimal

import pytest
from flask import Flask

from invoicer_core.services import businesses, clients, payments
from invoicer_core.services.portal import visitors
from tests.e2e import portal_rows
from tests.integration.web.conftest import Visitor
from tests.integration.web.scenes import BY, SAME, Shop, make_shop, words
from tests.integration.web.test_portal import ENGLISH, enter, reader, shop

__all__ = ["reader", "shop"]


def test_a_client_asks_for_a_change(shop: Shop, reader: Visitor) -> None:
    enter(reader, shop)
    empty = reader.send("/portal/details", "/portal/details", text="  ")
    assert empty.status_code == 422
    long = reader.send("/portal/details", "/portal/details", text="x" * 2001)
    assert long.status_code == 422
    assert "x" * 2001 in long.text
    asked = reader.send("/portal/details", "/portal/details", text="We moved:\n<b>Quay 7</b>")
    assert asked.status_code == 303
    ((recipient, said),) = shop.mails("client_request")
    assert recipient == "hello@atelier.test"
    assert "We moved:\n<b>Quay 7</b>" in said
    assert shop.email in said
    shown = words(reader.get("/portal/details", headers=ENGLISH))
    assert f"Sent. Atelier Nordlicht answers to {shop.email}." in shown


def test_a_form_without_its_secret_is_refused(shop: Shop, reader: Visitor) -> None:
    enter(reader, shop)
    answer = reader.http.post("/portal/details", data={"text": "hello"}, headers=SAME)
    assert answer.status_code == 403
    assert shop.mails("client_request") == []


def test_the_statement_names_a_wrong_period(shop: Shop, reader: Visitor) -> None:
    enter(reader, shop)
    for period in ("start=2026-05-01&end=2026-04-01", "start=x", "end=2026-13-01"):
        page = reader.get(f"/portal/statement?{period}")
        assert page.status_code == 422, period
        assert 'aria-invalid="true"' in page.text
        assert reader.get(f"/portal/statement/pdf?{period}").status_code in (302, 422)


# --- the business's side -------------------------------------------------------------------------


def test_the_business_sees_who_is_in_and_can_end_it(
    app: Flask, owner: Visitor, viewer: Visitor, reader: Visitor
) -> None:
    with app.app_context(), businesses.enter_business(owner.business_id):
        clients.update(client_id=owner.client_id, fields={"email": "ines@harbour.test"}, by=BY)
    shop = Shop(app, owner.business_id, owner.client_id, "ines@harbour.test")
    enter(reader, shop)
    path = f"/clients/{owner.client_id}/portal"
    page = owner.get(path)
    assert words(page).count("ines@harbour.test") == 2
    seen = viewer.get(path)
    assert seen.status_code == 200
    assert "/portal/close" not in seen.text
    assert viewer.send(f"{path}/close", path).status_code == 403
    assert reader.get("/portal/").status_code == 200
    assert owner.send(f"{path}/close", path).status_code == 303
    assert reader.get("/portal/").status_code == 401
    assert "In no browser" in words(owner.get(path))


def test_clients_of_others_are_not_there(app: Flask, owner: Visitor) -> None:
    other = make_shop(app)
    for client_id in (other.client_id, 999_999_999):
        assert owner.get(f"/clients/{client_id}/portal").status_code == 404
        assert owner.send(f"/clients/{client_id}/portal/close", "/clients").status_code == 404


def test_erasing_a_client_ends_its_sessions(shop: Shop, reader: Visitor) -> None:
    enter(reader, shop)
    with shop.app.app_context(), businesses.enter_business(shop.business_id):
        visitors.forget(client_id=shop.client_id)
        assert visitors.find(client_id=shop.client_id) == ()


# --- a payment whose end nobody told -------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "status", "open_"), [("yes", "succeeded", "0.00"), ("no", "failed", "119.00")]
)
def test_a_person_decides_what_became_of_a_payment(
    app: Flask, owner: Visitor, viewer: Visitor, said: str, status: str, open_: str
) -> None:
    shop = Shop(app, owner.business_id, owner.client_id, "")
    made = shop.issue()
    with app.app_context(), businesses.enter_business(owner.business_id):
        attempt = portal_rows.begun_payment(made, made.balance_due)
        found = payments.attempt(invoice_id=made.id, public_id=attempt)
    path = f"/payments/{found.payment_id}"
    assert "Has the money arrived?" in words(owner.get(path, headers=ENGLISH))
    assert viewer.get(path).status_code == 200
    assert viewer.send(f"{path}/decide", path, arrived=said).status_code == 403
    assert owner.send(f"{path}/decide", path).status_code == 303
    assert shop.read(payments.get, payment_id=found.payment_id).status == "pending"
    assert owner.send(f"{path}/decide", path, arrived=said).status_code == 303
    assert shop.read(payments.get, payment_id=found.payment_id).status == status
    assert shop.invoice(made.id).balance_due == Decimal(open_)
    assert owner.send(f"{path}/decide", path, arrived="yes").status_code == 409
    assert "/decide" not in owner.get(path).text
