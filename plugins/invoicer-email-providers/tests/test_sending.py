"""Mails over both providers, as they arrive there; and what goes wrong on the way."""

import base64
import logging
import os
from decimal import Decimal
from email import message_from_bytes, policy
from pathlib import Path
from socket import create_server

import pytest
from invoicer_email_providers import letters, sendgrid_way, ses_way

from invoicer_core.domain.document import Document, Item
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.models.tenancy import enter_business
from invoicer_core.plugin import Attachment, OutgoingMessage
from invoicer_core.services import businesses, invoices
from invoicer_core.services.messages import notifications
from tests.factories import BY
from tests.peers.aws import SECRET_KEY
from tests.peers.sendgrid import API_KEY, Specification, problem
from tests.peers.ses import event

BOTH = ("sendgrid", "ses")


def invoice(desk):
    document = Document("EUR", (Item("Work", Decimal(3), Decimal(100)),))
    draft = InvoiceDraft(document=document, client_id=desk.client_id)
    return desk.do(invoices.create, draft=draft, by=BY, issue=True)


def arrived(desk, amazon):
    """The newest mail that SES took, parsed."""
    raw = amazon.aws.inside("ses", "RawMessage")[-1]["raw_data"]
    try:
        raw = base64.b64decode(raw, validate=True)
    except ValueError:
        raw = raw.encode()
    return message_from_bytes(raw, policy=policy.default)


def carry(desk, name):
    """The business chooses what carries e-mail."""
    desk.do(businesses.update, fields={"settings": {"carriers": {"email": name}}}, by=BY)


def test_an_invoice_goes_over_sendgrid_with_its_pdf(desk, sendgrid):
    carry(desk, "sendgrid")
    sent = desk.do(notifications.send_invoice, invoice_id=invoice(desk).id, by=BY)
    assert desk.work() == []
    (mail,) = sendgrid.mails
    body = mail["body"]
    assert body["from"] == {"email": "office@mills.test", "name": "Mills & Sons"}
    (to,) = body["personalizations"][0]["to"]
    assert to["email"] == desk.address
    kinds = [each["type"] for each in body["content"]]
    assert kinds == ["text/plain", "text/html"]
    (file,) = body["attachments"]
    assert base64.b64decode(file["content"]).startswith(b"%PDF-")
    assert (file["type"], file["disposition"]) == ("application/pdf", "attachment")
    assert not body["tracking_settings"]["click_tracking"]["enable"], "it would rewrite pay links"
    found = desk.message(sent.id)
    assert (found.state, found.attempts[0].channel) == ("sent", "sendgrid")
    assert found.attempts[0].provider_ref == mail["id"]
    assert found.channel == "email"


def test_an_invoice_goes_over_ses_with_its_pdf(desk, amazon):
    carry(desk, "ses")
    made = invoice(desk)
    sent = desk.do(notifications.send_invoice, invoice_id=made.id, by=BY)
    assert desk.work() == []
    mail = arrived(desk, amazon)
    assert mail["From"] == "Mills & Sons <office@mills.test>"
    assert mail["To"].addresses[0].addr_spec == desk.address
    (pdf,) = [part for part in mail.walk() if part.get_content_type() == "application/pdf"]
    assert pdf.get_content().startswith(b"%PDF-")
    assert pdf.get_content_disposition() == "attachment"
    found = desk.message(sent.id)
    assert (found.state, found.attempts[0].channel) == ("sent", "ses")
    assert found.attempts[0].provider_ref


def test_a_business_has_a_sender_of_its_own(desk, sendgrid, amazon):
    desk.set(
        from_address="bills@mills.test", from_name='Mills, "the" Sons', reply_to="ask@mills.test"
    )
    desk.send("sendgrid")
    body = sendgrid.mails[-1]["body"]
    assert body["from"] == {"email": "bills@mills.test", "name": 'Mills, "the" Sons'}
    assert body["reply_to"] == {"email": "ask@mills.test"}
    desk.send("ses")
    mail = arrived(desk, amazon)
    assert mail["From"].addresses[0].display_name == 'Mills, "the" Sons'
    assert mail["Reply-To"] == "ask@mills.test"


