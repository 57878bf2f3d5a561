"""What stands on every page: banners, and the way between the rooms."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import text

from invoicer_core.domain.actor import Actor
from invoicer_core.models import db
from invoicer_core.services import businesses, clients, webhooks
from tests.integration.web.conftest import Visitor

BY = Actor("user", user_id=1, role="owner", label="owner@team.test")


def given_up(app: Flask, owner: Visitor) -> int:
    """A webhook that was given up after failing for long."""
    with app.app_context(), businesses.enter_business(owner.business_id):
        fields = {"url": "https://hooks.example.com/<b>", "events": ["invoice.paid"]}
        made, _secret = webhooks.create(fields=fields, by=BY)
        db.session.execute(
            text("UPDATE webhook_endpoints SET state = 'failing' WHERE id = :id"), {"id": made.id}
        )
        db.session.commit()
        return made.id


def test_a_webhook_that_was_given_up_stands_on_every_page_for_who_may_mend_it(
    app: Flask, owner: Visitor, viewer: Visitor
) -> None:
    assert "given up" not in owner.get("/clients").text
    endpoint_id = given_up(app, owner)
    for path in ("/clients", "/invoices", "/profile"):
        page = owner.get(path).text
        assert "A webhook was given up: https://hooks.example.com/&lt;b&gt;" in page
        assert f'href="/settings/webhooks/{endpoint_id}"' in page
    assert "given up" not in viewer.get("/clients").text


def test_credit_notes_have_a_line_of_their_own(owner: Visitor) -> None:
    page = owner.get("/credit-notes").text
    line = page[: page.index("Credit notes</span>")].rpartition("<a ")[2]
    assert 'href="/credit-notes"' in line
    assert "aria-current=page" in line


def test_a_new_invoice_is_in_its_clients_currency(owner: Visitor, do: Callable[..., Any]) -> None:
    made = do(clients.create, fields={"name": "Alpine", "currency": "CHF"}, by=BY)
    for path in ("/invoices/new", "/orders/new"):
        page = owner.get(f"{path}?client_id={made.id}").text
        assert '<option value="CHF" selected>' in page
        assert 'data-currency="CHF"' in page
