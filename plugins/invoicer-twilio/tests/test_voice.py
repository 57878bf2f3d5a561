"""A call from the worker to the last key, in several languages."""

import xml.etree.ElementTree as ET
from datetime import date
from decimal import Decimal

import pytest
from invoicer_twilio import voice
from sqlalchemy import text

from invoicer_core.domain.drafts import PaymentDraft
from invoicer_core.hooks.offers import OutgoingMessage
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import businesses, clients, messages, payments
from invoicer_core.services.messages import consents, notifications
from tests.factories import BY
from tests.peers.twilio import TOKEN
from tests.peers.twilio_rules import call_back

DUE = date(2027, 1, 15)
SPOKEN = {
    "en-GB": ("en-GB", "1234 euros and 50 cents is due on 15 January 2027", "press 1", "Goodbye"),
    "en-US": ("en-US", "is due on January 15, 2027", "press 1", "Goodbye"),
    "de": ("de-DE", "1234 Euro und 50 Cent ist bis zum 15. Januar 2027", "drücken Sie die 1",
           "Auf Wiederhören"),
    "fr": ("fr-FR", "1234 euros et 50 centimes, au plus tard le 15 janvier 2027", "tapez 1",
           "Au revoir"),
    "es": ("es-ES", "1234 euros con 50 céntimos, a más tardar el 15 de enero de 2027", "pulse 1",
           "Adiós"),
}  # fmt: skip


def call(desk, **more):
    """A call about an invoice, as Twilio has it, and the message behind it."""
    invoice = desk.issue(due_date=DUE, **more)
    desk.agree()
    made = desk.do(
        notifications.send_invoice,
        invoice_id=invoice.id, channel="voice", recipient=desk.number, by=BY,
    )  # fmt: skip
    assert desk.work() == []
    return invoice, made, desk.twilio.exchange.only()


@pytest.mark.parametrize("locale", list(SPOKEN))
def test_it_says_number_amount_and_day_in_the_clients_language(desk_for, twilio, locale):
    desk = desk_for(locale)
    invoice, made, phone = call(desk)
    language, said, menu, goodbye = SPOKEN[locale]
    exchange = twilio.exchange
    assert phone.to == desk.number
    exchange.answer(phone)
    assert {each for each, _ in phone.said} == {language}
    assert "Atelier Nordlicht" in phone.text()
    assert ", ".join(" ".join(part) for part in invoice.invoice_number.split("-")) in phone.text()
    assert said in phone.text()
    assert menu in phone.text()
    exchange.wait(phone)
    assert goodbye in phone.said[-1][1]
    assert phone.status == "completed"
    assert desk.state(made.id) == ("delivered", None)


@pytest.mark.parametrize("locale", ["en-GB", "de"])
def test_every_key(desk_for, twilio, locale):
    desk = desk_for(locale)
    invoice, _, phone = call(desk)
    exchange = twilio.exchange
    exchange.answer(phone)
    first = phone.text()

    exchange.press(phone, "1")  # hear again
    assert phone.text().count(SPOKEN[locale][1]) == 2
    assert phone.text().startswith(first)

    exchange.press(phone, "5")  # no such key: told so, and asked again
    assert {"en-GB": "no meaning", "de": "keine Bedeutung"}[locale] in phone.text()

    exchange.press(phone, "2")  # the link as a text message
    assert {"en-GB": "on its way", "de": "unterwegs"}[locale] in phone.text()
    assert phone.status == "completed"
    assert desk.work() == []
    sent = twilio.only()
    assert sent.to == desk.number
    assert "/i/" in sent.body
    assert invoice.invoice_number in sent.body
    assert desk.allows("voice")


