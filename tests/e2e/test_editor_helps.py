"""The editor helps: the client's currency, saved texts, and a difference that is chosen."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from invoicer_core.domain.actor import Actor
from invoicer_core.services import businesses, clients, saved_texts
from invoicer_core.services.identity import sessions
from tests.e2e.conftest import Owner, Watch

pytestmark = [pytest.mark.browser]

BY = Actor("user", user_id=1, role="owner", label="other@team.test")
Do = Callable[..., Any]


@pytest.fixture
def do(app: Flask, owner: Owner) -> Do:
    """Call a service in the owner's business."""
    with app.app_context():
        signed = sessions.sign_in(email=owner.email, password=owner.password, kind="web")
        business_id = signed.identity.business_id
    assert business_id is not None

    def call(service: Callable[..., Any], **values: Any) -> Any:
        with app.app_context(), businesses.enter_business(business_id):
            return service(by=BY, **values)

    return call


@pytest.mark.parametrize("path", ["/invoices/new", "/orders/new"])
def test_the_clients_currency_counts_until_somebody_chooses_one(
    signed_in: Page, do: Do, path: str
) -> None:
    for name, currency in (("Alpine Ltd", "CHF"), ("Thames Ltd", "GBP")):
        do(clients.create, fields={"name": name, "currency": currency})
    page = signed_in
    page.goto(path)
    currency = page.get_by_label("Currency")
    pick(page, "Alpine")
    expect(currency).to_have_value("CHF")
    page.get_by_role("button", name="Change", exact=True).click()
    pick(page, "Thames")
    expect(currency).to_have_value("GBP")
    currency.select_option("USD")
    page.get_by_role("button", name="Change", exact=True).click()
    pick(page, "Alpine")
    expect(page.get_by_text("Alpine Ltd")).to_be_visible()
    expect(currency).to_have_value("USD")


def pick(page: Page, name: str) -> None:
    page.locator("#client_search").press_sequentially(name)
    page.get_by_role("button", name=name).first.click()


def test_a_saved_text_is_put_behind_what_stands_there(signed_in: Page, do: Do) -> None:
    fields = {"kind": "notes", "name": "Thanks", "body": "Thank you."}
    do(saved_texts.create, fields=fields)
    page = signed_in
    page.goto("/invoices/new")
    notes = page.get_by_label("Text on the invoice")
    notes.fill("Hello.")
    page.locator("#pick-notes").select_option(label="Thanks")
    expect(notes).to_have_value("Hello.\nThank you.")
    expect(page.locator("#pick-notes")).to_have_value("")
    expect(notes).to_be_focused()


def test_two_people_change_one_client(signed_in: Page, do: Do, watch: Watch) -> None:
    watch.expect("status of 409")
    made = do(clients.create, fields={"name": "Harbour Books", "city": "Graz"})
    page = signed_in
    page.goto(f"/clients/{made.id}/edit")
    page.get_by_label("Phone").fill("+43 1 5550100")
    page.get_by_label("City").fill("Linz")
    do(clients.update, client_id=made.id, fields={"city": "Wien", "notes": "Rings twice."})
    page.get_by_role("button", name="Save").click()
    shown = page.get_by_role("alert").filter(has_text="Somebody else changed this client")
    expect(shown).to_be_visible()
    city = shown.get_by_role("group", name="City")
    expect(city.get_by_label("Yours")).to_be_checked()
    expect(shown.get_by_role("group", name="Notes").get_by_label("Theirs")).to_be_checked()
    city.get_by_label("Theirs").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    found = do(lambda by, client_id: clients.get(client_id=client_id), client_id=made.id)
    assert (found.city, found.notes, found.phone) == ("Wien", "Rings twice.", "+43 1 5550100")
