"""What was stored in English is told in the reader's language; what others said stays theirs."""

import pytest
from flask import Flask
from flask_babel import force_locale

from invoicer_core.domain.saying import say, together
from invoicer_core.services import businesses, webhooks
from invoicer_core.web.audit_words import actor_word
from invoicer_core.web.retold import retold
from tests.factories import BY
from tests.integration.web.conftest import Visitor


@pytest.mark.parametrize(
    ("stored", "german"),
    [
        (say("Nobody listens at this address."), "Unter dieser Adresse hört niemand zu."),
        (
            say("It answered %(status)s: redirects are not followed.", status=301),
            "Die Gegenstelle antwortete mit 301: Weiterleitungen wird nicht gefolgt.",
        ),
        (
            say("It answered %(status)s.", status=503),
            "Die Gegenstelle antwortete mit 503.",
        ),
        (
            f"RetryLater: {say('The SMTP server cannot be reached: %(error)s', error='[Errno 9]')}",
            "Der SMTP-Server ist nicht zu erreichen: [Errno 9]",
        ),
        (
            "failed 5 times in a row; the last time: on_invoice_issued: the process died while it"
            " ran",
            "5-mal hintereinander gescheitert; zuletzt: on_invoice_issued: Der Prozess starb,"
            " während es lief",
        ),
        (
            f"paused: {say('paused by %(name)s', name='anna@example.com')}",
            "angehalten: angehalten von anna@example.com",
        ),
        (
            "3 clients are added. 1 row was left out: the client is there already.",
            "3 Kunden sind hinzugefügt. 1 Zeile blieb weg: Der Kunde ist schon da.",
        ),
        (
            together(say("The webhook was deleted."), say("It answered %(status)s.", status=410)),
            "Der Webhook wurde gelöscht. Die Gegenstelle antwortete mit 410.",
        ),
    ],
)
def test_our_sentences_are_told_in_german(app: Flask, stored: str, german: str) -> None:
    with app.test_request_context(), force_locale("de"):
        assert retold(str(stored)) == german
        assert retold(str.__str__(stored)) == german
    with app.test_request_context(), force_locale("en"):
        assert retold(str(stored)) == str(stored).removeprefix("RetryLater: ")


@pytest.mark.parametrize(
    "words",
    [
        "550 5.1.1 mailbox unavailable",
        "KeyError: 'total'",
        "It was answered politely",
        "%(status)s",
        "",
    ],
)
def test_words_of_others_stay_theirs(app: Flask, words: str) -> None:
    with app.test_request_context(), force_locale("de"):
        assert retold(words) == words
        assert retold(None) == ""


def test_whoever_acted_is_named_for_people(app: Flask) -> None:
    with app.test_request_context(), force_locale("de"):
        assert actor_word("system") == "Das System"
        assert actor_word("plugin:stock_keeping") == "Das Plugin Lagerhaltung"
        assert "plugin:" not in actor_word("plugin:gone")
        assert actor_word("anna@example.com") == "anna@example.com"


def test_a_failed_webhook_says_why_in_the_readers_language(app: Flask, owner: Visitor) -> None:
    with app.app_context(), businesses.enter_business(owner.business_id):
        made, _ = webhooks.create(
            fields={"url": "https://hooks.example.com/in", "events": ["invoice.created"]}, by=BY
        )
    owner.send("/invoices/new", client=owner.client_id, currency="EUR", item__description="Work",
               item__quantity="1", item__price="5", item__tax="none")  # fmt: skip
    with app.app_context(), businesses.enter_business(owner.business_id):
        webhooks.switch(endpoint_id=made.id, on=False, by=BY)
    for language, words in (
        ("de", "Aufgehoben, solange der Webhook ausgeschaltet war."),
        ("fr", "Conservé pendant que le webhook était désactivé."),
        ("es", "Conservado mientras el webhook estaba desactivado."),
        ("en", "Kept while the webhook was switched off."),
    ):
        assert words in owner.get("/settings/jobs", headers={"Accept-Language": language}).text


def test_a_plugins_form_refuses_in_the_readers_language(owner: Visitor) -> None:
    page = "/settings/plugins/email"
    owner.http.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    refused = owner.send(
        f"{page}/settings", page, **{"set-from_address": "x" * 300, "version": "0"}
    )
    assert refused.status_code == 422
    assert "Höchstens 254 Zeichen." in refused.text or "Höchstens 200 Zeichen." in refused.text


def test_plugins_are_called_and_described_in_german(owner: Visitor) -> None:
    owner.http.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    page = owner.get("/settings/plugins").text
    for words in (
        "Lagerhaltung",
        "PDF-Dokumente",
        "Zahlungen von Hand",
        "Werkzeuge für Assistenten",
    ):
        assert words in page
    assert "Stock keeping" not in page
    one = owner.get("/settings/plugins/stock_keeping").text
    assert "Lagerhaltung" in one
    assert "Stock keeping" not in one
    assert "Dokumente auf diesem Rechner" in owner.get("/settings/storage").text