@pytest.mark.parametrize("locale", ["en-GB", "fr"])
def test_nine_leaves_the_list(desk_for, twilio, locale):
    desk = desk_for(locale)
    invoice, _, phone = call(desk)
    exchange = twilio.exchange
    exchange.press(exchange.answer(phone), "9")
    assert {"en-GB": "not call this number again", "fr": "plus ce numéro"}[locale] in phone.text()
    assert phone.status == "completed"
    assert not desk.allows("voice")
    assert desk.allows("sms")
    again = desk.say(channel="voice", kind="reminder", invoice_id=invoice.id)
    desk.work()
    assert desk.state(again.id)[0] == "failed"
    assert len(exchange.calls) == 1


def test_a_key_pressed_twice_sends_one_text(desk):
    _, made, phone = call(desk)
    desk.twilio.exchange.answer(phone)
    url = f"{desk.hook('keys')}?message={made.id}&heard=0"
    fields = desk.twilio.exchange.fields(phone, Digits="2")
    for _ in range(3):
        answer = call_back(url, fields, TOKEN)
        assert (answer.status, answer.media_type) == (200, "application/xml")
    desk.work()
    assert len(desk.twilio.sent()) == 1


def test_who_has_said_stop_is_not_promised_a_text(desk):
    _, _, phone = call(desk)
    desk.do(consents.withdraw, channel="sms", address=desk.number, how="SMS stop", by=BY)
    desk.twilio.exchange.press(desk.twilio.exchange.answer(phone), "2")
    assert "cannot send text messages" in phone.text()
    desk.work()
    assert desk.twilio.sent() == []


def test_it_is_not_said_for_ever(desk):
    _, _, phone = call(desk)
    exchange = desk.twilio.exchange
    exchange.answer(phone)
    for _ in range(voice.MOST_REPEATS):
        exchange.press(phone, "1")
    exchange.press(phone, "1")
    assert phone.status == "completed"


def test_nobody_is_called_who_did_not_agree(desk):
    invoice = desk.issue()
    made = desk.say(channel="voice", kind="invoice", invoice_id=invoice.id)
    desk.work()
    assert desk.state(made.id)[0] == "failed"
    assert desk.twilio.asked == []


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("busy", "line was busy"),
        ("no-answer", "Nobody answered"),
        ("failed", "could not be put through"),
    ],
)
def test_a_call_that_nobody_heard(desk, how, words):
    _, made, phone = call(desk)
    desk.twilio.exchange.miss(phone, how)
    state, error = desk.state(made.id)
    assert state == "failed"
    assert words in (error or "")
    for late in ("initiated", "ringing", "in-progress", how):
        assert desk.twilio.exchange.report(phone, late).status in (200, 204)
    assert desk.state(made.id)[0] == "failed"


def test_late_news_of_a_call_that_was_heard(desk):
    _, made, phone = call(desk)
    exchange = desk.twilio.exchange
    exchange.answer(phone)
    exchange.hang_up(phone)
    assert desk.state(made.id) == ("delivered", None)
    for late in ("initiated", "ringing", "busy", "failed", "completed"):
        exchange.report(phone, late)
    assert desk.state(made.id) == ("delivered", None)


def test_what_was_paid_meanwhile_is_not_asked_for(desk):
    invoice, _, phone = call(desk)
    draft = PaymentDraft(amount=Decimal("1234.50"), invoice_id=invoice.id)
    desk.do(payments.record, draft=draft, by=BY)
    desk.twilio.exchange.answer(phone)
    assert "Nothing is open" in phone.text()
    assert "1234" not in phone.text()


