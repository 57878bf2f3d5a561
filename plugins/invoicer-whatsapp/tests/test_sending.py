"""What leaves the house: through the sending service and real sockets to the Cloud API's peer."""

import hashlib
import logging
import time
from datetime import timedelta

import pytest
from invoicer_whatsapp import check_webhook, cloud, composing

from invoicer_core.domain.errors import InvalidInput
from invoicer_core.hooks.answers import RetryLater
from invoicer_core.hooks.codec import dumps
from invoicer_core.hooks.offers import OutgoingMessage
from invoicer_core.host.guard import LIMIT
from invoicer_core.services import documents, invoices, plugins
from invoicer_core.services.messages import consents
from tests.factories import BY
from tests.peers.whatsapp_rules import Template

from .conftest import DIGITS, PHONE

SECRETS = ("EAAG-peer-token", "0f1e2d3c4b5a6978", "peer-verify-token")


def bill(shop, **more):
    """An invoice written over WhatsApp, with its PDF; the message's id."""
    invoice = shop.issue()
    words = f"Here is {invoice.invoice_number}."
    attached = ({"invoice": invoice.id},)
    given = {"kind": "invoice", "invoice_id": invoice.id, "attachments": attached, **more}
    return invoice, shop.write(words, **given)


def posted(peer):
    """What was asked to be done; the health check only reads."""
    return [asked for asked in peer.asked if asked.startswith("POST")]


def opened(shop, peer, tell, at=None):
    """The client writes, so that the window is open."""
    assert tell(peer.reply(DIGITS, text={"body": "Hello"}, at=at)).status_code == 200


def test_an_invoice_goes_out_as_a_template_with_its_pdf(shop, peer):
    invoice, message_id = bill(shop)
    message = shop.send(message_id)
    sent = peer.only()
    assert message.state in ("sent", "queued"), message.error
    assert message.attempts[-1].provider_ref == sent.id
    assert sent.to == DIGITS
    template = sent.body["template"]
    assert (template["name"], template["language"]["code"]) == ("invoice_ready", "en")
    header, body = template["components"]
    document = documents.render(invoice_id=invoice.id)
    assert header["parameters"][0]["document"]["filename"] == document.filename
    assert hashlib.sha256(sent.media.data).hexdigest() == document.sha256
    values = [each["text"] for each in body["parameters"]]
    assert values == ["Harbour Books", invoice.invoice_number, "€100.00", "March 1, 2027"]
    assert invoices.get(invoice_id=invoice.id).sent_at is not None


def test_words_and_amounts_are_in_the_templates_language(shop, peer):
    shop.set(template_invoice="rechnung de document client number amount due")
    shop.send(bill(shop)[1])
    values = peer.only().body["template"]["components"][1]["parameters"]
    assert [each["text"] for each in values[2:]] == ["100,00 €", "1. März 2027"]


def test_within_24_hours_the_text_goes_out_as_written(shop, peer, tell):
    opened(shop, peer, tell)
    message = shop.sent("Thank you!\nSee you.")
    assert message.state in ("sent", "queued"), message.error
    assert peer.only().body["text"]["body"] == "Thank you!\nSee you."


def test_within_24_hours_the_document_carries_the_text(shop, peer, tell):
    opened(shop, peer, tell)
    invoice, message_id = bill(shop)
    shop.send(message_id)
    sent = peer.only()
    assert sent.body["type"] == "document"
    assert sent.body["document"]["caption"] == f"Here is {invoice.invoice_number}."
    assert sent.media.data.startswith(b"%PDF-")


def test_a_day_later_it_is_a_template_again(shop, peer, tell):
    day = int((peer.now() - timedelta(hours=24)).timestamp())
    opened(shop, peer, tell, at=day)
    shop.send(bill(shop)[1])
    assert peer.only().body["type"] == "template"


def test_a_window_that_closes_on_the_way_ends_in_the_template(shop, peer, tell):
    opened(shop, peer, tell)
    peer.shift = timedelta(hours=25)
    message = shop.send(bill(shop)[1])
    assert message.state in ("sent", "queued"), message.error
    assert peer.only().body["type"] == "template"


def test_a_window_that_closes_on_the_way_without_template_says_what_to_do(shop, peer, tell):
    opened(shop, peer, tell)
    peer.shift = timedelta(hours=25)
    message = shop.sent("Just a word")
    assert message.state == "failed"
    assert "approved template" in message.error
    assert peer.sent == []


def test_writing_first_without_a_template_says_what_to_do(shop, peer):
    message = shop.sent("Just a word")
    assert message.state == "failed"
    assert "approved template for this kind of message (note)" in message.error
    assert posted(peer) == []


def test_a_gap_that_nothing_fits_is_said_before_anything_goes_out(shop, peer):
    shop.set(template_other="any en number")
    message = shop.sent("Just a word")
    assert message.state == "failed"
    assert "gap for number" in message.error
    assert posted(peer) == []


