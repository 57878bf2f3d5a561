"""A reader is refused in their language; an API's caller in English."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.document import Document
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.errors import InvoicerError, NotFound
from invoicer_core.domain.saying import say, together
from invoicer_core.services import businesses, clients, invoices, orders, products
from invoicer_core.services.wording import told
from tests.integration.web.conftest import PASSWORD, Visitor

BY = Actor("user", user_id=1, role="owner", label="owner@team.test")


@pytest.fixture
def german(owner: Visitor) -> Visitor:
    """The owner, who reads German."""
    owner.http.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    return owner


@pytest.fixture
def draft(app: Flask, owner: Visitor, do: Callable[..., Any]) -> int:
    """A draft without items."""
    made = do(
        invoices.create,
        by=BY,
        draft=InvoiceDraft(document=Document("EUR", ()), client_id=owner.client_id),
    )
    found: int = made.id
    return found


def test_a_client_with_an_address_that_is_taken(german: Visitor, do: Callable[..., Any]) -> None:
    do(clients.create, by=BY, fields={"name": "One", "email": "same@taken.test"})
    page = "/clients/new"
    answer = german.send(page, page, name="Two", email="same@taken.test")
    assert answer.status_code == 409
    assert "Ein anderer Kunde hat diese E-Mail-Adresse schon." in answer.text


def test_a_supplier_whose_iban_is_mistyped(german: Visitor) -> None:
    page = "/suppliers/new"
    answer = german.send(page, page, name="Two", iban="DE02 1203 0000 0000 2020 52")
    assert answer.status_code == 422
    assert "Die Prüfziffern dieser IBAN passen nicht" in answer.text


def test_a_product_whose_number_is_taken(german: Visitor, do: Callable[..., Any]) -> None:
    do(products.create, by=BY, fields={"name": "One", "sku": "A-1", "unit_price": 1})
    page = "/products/new"
    answer = german.send(page, page, name="Two", sku="A-1", unit_price="1", unit="C62")
    assert "Ein anderes Produkt hat diese Nummer schon." in answer.text


def test_an_empty_draft_that_is_to_be_issued(german: Visitor, draft: int) -> None:
    answer = german.send(f"/invoices/{draft}/issue", f"/invoices/{draft}")
    follow = german.get(answer.location) if answer.status_code == 302 else answer
    assert "Fügen Sie vor dem Ausstellen mindestens eine Position hinzu." in follow.text


def test_a_number_pattern_that_repeats(german: Visitor) -> None:
    answer = german.get("/settings/numbering/example?invoice_pattern=INV-{year}")
    assert "Das Muster braucht {seq} genau einmal." in answer.text


def test_what_is_not_there(german: Visitor) -> None:
    answer = german.get("/clients/987654")
    assert answer.status_code == 404
    assert "In diesem Unternehmen gibt es keinen Kunden mit der Nummer 987654." in answer.text


def test_a_password_that_is_too_short(german: Visitor) -> None:
    page = "/profile/password"
    answer = german.send(page, page, current=PASSWORD, password="short")
    assert "Ein Passwort hat mindestens" in answer.text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "There is no invoice with the id 7 in this business."),
        ("fr", "il n'y a aucune facture portant l'identifiant 7"),
        ("es", "no hay ninguna factura con el identificador 7"),
    ],
)
def test_other_languages(app: Flask, owner: Visitor, language: str, words: str) -> None:
    owner.http.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    assert words.replace("'", "&#39;") in owner.get("/invoices/7/edit").text or words in owner.get(
        "/invoices/7/edit"
    ).text.replace("&#39;", "'")


def test_the_api_goes_on_in_english(app: Flask, owner: Visitor, do: Callable[..., Any]) -> None:
    """What the API answers is the English text, whatever its caller's browser speaks."""
    with (
        app.test_request_context(headers={"Accept-Language": "de"}),
        businesses.enter_business(owner.business_id),
        force_locale("de"),
        pytest.raises(InvoicerError) as refused,
    ):
        clients.get(client_id=987654)
    assert refused.value.detail == "There is no client with the id 987654 in this business."
    assert told(str(refused.value)) == refused.value.detail  # no language is spoken here


def test_sentences_in_a_row_and_things_that_nobody_knows(app: Flask) -> None:
    with app.test_request_context(), force_locale("de"):
        both = together(say("The file is empty."), say("This must be above 0."))
        assert told(both) == "Die Datei ist leer. Das muss über 0 liegen."
        assert both == "The file is empty. This must be above 0."
        strange = NotFound.of("100 % hull", "%s")
        assert strange.detail == "There is no 100 % hull with the id %s in this business."
        assert "no 100 % hull mit der Nummer %s" in told(strange.detail)


def test_a_stock_that_is_not_there_says_how_much_is(
    german: Visitor, do: Callable[..., Any]
) -> None:
    made = do(products.create, by=BY, fields={"name": "Oak", "unit_price": 1, "stock_quantity": 2})
    answer = german.send(
        f"/products/{made.id}/stock", f"/products/{made.id}",
        direction="out", quantity="5", reason="test",
    )  # fmt: skip
    assert "Es sind 2 auf Lager; 5 lassen sich nicht entnehmen." in answer.text


def test_an_order_that_cannot_become_that(german: Visitor, do: Callable[..., Any]) -> None:
    line = {"product_name": "Oak", "quantity": 1, "unit_price": 1}
    made = do(orders.create, by=BY, fields={"client_id": german.client_id, "items": [line]})
    with pytest.raises(InvoicerError) as refused:
        do(orders.update, by=BY, order_id=made.id, fields={"status": "completed"})
    with german.http.application.test_request_context(), force_locale("de"):
        words = told(refused.value.detail)
    assert words == (
        "Der Auftrag ist im Stand „ausstehend“: Möglich ist danach in Arbeit oder abgesagt."
    )
