"""The story of a late payer: seen as overdue, reminded, paying in two parts; a second browser
follows all of it without being touched."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import text

from invoicer_core.domain.document import Document, Item
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.models import db
from invoicer_core.services import businesses, clients, invoices
from invoicer_core.services.identity import sessions
from tests.e2e.conftest import PASSWORD, Owner
from tests.factories import BY

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

LATE = 12


@pytest.fixture
def overdue(app: Flask, owner: Owner) -> str:
    """The number of an invoice over 300.00 that is due since twelve days."""
    with app.app_context():
        who = sessions.sign_in(email=owner.email, password=PASSWORD, kind="web").identity
        assert who.business_id is not None
        with businesses.enter_business(who.business_id):
            client = clients.create(
                fields={"name": "Harbour Books", "email": "accounts@harbour.test"}, by=BY
            )
            issued = datetime.now(UTC).date() - timedelta(days=LATE + 14)
            draft = InvoiceDraft(
                document=Document("EUR", (Item("Brand workshop", Decimal(1), Decimal(300)),)),
                client_id=client.id,
                issue_date=issued,
                due_date=issued + timedelta(days=14),
            )
            found = invoices.create(draft=draft, by=BY, issue=True)
            today = db.session.scalar(text("SELECT (now() AT TIME ZONE 'Europe/Berlin')::date"))
            assert found.due_date is not None
            invoices.update_details(
                invoice_id=found.id, changes={"due_date": today - timedelta(days=LATE)}, by=BY
            )
            return found.invoice_number


def pay(page: Page, amount: str) -> None:
    """Record a payment from the client's page."""
    page.get_by_role("link", name="Harbour Books").first.click()
    page.get_by_role("link", name="Record payment").click()
    page.get_by_label("Amount in EUR").fill(amount)
    expect(page.locator(".open-part input")).not_to_have_value("")
    page.get_by_role("button", name="Record payment").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Payment of")


def test_a_late_payer_is_reminded_and_pays_in_two_parts(signed_in: Page, overdue: str) -> None:
    page = signed_in
    late = f"Overdue {LATE} days"
    page.goto("/")
    past_due = page.get_by_role("region", name="Past due")
    expect(past_due).to_contain_text(overdue)
    expect(past_due).to_contain_text(f"{LATE} days late")
    page.goto("/invoices?status=overdue")
    row = page.get_by_role("row", name=re.compile(overdue))
    expect(row).to_contain_text(late)
    expect(row).to_contain_text("€300.00")
    page.goto("/clients?show=overdue")
    expect(page.get_by_role("row", name=re.compile("Harbour Books"))).to_contain_text("12 days")

    watching = page.context.new_page()
    watching.goto("/invoices")
    watching.get_by_role("link", name=overdue).first.click()
    expect(watching.locator("#pill")).to_contain_text(late)
    expect(watching.locator(".live-desk [data-live-state=on]")).to_be_attached()
    address = watching.url

    page.goto(address)
    page.get_by_role("button", name=re.compile("^Send")).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("To", exact=True)).to_have_value("accounts@harbour.test")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("On its way to accounts@harbour.test.")).to_be_visible()

    pay(page, "100")
    expect(page.locator("#detail")).to_contain_text(overdue)
    expect(watching.locator("#detail")).to_contain_text("€200.00")
    expect(watching.locator("#pill")).to_contain_text(late)

    pay(page, "250")
    expect(page.get_by_role("heading", name="€50.00 not used yet")).to_be_visible()
    expect(watching.locator("#pill")).to_have_text("Paid")
    assert watching.url == address

    page.goto("/clients?show=overdue")
    expect(page.get_by_text("Nothing is open here")).to_be_visible()