def test_what_the_template_says_of_the_document_is_kept_to(shop, peer):
    invoice = shop.issue()
    without = shop.sent(kind="invoice", invoice_id=invoice.id)
    assert without.state == "failed"
    assert "carries a document" in without.error
    reminder = shop.sent(
        kind="reminder", invoice_id=invoice.id, attachments=({"invoice": invoice.id},)
    )
    assert reminder.state in ("sent", "queued"), reminder.error
    assert peer.only().media is None


def test_what_was_handed_over_is_not_handed_over_again(shop, peer, tell):
    opened(shop, peer, tell)
    message = shop.sent()
    shop.send(message.id)
    assert len(peer.sent) == 1


def test_which_way_it_goes_is_shown_before(shop, peer, tell):
    def shown(kind):
        message = OutgoingMessage(message_id=0, kind=kind, recipient=PHONE, text="Hi")
        with shop.app.test_request_context():
            return composing.quote(shop.ctx, message).note

    shop.set(template_other="any en text")
    assert "template any (en)" in shown("note")
    assert "template invoice_ready (en)" in shown("invoice")
    shop.set(template_other="")
    assert "enter an approved template" in shown("note")
    opened(shop, peer, tell)
    assert "as written" in shown("note")
    assert posted(peer) == []


# --- consent


def test_without_consent_nothing_is_written(shop, peer):
    shop.agree(given=False)
    with pytest.raises(InvalidInput):
        shop.write()
    with pytest.raises(InvalidInput):
        shop.write(recipient="+15557654321", client_id=None)
    assert posted(peer) == []


# --- what Meta refuses


def refused(shop, peer, tell, words):
    opened(shop, peer, tell)
    message = shop.sent()
    assert message.state == "failed"
    assert words in message.error
    assert peer.sent == []
    return message


def test_a_number_that_is_not_on_whatsapp(shop, peer, tell):
    peer.absent.add(DIGITS)
    refused(shop, peer, tell, "not on WhatsApp")


def test_a_token_that_is_not_taken(shop, peer, tell):
    shop.set(access_token="another-token-0123456789")
    message = refused(shop, peer, tell, "does not accept the access token")
    assert "(Meta 190)" in message.error
    assert "another-token" not in dumps(message)


def test_a_phone_number_id_that_is_not_ours(shop, peer, tell):
    opened(shop, peer, tell)
    shop.set(phone_number_id="1")
    message = shop.sent()
    assert (message.state, "does not exist" in message.error) == ("failed", True)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("unknown en document number", "no approved template"),
        ("invoice_ready fr document client number amount due", "no approved template"),
        ("invoice_ready en document client number", "other gaps"),
        ("invoice_ready en client number amount due", "other gaps"),
    ],
)
def test_a_template_that_meta_does_not_have_so(shop, peer, lines, words):
    shop.set(template_invoice=lines)
    message = shop.send(bill(shop)[1])
    assert message.state == "failed"
    assert words in message.error
    assert peer.sent == []


@pytest.mark.parametrize("number", ["0176 12345678", "me@there.test", "+49", "<script>"])
def test_what_is_no_number_is_refused_in_words(shop, peer, number):
    consents.give(channel="whatsapp", address=number, how="form", by=BY)
    message = shop.sent(recipient=number, client_id=None)
    assert message.state == "failed"
    assert "plus and the country code" in message.error
    assert posted(peer) == []


# --- what goes wrong on the way


@pytest.mark.parametrize("mood", ["is down", "stumbles", "is busy"])
def test_what_had_no_effect_is_tried_again(shop, peer, tell, mood):
    opened(shop, peer, tell)
    message_id = shop.write()
    peer.mood = mood
    with pytest.raises(RetryLater):
        shop.send(message_id)
    assert peer.sent == []
    peer.mood = "works"
    assert shop.send(message_id).state in ("sent", "queued")
    assert len(peer.sent) == 1


def test_nobody_listening_is_tried_again(shop, peer, tell):
    opened(shop, peer, tell)
    shop.set(api_address="http://127.0.0.1:1")
    with pytest.raises(RetryLater, match="cannot be reached"):
        shop.sent()


@pytest.mark.parametrize("mood", ["waits", "forgets", "hangs up"])
def test_what_may_have_gone_out_is_not_repeated(shop, peer, tell, mood):
    opened(shop, peer, tell)
    shop.set(seconds=1)
    peer.mood = mood
    began = time.monotonic()
    message = shop.sent()
    assert message.state == "unknown"
    assert time.monotonic() - began < 5
    assert len(posted(peer)) == 1


