"""What a page says is in one language: the reader's; and a word that is two things in another
language is two texts in ours."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from invoicer_core.services import clients, series, templates
from tests.factories import BY
from tests.integration.web.conftest import Visitor
from tests.integration.web.scenes import make_shop
from tests.integration.web.test_pages import ITEM, issued


def _reads(owner: Visitor, language: str) -> None:
    assert owner.send("/profile", "/profile", name="", locale=language).status_code == 302


@pytest.mark.parametrize(
    ("language", "written"), [("en", "5 Mar 2026"), ("de", "05.03.2026"), ("fr", "5 mars 2026")]
)
def test_days_are_in_the_language_of_the_page(owner: Visitor, language: str, written: str) -> None:
    made = owner.send(
        "/invoices/new", client=owner.client_id, currency="EUR", then="issue",
        issue_date="2026-03-05", **ITEM,
    )  # fmt: skip
    _reads(owner, language)
    page = owner.get(str(made.location)).text
    assert f"<dd>{written}</dd>" in page
    assert "250,00" in page, "amounts are written as the business writes them"


@pytest.mark.parametrize(
    ("language", "words"),
    [("de", "Rechnung stornieren"), ("fr", "Annuler la facture"), ("es", "Anular factura")],
)
def test_what_voids_an_invoice_is_no_state(owner: Visitor, language: str, words: str) -> None:
    path = issued(owner)
    _reads(owner, language)
    menu = owner.get(path).text.partition('data-dialog="void"')[2]
    assert f"{words}</button>" in menu[:400]


def test_a_series_is_named_in_the_readers_language_until_somebody_names_it(
    owner: Visitor, do: Callable[..., Any]
) -> None:
    issued(owner)
    _reads(owner, "de")
    assert '<th scope="row" class="whole">Rechnungen</th>' in owner.get("/reports/numbers").text
    assert "<strong>Rechnungen " in owner.get("/settings/numbering").text
    (own,) = [each for each in do(series.find).items if each.document_type == "invoice"]
    do(series.update, series_id=own.id, fields={"name": "Workshop"}, by=BY)
    assert '<th scope="row" class="whole">Workshop</th>' in owner.get("/reports/numbers").text
    assert "<strong>Workshop " in owner.get("/settings/numbering").text


def test_a_language_that_is_not_offered_is_shown_in_words(
    owner: Visitor, do: Callable[..., Any]
) -> None:
    do(clients.update, client_id=owner.client_id, fields={"locale": "fr-FR"}, by=BY)
    page = owner.get(f"/clients/{owner.client_id}/edit").text
    assert '<option value="fr-FR" selected>French (France)</option>' in page


def test_a_preview_of_words_reads_as_its_client_reads_it(do: Callable[..., Any]) -> None:
    words = do(
        templates.preview, kind="reminder", form="short", language="de", subject=None,
        text="{{ due }}: {{ balance }}",
    )  # fmt: skip
    assert words.text.replace("\xa0", " ") == "15. Dezember 2026: 200,00 €"


@pytest.mark.parametrize("path", ["/i/no-such-token", "/portal/enter/no-such-token"])
def test_a_client_with_a_broken_link_is_not_sent_to_our_lists(app: Flask, path: str) -> None:
    answer = app.test_client().get(path)
    assert answer.status_code == 404
    assert "Look in the lists" not in answer.text
    assert "To the start page" not in answer.text


def test_amounts_do_not_run_from_the_right_among_words_from_the_left(app: Flask) -> None:
    shop = make_shop(app, locale="he-IL", name="ספרי הנמל")
    page = app.test_client().get(shop.link(shop.issue())).text
    assert "€119.00" in page
    assert "\u200f" not in page
