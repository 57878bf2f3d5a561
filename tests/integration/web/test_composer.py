"""The composer: words, address, consent and price of a message, before it goes over any channel."""

import pytest
from flask import Flask

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.domain.actor import SYSTEM
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.models import db
from invoicer_core.models.documents import Message
from invoicer_core.services import businesses, clients, messages, templates
from invoicer_core.services.messages import consents
from tests.factories import BY
from tests.integration.services.conversations import PHONE, Birds, Loft
from tests.integration.web.conftest import Visitor
from tests.integration.web.test_plugin_health import owner_of

NEW = "/messages/new"


@pytest.fixture(scope="module")
def birds(config: Config) -> Flask:
    """An application with the birds."""
    return create_app(config, plugins=[Birds])


@pytest.fixture
def writer(birds: Flask) -> Visitor:
    """An owner whose client has an address on every channel."""
    visitor = owner_of(birds)
    with birds.app_context(), businesses.enter_business(visitor.business_id):
        fields = {"name": "Harbour Books", "email": "in@harbour.test", "phone": PHONE}
        visitor.client_id = clients.create(fields=fields, by=BY).id
    return visitor


@pytest.fixture
def invoice(birds: Flask, writer: Visitor) -> InvoiceSnapshot:
    """An issued invoice of that client."""
    with birds.app_context(), businesses.enter_business(writer.business_id):
        return Loft(birds, writer.business_id, writer.client_id).issue()


def kept(birds: Flask, writer: Visitor) -> list[Message]:
    """All messages to the client, oldest first."""
    with birds.app_context(), businesses.enter_business(writer.business_id):
        found = db.session.query(Message).filter_by(client_id=writer.client_id)
        rows = list(found.order_by(Message.id))
        db.session.expunge_all()
        return rows


def said_no(birds: Flask, writer: Visitor, channel: str, address: str) -> None:
    with birds.app_context(), businesses.enter_business(writer.business_id):
        consents.withdraw(channel=channel, address=address, how="STOP", by=BY)


def test_first_one_chooses_to_whom(writer: Visitor) -> None:
    page = writer.get(NEW).text
    assert "To whom?" in page
    assert f"client_id={writer.client_id}" in page
    assert "Nothing found" in writer.get(f"{NEW}?q=nobody").text


def test_every_channel_says_its_address_and_consent(birds: Flask, writer: Visitor) -> None:
    said_no(birds, writer, "pigeon", PHONE)
    page = writer.get(f"{NEW}?client_id={writer.client_id}").text
    assert "E-mail: in@harbour.test" in page
    assert "Pigeon (no consent)" in page
    assert "Owl: +43 660 1234567" in page or "Owl (no consent)" in page
    part = writer.get(f"{NEW}/words?client_id={writer.client_id}&channel=pigeon").text
    assert "does not want messages over Pigeon" in part
    assert 'name="subject"' not in part


def test_words_follow_channel_template_and_language(
    writer: Visitor, invoice: InvoiceSnapshot
) -> None:
    base = f"{NEW}/words?client_id={writer.client_id}&invoice_id={invoice.id}"
    long = writer.get(f"{base}&channel=email&kind=reminder&language=fr").text
    assert "Rappel" in long or "facture" in long
    assert "[link]" in long
    assert 'name="subject"' in long
    short = writer.get(f"{base}&channel=pigeon&kind=invoice&language=de").text
    assert f"Rechnung {invoice.invoice_number}" in short
    assert "/i/" in short
    assert writer.get(f"{base}&channel=raven").status_code == 404


def test_preview_and_price_are_shown_and_nothing_is_kept(
    birds: Flask, writer: Visitor, invoice: InvoiceSnapshot
) -> None:
    fields = {
        "client_id": str(writer.client_id), "invoice_id": str(invoice.id), "kind": "note",
        "channel": "pigeon", "recipient": PHONE, "text": "x" * 81 + " <script>{{ 7*7 }}",
    }  # fmt: skip
    page = writer.send("/messages/check", NEW, **fields)
    assert page.status_code == 200
    assert "3 parts" in page.text
    assert "0.15" in page.text
    assert "By air" in page.text
    assert "&lt;script&gt;{{ 7*7 }}" in page.text
    mail = {**fields, "channel": "email", "subject": "Hi", "text": "See:\n\n[summary]\n\n[link]"}
    page = writer.send("/messages/check", NEW, **mail)
    assert invoice.invoice_number in page.text
    assert "[link]" not in page.text
    assert kept(birds, writer) == []


def test_a_message_goes_over_the_channel_that_was_chosen(birds: Flask, writer: Visitor) -> None:
    given = {"client_id": str(writer.client_id), "recipient": PHONE, "text": "Hello!"}
    answer = writer.send(NEW, f"{NEW}?client_id={writer.client_id}", channel="pigeon", **given)
    assert answer.status_code == 302
    (row,) = kept(birds, writer)
    assert (row.channel, row.recipient, row.text, row.html) == ("pigeon", PHONE, "Hello!", None)
    assert (row.kind, row.client_id, row.automatic) == ("note", writer.client_id, False)
    page = writer.get(str(answer.location))
    assert "On its way to" in page.text