def test_an_upload_without_answer_is_tried_again(shop, peer):
    """No client notices a file that was uploaded twice."""
    message_id = bill(shop)[1]
    shop.set(seconds=1)
    peer.mood = "forgets"
    with pytest.raises(RetryLater):
        shop.send(message_id)
    peer.mood = "works"
    shop.set(seconds=10)
    shop.send(message_id)
    assert len(peer.sent) == 1


def test_metas_first_report_settles_what_nobody_knew(shop, peer, tell):
    opened(shop, peer, tell)
    shop.set(seconds=1)
    peer.mood = "forgets"
    message = shop.sent()
    assert message.state == "unknown"
    for state in ("sent", "delivered", "read"):
        assert tell(peer.status(peer.only(), state)).status_code == 200
        assert shop.message(message.id).state == state
    tell(peer.status(peer.only(), "delivered"))
    settled = shop.message(message.id)
    assert (settled.state, settled.attempts[-1].provider_ref) == ("read", peer.only().id)


def test_an_invoice_that_arrived_after_all_counts_as_sent(shop, peer, tell):
    """The answer to the message was lost, not that to the upload before it."""
    invoice, message_id = bill(shop)
    shop.set(seconds=3)  # enough for the upload
    peer.mood, peer.moody = "forgets", ("messages",)
    assert shop.send(message_id).state == "unknown"
    assert invoices.get(invoice_id=invoice.id).sent_at is None
    tell(peer.status(peer.only(), "delivered"))
    assert shop.message(message_id).state == "delivered"
    assert invoices.get(invoice_id=invoice.id).sent_at is not None


# --- hostile texts, and secrets


@pytest.mark.parametrize(
    "words",
    [
        '"},"to":"4915111111111","x":{"y":"', "\u202eevil\u2066", "<script>alert(1)</script>",
        "{{1}} {{client}}", "%s %(x)s {0}", "🧾" * 200, "a\r\nTo: x", "\\u0000 \\ud800",
    ],
)  # fmt: skip
def test_a_text_stays_a_text(shop, peer, tell, words):
    opened(shop, peer, tell)
    message = shop.sent(words)
    assert message.state in ("sent", "queued"), message.error
    sent = peer.only()
    assert (sent.to, sent.body["text"]["body"]) == (DIGITS, words)


def test_a_value_for_a_gap_is_one_line(shop, peer):
    shop.set(template_other="any en text")
    peer.templates["any", "en"] = Template(values=1)
    message = shop.sent("Dear\t\tyou,\n\n  thanks      a lot \n")
    assert message.state in ("sent", "queued"), message.error
    value = peer.only().body["template"]["components"][0]["parameters"][0]["text"]
    assert value == "Dear you, thanks a lot"


def test_a_text_that_is_too_long_is_not_cut(shop, peer, tell):
    opened(shop, peer, tell)
    message = shop.sent("x" * 4097)
    assert (message.state, "4097 characters" in message.error) == ("failed", True)


def test_no_secret_is_told(shop, peer, tell, caplog):
    caplog.set_level(logging.DEBUG)
    opened(shop, peer, tell)
    shop.sent()
    shop.set(access_token="EAAG-peer-token-that-is-wrong")
    shop.sent()
    cloud.check(shop.ctx.settings)
    told = caplog.text + dumps([plugins.get(name="whatsapp"), shop.history()])
    told += repr(shop.ctx.settings)
    for secret in SECRETS:
        assert secret not in told


# --- health, and what is shown before sending


def test_the_health_check_asks_for_the_number(shop, peer):
    health = cloud.check(shop.ctx.settings)
    assert (health.ok, health.detail) == (True, "+15550783881 (Peer)")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"access_token": "wrong-token-0123456789"}, "access token"),
        ({"phone_number_id": ""}, "phone number ID"),
        ({"api_address": "http://127.0.0.1:1"}, "cannot be reached"),
        ({"api_address": "http://10.0.0.1"}, "private network"),
    ],
)
def test_the_health_check_says_what_is_wrong(shop, given, words):
    shop.set(**given)
    health = cloud.check(shop.ctx.settings)
    assert not health.ok
    assert words in health.detail


def test_the_page_shows_where_meta_has_to_call(shop, peer):
    health = check_webhook(shop.ctx)
    address = health.detail.rpartition(" ")[2]
    assert health.ok
    query = f"hub.mode=subscribe&hub.challenge=1&hub.verify_token={peer.verify_token}"
    path = address.partition("/hooks/")[2]
    assert shop.app.test_client().get(f"/hooks/{path}?{query}").text == "1"


def test_a_slow_meta_does_not_hold_the_health_check(shop, peer):
    """It gives up by itself before the host ends it, whatever a message would wait for."""
    assert cloud.HEALTH_SECONDS < LIMIT < shop.ctx.settings.seconds
    peer.mood = "waits"
    began = time.monotonic()
    assert not cloud.check(shop.ctx.settings).ok
    assert time.monotonic() - began < shop.ctx.settings.seconds