def test_nothing_becomes_another_header(desk, amazon, sendgrid):
    name = "A\r\nBcc: everybody@evil.test"
    desk.set(from_name=name.replace("\r\n", " "))
    with desk.app.app_context(), enter_business(desk.business_id):
        ctx = desk.ctx()
        message = OutgoingMessage(
            message_id=7, kind="note", recipient=desk.address, text="x", subject=name,
            recipient_name=name, data={"token": "t"},
            attachments=(Attachment(filename='a"\r\nX: b.pdf', media_type="application/pdf",
                                    data=b"%PDF"),),
        )  # fmt: skip
        mail = message_from_bytes(letters.as_mime(ctx, message), policy=policy.default)
        body = letters.as_json(ctx, message)
    assert mail["Bcc"] is None
    assert mail["X"] is None
    assert mail["Subject"] == "A Bcc: everybody@evil.test"
    assert "\n" not in body["subject"] + body["attachments"][0]["filename"]
    assert problem(body) is None


@pytest.mark.parametrize("channel", BOTH)
def test_opens_are_counted_only_where_that_is_wanted(desk, sendgrid, channel):
    desk.send("sendgrid")
    desk.set(count_opens=True)
    desk.send("sendgrid")
    told = [each["body"]["tracking_settings"]["open_tracking"]["enable"] for each in sendgrid.mails]
    assert told == [False, True]


def test_a_report_is_awaited_only_where_it_can_be_heard(desk):
    """Else the next channel would be tried for want of one."""
    message = OutgoingMessage(message_id=7, kind="note", recipient=desk.address, text="x")
    for settings, state in (({}, "queued"), ({"sendgrid_event_key": " "}, "sent")):
        desk.set(**settings)
        with desk.app.app_context(), enter_business(desk.business_id):
            assert sendgrid_way.send(desk.ctx(), message).state == state


# --- what goes wrong ------------------------------------------------------------------------------


def mood(sendgrid, amazon, word):
    sendgrid.mood = amazon.mood = word


@pytest.mark.parametrize("channel", BOTH)
@pytest.mark.parametrize("word", ["slow down", "stumbles"])
def test_a_provider_that_is_busy_is_asked_again(desk, sendgrid, amazon, channel, word):
    mood(sendgrid, amazon, word)
    number = desk.write(channel)
    (later,) = desk.work()
    assert "SendGrid" in str(later) or "SES" in str(later)
    assert desk.state(number) == "queued"
    if (channel, word) == ("sendgrid", "slow down"):
        assert 1 <= later.after.total_seconds() <= 31
    mood(sendgrid, amazon, "works")
    assert desk.work() == []
    assert desk.state(number) == "sent"
    assert len(sendgrid.mails) + amazon.sent == 1


@pytest.mark.parametrize("channel", BOTH)
@pytest.mark.parametrize("word", ["waits", "hangs up", "gateway"])
def test_a_provider_that_took_it_and_says_nothing_is_not_asked_again(
    desk, sendgrid, amazon, channel, word, monkeypatch
):
    monkeypatch.setattr(sendgrid_way, "SECONDS", 0.5)
    monkeypatch.setattr(ses_way, "READ_SECONDS", 0.5)
    mood(sendgrid, amazon, word)
    number = desk.write(channel)
    assert desk.work() == []
    found = desk.message(number)
    assert found.state == "unknown"
    assert "did not" in found.error
    mood(sendgrid, amazon, "works")
    sendgrid.go_on.set()
    assert desk.work() == []
    assert len(sendgrid.mails) + amazon.sent == (0 if word == "gateway" else 1)