@pytest.mark.parametrize(
    ("wrong", "status", "words"),
    [
        ({"text": ""}, 422, "Please fill this in."),
        ({"recipient": ""}, 422, "Please fill this in."),
        ({"channel": "email", "recipient": "no address"}, 422, "not an e-mail address"),
        ({"channel": "email", "recipient": "a@b.test", "subject": ""}, 422, "what it is about"),
        ({"text": "x" * 10_001}, 422, "At most 10000"),
        ({"channel": "raven"}, 404, "raven"),
        ({"files": "999"}, 422, "Only files"),
        ({"text": "a\x00b"}, 422, "cannot be printed"),
    ],
)
def test_what_cannot_be_sent_is_shown_again(
    birds: Flask, writer: Visitor, wrong: dict[str, str], status: int, words: str
) -> None:
    page = f"{NEW}?client_id={writer.client_id}"
    given = {"client_id": str(writer.client_id), "channel": "pigeon", "recipient": PHONE,
             "text": "My words", **wrong}  # fmt: skip
    answer = writer.send(NEW, page, **given)
    assert answer.status_code == status
    assert words in answer.text
    assert kept(birds, writer) == []


def test_without_consent_nothing_is_sent_and_the_page_says_why(
    birds: Flask, writer: Visitor
) -> None:
    said_no(birds, writer, "pigeon", PHONE)
    given = {"client_id": str(writer.client_id), "recipient": "0043 660 1234567", "text": "Hello!"}
    answer = writer.send(NEW, f"{NEW}?client_id={writer.client_id}", channel="pigeon", **given)
    assert answer.status_code == 422
    assert "does not want messages over Pigeon" in answer.text
    assert kept(birds, writer) == []


def test_the_invoices_dialog_sends_the_words_as_they_were_changed(
    birds: Flask, writer: Visitor, invoice: InvoiceSnapshot
) -> None:
    page = f"/invoices/{invoice.id}"
    assert "[summary]" in writer.get(page).text
    given = {"channel": "email", "recipient": "in@harbour.test", "subject": "Yours",
             "text": "My own words.\n\n[link]", "language": "de"}  # fmt: skip
    answer = writer.send(f"{page}/send", page, **given)
    assert answer.status_code == 302
    (row,) = kept(birds, writer)
    assert row.subject == "Yours"
    assert "My own words." in (row.text or "")
    assert "Rechnung ansehen: http" in (row.text or "")
    assert 'lang="de"' in (row.html or "")
    assert row.attachments == [{"invoice": invoice.id}]


def test_an_answer_is_shown_until_it_is_read(birds: Flask, writer: Visitor) -> None:
    hostile = "<script>alert(1)</script> {{ 7*7 }}"
    with birds.app_context(), businesses.enter_business(writer.business_id):
        came = messages.receive(
            channel="pigeon", sender=PHONE, text=hostile, provider_ref="1", by=SYSTEM
        )
    assert came is not None
    listed = writer.get("/messages?status=unread").text
    assert "New answers (1)" in listed
    assert "&lt;script&gt;" in listed
    assert "<script>alert" not in listed
    path = f"/messages/{came.id}"
    assert "Answer of Harbour Books" in writer.get(path).text
    assert "New answers (1)" in writer.get("/messages").text, "looking by GET changes nothing"
    assert writer.send(f"{path}/read", path).status_code == 204
    assert "New answers (" not in writer.get("/messages").text
    assert writer.send(f"{path}/retry", path).status_code == 409


def test_texts_are_changed_looked_at_and_put_back(birds: Flask, writer: Visitor) -> None:
    path = "/settings/texts/reminder/short/en"
    assert ", your own words" not in writer.get("/settings/texts").text
    refused = writer.send(path, path, text="Pay {{ nwo }}", version="0")
    assert refused.status_code == 422
    assert "There is no {{ nwo }}" in refused.text
    assert "Pay {{ nwo }}" in refused.text
    shown = writer.send(f"{path}/preview", path, text="Pay {{ number }} <b>now</b>")
    assert "Pay INV-2026-0042 &lt;b&gt;now&lt;/b&gt;" in shown.text
    assert writer.send(f"{path}/preview", path, text="{% x %}").status_code == 422
    assert writer.send(path, path, text="Pay {{ number }}", version="0").status_code == 302
    assert ", your own words" in writer.get("/settings/texts").text
    assert "Back to the default" in writer.get(path).text
    assert writer.send(f"{path}/reset", path).status_code == 302
    with birds.app_context(), businesses.enter_business(writer.business_id):
        assert templates.get(kind="reminder", form="short", language="en").is_default
    for odd in ("evil/short/en", "reminder/evil/en", "reminder/short/xx"):
        assert writer.get(f"/settings/texts/{odd}").status_code == 404


def test_order_quiet_hours_and_carriers_are_settings(birds: Flask, writer: Visitor) -> None:
    path = "/settings/notifications"
    assert "Courier" in writer.get(path).text
    given = {"order__1": "pigeon", "order__2": "email", "quiet_from": "22:00", "quiet_until": "",
             "fallback_hours": "2", "carrier__email": "courier"}  # fmt: skip
    assert writer.send("/settings/channels", path, **given).status_code == 302
    with birds.app_context(), businesses.enter_business(writer.business_id):
        settings = businesses.current().settings
    assert settings["channel_order"] == ["pigeon", "email"]
    assert (settings["quiet_from"], settings["quiet_until"]) == ("22:00", "off")
    assert settings["carriers"] == {"email": "courier"}
    assert settings["fallback_hours"] == 2
    wrong = writer.send("/settings/channels", path, quiet_from="25:00", fallback_hours="900")
    assert wrong.status_code == 422


def test_a_client_has_an_order_of_its_own(birds: Flask, writer: Visitor) -> None:
    path = f"/clients/{writer.client_id}/edit"
    page = writer.get(path).text
    assert "How to reach them" in page
    given = {"name": "Harbour Books", "channel__1": "pigeon", "channel__2": "email", "version": "1",
             "email": "in@harbour.test", "phone": PHONE}  # fmt: skip
    assert writer.send(path, path, **given).status_code == 302
    with birds.app_context(), businesses.enter_business(writer.business_id):
        assert clients.get(client_id=writer.client_id).channels == ("pigeon", "email")