HOSTILE = (
    '"><Dial>+8850000</Dial><Say>',
    "</Say></Response><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    "{number} %s ${7*7} {{7*7}}",
    "]]><![CDATA[<Hangup/>",
    "Ünï & Söhne\x07\u2028\u202e",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_only_words(desk, name):
    cleaned = "".join(each for each in name if each.isprintable())
    desk.do(businesses.update, fields={"name": cleaned[:100]}, by=BY)
    desk.do(clients.update, client_id=desk.client_id, fields={"name": cleaned}, by=BY)
    _, _, phone = call(desk)
    desk.twilio.exchange.answer(phone)
    (taken,) = [each for each in desk.twilio.exchange.answers if "xml" in each.media_type]
    tags = {each.tag for each in ET.fromstring(taken.body).iter()}  # noqa: S314 - our own
    assert tags == {"Response", "Gather", "Say", "Pause", "Hangup"}
    assert " ".join(cleaned[:100].split()) in phone.text()


def test_a_note_without_an_invoice_is_read_out(desk):
    desk.agree()
    desk.say("Your order <42> & more is ready.", channel="voice")
    desk.work()
    phone = desk.twilio.exchange.answer(desk.twilio.exchange.only())
    assert "Your order <42> & more is ready." in phone.text()


def test_twilio_may_ask_by_get(desk):
    _, made, phone = call(desk)
    fields = desk.twilio.exchange.fields(phone)
    url = f"{desk.hook('voice')}?message={made.id}"
    answer = call_back(url, fields, TOKEN, method="GET")
    assert answer.status == 200
    assert "<Gather" in answer.body
    assert call_back(url, fields, "another-token", method="GET").status == 404


def test_only_the_call_itself_is_answered(desk):
    _, made, phone = call(desk)
    fields = desk.twilio.exchange.fields(phone)
    other = {**fields, "CallSid": "CA" + "9" * 32}
    for query in (
        "",
        "?message=",
        "?message=0",
        "?message=999999999",
        "?message=%D9%A3",
        "?message=x",
    ):
        assert call_back(desk.hook("voice") + query, fields, TOKEN).status == 404
    assert call_back(f"{desk.hook('voice')}?message={made.id}", other, TOKEN).status == 404
    other_way = desk.send("A text")
    answer = call_back(
        f"{desk.hook('keys')}?message={other_way.id}", {**fields, "Digits": "9"}, TOKEN
    )
    assert answer.status == 404
    assert desk.allows("voice")


@pytest.mark.parametrize("mood", ["hangs", "hangs up"])
def test_a_call_that_may_have_begun_is_not_made_twice(desk, mood):
    desk.agree()
    desk.set(seconds=1)
    desk.twilio.mood = mood
    made = desk.say("Hello", channel="voice")
    desk.work()
    assert desk.state(made.id)[0] == "unknown"
    desk.twilio.mood = "works"
    desk.work()
    phone = desk.twilio.exchange.only()
    with desk.app.app_context(), enter_business(desk.business_id):
        message = OutgoingMessage(
            message_id=made.id, kind="note", recipient=desk.number, text="Hello"
        )
        found = voice.lookup(desk.ctx(), message, None)
        assert found is not None
        assert found.provider_ref == phone.sid
        assert "seconds" in voice.quote(desk.ctx(), message).note
    desk.twilio.exchange.answer(phone)
    assert "Hello" in phone.text()


def test_a_call_needs_an_address_that_twilio_can_reach(desk):
    desk.agree()
    desk.set(api_address="")
    made = desk.say("Hello", channel="voice")
    desk.work()
    state, error = desk.state(made.id)
    assert state == "failed"
    assert "INVOICER_URL" in (error or "")


def test_the_history_knows_of_the_call(desk):
    _, made, phone = call(desk)
    desk.twilio.exchange.answer(phone)
    found = desk.do(messages.get, message_id=made.id)
    assert [each.channel for each in found.attempts] == ["voice"]
    assert found.attempts[0].provider_ref == phone.sid


def test_what_comes_three_days_late(desk):
    """News are still news; a key is not pressed in a call that is long over."""
    _, made, phone = call(desk)
    age = text("UPDATE message_attempts SET created_at = now() - interval '3 days'")
    with desk.app.app_context(), enter_business(desk.business_id):
        db.session.execute(age)
        db.session.commit()
    fields = desk.twilio.exchange.fields(phone, Digits="9")
    assert call_back(f"{desk.hook('keys')}?message={made.id}", fields, TOKEN).status == 404
    assert desk.allows("voice")
    assert desk.twilio.exchange.report(phone, "completed").status == 204
    assert desk.state(made.id)[0] == "delivered"