@pytest.mark.parametrize("channel", BOTH)
def test_what_was_unknown_is_known_by_the_first_event(desk, sendgrid, amazon, channel):
    """Our own mark went out with the mail, so that the provider's number is not needed."""
    mood(sendgrid, amazon, "hangs up")
    number = desk.write(channel)
    desk.work()
    assert desk.state(number) == "unknown"
    mark = desk.message(number).attempts[0].provider_ref
    if channel == "sendgrid":
        assert sendgrid.mails[-1]["body"]["personalizations"][0]["custom_args"] == {
            letters.MARK: mark
        }
        told = sendgrid.signed([sendgrid.event("delivered")])
    else:
        told = amazon.signed(event("Delivery", "a-number-we-never-saw", mark=mark))
    assert desk.call(channel, told) == 200
    assert desk.state(number) == "delivered"


def test_a_mail_that_sendgrid_refuses_is_over(desk, sendgrid):
    sendgrid.mood = "refuses"
    number = desk.write("sendgrid")
    assert desk.work() == []
    found = desk.message(number)
    assert found.state == "failed"
    assert "verified Sender Identity" in found.error


def test_a_mail_that_ses_refuses_is_over(desk, amazon):
    desk.set(from_address="somebody@unverified.test")
    number = desk.write("ses")
    assert desk.work() == []
    found = desk.message(number)
    assert found.state == "failed"
    assert "refuses the mail" in found.error


def test_wrong_keys_wait_until_they_are_put_right(desk, sendgrid, amazon, caplog):
    caplog.set_level(logging.DEBUG)
    desk.set(sendgrid_api_key="SG.canary-7f3a9c1e5b-of-a-key")
    number = desk.write("sendgrid")
    (later,) = desk.work()
    assert "refuses the API key" in str(later)
    assert "canary" not in str(later)
    desk.set(sendgrid_api_key=API_KEY)
    assert desk.work() == []
    assert desk.state(number) == "sent"
    amazon.mood = "paused"
    number = desk.write("ses")
    (later,) = desk.work()
    assert "Sending is paused" in str(later)
    amazon.mood = "works"
    desk.work()
    assert desk.state(number) == "sent"
    said = "\n".join(each.getMessage() for each in caplog.records)
    assert "canary-7f3a9c1e5b" not in said
    assert API_KEY not in said
    assert SECRET_KEY not in said


def test_a_business_cannot_point_the_server_at_its_own_network(desk, sendgrid):
    with create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    desk.set(sendgrid_url=address)
    number = desk.write("sendgrid")
    desk.work()
    found = desk.message(number)
    assert (found.state, len(sendgrid.mails)) == ("failed", 0)
    assert "private network" in found.error


def test_a_provider_that_is_not_there_is_tried_again(desk_to_nowhere):
    for channel in BOTH:
        number = desk_to_nowhere.write(channel)
        again = desk_to_nowhere.work()
        assert any("cannot be reached" in str(each) for each in again)
        assert desk_to_nowhere.state(number) == "queued"


def test_the_specification_refuses_what_it_should():
    """The peer's second opinion is no dummy."""
    if not os.environ.get("INVOICER_SPECS"):
        pytest.skip("INVOICER_SPECS is not set")
    assert Path(os.environ["INVOICER_SPECS"], "sendgrid-mail-v3.json").is_file()
    spec = Specification()
    headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
    assert spec.problem("/v3/mail/send", headers, b'{"from": {"email": "a@b.test"}}') is not None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"personalizations": []}, "required"),
        ({"from": {"email": "nobody"}}, "valid address"),
        ({"subject": ""}, "subject"),
        ({"content": [{"type": "text/plain", "value": ""}]}, "content"),
        ({"attachments": [{"content": "%%", "filename": "a"}]}, "base64"),
    ],
)
def test_the_peer_refuses_what_sendgrid_refuses(change, words):
    whole = {
        "personalizations": [{"to": [{"email": "a@b.test"}]}],
        "from": {"email": "c@d.test"},
        "subject": "x",
        "content": [{"type": "text/plain", "value": "x"}],
    }
    assert problem(whole) is None
    assert words in problem({**whole, **change})[0]
