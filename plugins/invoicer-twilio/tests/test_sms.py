"""Text messages through the worker's sending service, and all that can go wrong."""

import logging
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from invoicer_twilio import sms
from invoicer_twilio.client import check
from sqlalchemy import text

from invoicer_core.domain.drafts import PaymentDraft
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.hooks.answers import PermanentFailure, RetryLater
from invoicer_core.hooks.offers import OutgoingMessage
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.plugin.phones import segments
from invoicer_core.services import businesses, messages, payments
from invoicer_core.services.messages import consents, notifications, watching
from tests.factories import BY
from tests.peers.twilio import NUMBER
from tests.peers.twilio_rules import Refused

AWAKE = {"quiet_from": "off", "quiet_until": "off"}


def outgoing(desk, message_id: int, **given) -> OutgoingMessage:
    """A message as the core hands it over."""
    found = desk.message(message_id)
    known = {"kind": found.kind, "recipient": found.recipient, "text": found.text or ""}
    return OutgoingMessage(message_id=message_id, **{**known, **given})


def test_a_message_goes_out_and_its_news_come_back(desk):
    made = desk.send("Hello, 5 € are due.")
    taken = desk.twilio.only()
    assert (taken.to, taken.sender, taken.body) == (desk.number, NUMBER, "Hello, 5 € are due.")
    assert taken.callback == f"{desk.hook('status')}?message={made.id}"
    assert made.attempts[-1].provider_ref == taken.sid
    assert made.state in ("queued", "sent")
    assert desk.twilio.advance(taken, "sent").status == 204
    assert desk.state(made.id) == ("sent", None)
    assert desk.twilio.advance(taken, "delivered").status == 204
    assert desk.state(made.id) == ("delivered", None)


@pytest.mark.parametrize(
    ("status", "code", "state", "words"),
    [
        ("undelivered", 30003, "bounced", "off or cannot be reached"),
        ("undelivered", 30006, "bounced", "landline"),
        ("failed", 30007, "failed", "filtered"),
        ("failed", 39999, "failed", "Twilio 39999"),
        ("failed", None, "failed", "did not deliver"),
    ],
)
def test_a_failure_is_told_in_words(desk, status, code, state, words):
    made = desk.send()
    assert desk.twilio.advance(desk.twilio.only(), status, code).status == 204
    found, error = desk.state(made.id)
    assert found == state
    assert words in (error or "")


def test_late_doubled_and_reordered_news_change_nothing(desk):
    made = desk.send()
    taken, twilio = desk.twilio.only(), desk.twilio
    twilio.report(taken, "delivered")
    for late in ("queued", "sending", "sent", "delivered", "undelivered", "failed", "nonsense"):
        assert twilio.report(taken, late).status in (200, 204)
        assert desk.state(made.id) == ("delivered", None)


def test_what_failed_does_not_come_back_to_life(desk):
    made = desk.send()
    taken, twilio = desk.twilio.only(), desk.twilio
    twilio.report(taken, "failed", 30003)
    before = desk.state(made.id)
    for late in ("queued", "sending", "sent"):
        assert twilio.report(taken, late).status in (200, 204)
        assert desk.state(made.id) == before


@pytest.mark.parametrize(
    ("number", "words"), [("030 901820", "country code"), ("+49 (0)30 901820", "country code")]
)
def test_a_number_that_cannot_be_dialled_is_refused_before_anybody_is_asked(desk, number, words):
    made = desk.say(recipient=number)
    desk.work()
    state, error = desk.state(made.id)
    assert state == "failed"
    assert words in (error or "")
    assert desk.twilio.asked == []


@pytest.mark.parametrize(
    ("code", "words"),
    [(21211, "no telephone number"), (21614, "no mobile"), (21608, "trial"), (29999, "29999")],
)
def test_a_refusal_is_final_and_told_in_words(desk, code, words):
    desk.twilio.refuses = Refused(code, "Nope")
    made = desk.say()
    assert desk.work() == []
    state, error = desk.state(made.id)
    assert state == "failed"
    assert words in (error or "")


def test_without_an_account_it_says_what_to_set(desk):
    desk.settings.pop("account_sid")
    desk.set(sender="")
    for missing, given in (
        ("account SID", {"account_sid": ""}),
        ("which number", {"account_sid": desk.twilio.account}),
    ):
        desk.set(**given)
        made = desk.say()
        desk.work()
        state, error = desk.state(made.id)
        assert state == "failed"
        assert missing in (error or "")
    assert desk.twilio.asked == []


def test_a_wrong_token_says_so_and_shows_nothing(desk, caplog):
    caplog.set_level(logging.DEBUG)
    desk.set(auth_token="canary-not-the-token-0001")
    made = desk.say()
    desk.work()
    state, error = desk.state(made.id)
    assert state == "failed"
    assert "does not accept the account SID and auth token" in (error or "")
    with desk.app.app_context(), enter_business(desk.business_id):
        health = check(desk.ctx())
    assert not health.ok
    told = caplog.text + str(error) + str(health) + repr(desk.message(made.id))
    assert "canary-not-the-token" not in told
    assert desk.number not in caplog.text


@pytest.mark.parametrize("mood", ["busy", "away"])
def test_what_had_no_effect_is_tried_again(desk, mood):
    desk.twilio.mood = mood
    made = desk.say()
    (again,) = desk.work()
    assert isinstance(again, RetryLater)
    assert desk.state(made.id)[0] == "queued"
    assert len(desk.twilio.asked) == 1
    desk.twilio.mood = "works"
    assert desk.work() == []
    assert len(desk.twilio.sent()) == 1


def test_nobody_there_is_tried_again(desk):
    desk.set(api_address="http://127.0.0.1:9")
    made = desk.say()
    assert len(desk.work()) == 1
    assert desk.state(made.id)[0] == "queued"


@pytest.mark.parametrize("mood", ["hangs", "hangs up", "fault after", "garbles"])
def test_what_may_have_gone_out_is_not_sent_twice(desk, mood):
    desk.set(seconds=1)
    desk.twilio.mood = mood
    made = desk.say("Only once, please.")
    assert desk.work() == []
    assert desk.state(made.id)[0] == "unknown"
    desk.twilio.mood = "works"
    assert desk.work() == []
    assert len(desk.twilio.sent()) == 1
    with desk.app.app_context(), enter_business(desk.business_id):
        found = sms.lookup(desk.ctx(), outgoing(desk, made.id), None)
    assert found is not None
    assert found.provider_ref == desk.twilio.only().sid


@pytest.mark.parametrize("mood", ["closes", "fault"])
def test_what_did_not_go_out_is_not_found(desk, mood):
    desk.send("Only once, please.")  # the same words, known under its own id
    desk.twilio.mood = mood
    made = desk.say("Only once, please.")
    assert desk.work() == []
    assert desk.state(made.id)[0] == "unknown"
    desk.twilio.mood = "works"
    with desk.app.app_context(), enter_business(desk.business_id):
        assert sms.lookup(desk.ctx(), outgoing(desk, made.id), None) is None


def test_a_known_id_is_asked_for_itself(desk):
    made = desk.send()
    taken = desk.twilio.only()
    with desk.app.app_context(), enter_business(desk.business_id):
        message = outgoing(desk, made.id)
        assert sms.lookup(desk.ctx(), message, taken.sid).state == "queued"
        taken.status = "delivered"
        assert sms.lookup(desk.ctx(), message, taken.sid).state == "delivered"
        taken.status, taken.error = "undelivered", 30005
        with pytest.raises(PermanentFailure, match="no longer in use"):
            sms.lookup(desk.ctx(), message, taken.sid)
        desk.twilio.mood = "away"
        with pytest.raises(RetryLater):
            sms.lookup(desk.ctx(), message, taken.sid)


def test_news_that_come_before_the_id_is_written_down_are_asked_for_later(desk):
    """The network may be faster than our own commit."""
    desk.twilio.mood = "hangs up"
    made = desk.say()
    desk.work()
    taken = desk.twilio.only()
    desk.twilio.mood = "works"
    desk.twilio.advance(taken, "delivered")
    assert desk.state(made.id)[0] == "unknown"
    before = len(desk.twilio.asked)
    desk.work()
    assert desk.twilio.asked[before:][-1][1].endswith(f"/Messages/{taken.sid}.json")


def test_news_that_are_faster_than_our_own_commit_are_not_lost(desk):
    desk.twilio.mood = "hasty"
    made = desk.say()
    assert desk.work() == []
    assert desk.twilio.only().status == "delivered"
    assert desk.state(made.id)[0] == "sent"
    assert desk.work() == []
    assert desk.state(made.id) == ("delivered", None)


def test_stop_known_to_twilio_is_known_to_us(desk):
    desk.twilio.stopped.add(desk.number)
    made = desk.say()
    desk.work()
    assert "answered STOP" in (desk.state(made.id)[1] or "")
    assert not desk.allows("sms")


def test_parts_and_cost_are_told_before(desk):
    desk.set(segment_cost="0.0075", cost_currency="EUR", call_cost="0.02")
    with desk.app.app_context(), enter_business(desk.business_id):
        message = OutgoingMessage(message_id=1, kind="note", recipient=desk.number, text="a" * 161)
        quote = sms.quote(desk.ctx(), message)
        assert (quote.segments, quote.cost, quote.currency) == (2, Decimal("0.0150"), "EUR")
        strange = OutgoingMessage(message_id=1, kind="note", recipient=desk.number, text="Ihr ж")
        assert "ж" in sms.quote(desk.ctx(), strange).note
        long = OutgoingMessage(message_id=1, kind="note", recipient=desk.number, text="a" * 1601)
        assert "Too long" in sms.quote(desk.ctx(), long).note


def test_the_account_is_asked_for(desk):
    with desk.app.app_context(), enter_business(desk.business_id):
        health = check(desk.ctx())
        assert health.ok
        assert desk.hook("incoming") in health.detail
        desk.twilio.status = "suspended"
        assert "suspended" in check(desk.ctx()).detail
        desk.twilio.mood = "away"
        assert not check(desk.ctx()).ok


def test_an_invoice_goes_out_as_a_text_with_its_link(desk):
    invoice = desk.issue()
    desk.do(
        notifications.send_invoice,
        invoice_id=invoice.id, channel="sms", recipient=desk.number, by=BY,
    )  # fmt: skip
    assert desk.work() == []
    body = desk.twilio.only().body
    assert "/i/" in body
    assert invoice.invoice_number in body


def test_a_stop_ends_the_next_message(desk):
    desk.do(consents.withdraw, channel="sms", address=desk.number, how="SMS stop", by=BY)
    made = desk.say()
    desk.work()
    assert desk.twilio.asked == []
    assert desk.state(made.id)[0] == "failed"
    with pytest.raises(InvalidInput, match="does not want"):
        desk.say(automatic=False)


def test_what_is_sent_by_itself_waits_for_the_end_of_the_quiet_hours(desk):
    here = datetime.now(ZoneInfo("Europe/Berlin"))
    begin, end = (here + timedelta(hours=hours) for hours in (-2, 2))
    quiet = {"quiet_from": f"{begin:%H:%M}", "quiet_until": f"{end:%H:%M}"}
    desk.do(businesses.update, fields={"settings": quiet}, by=BY)
    made = desk.say()
    assert len(desk.work()) == 1
    assert desk.state(made.id)[0] == "queued"
    assert desk.twilio.asked == []
    by_hand = desk.say("A person wants it now", automatic=False)
    desk.work()
    assert [each.body for each in desk.twilio.sent()] == ["A person wants it now"]
    assert desk.state(by_hand.id)[0] == "sent"
    desk.do(businesses.update, fields={"settings": AWAKE}, by=BY)
    assert desk.work() == []
    assert len(desk.twilio.sent()) == 2


def older(desk, minutes: int) -> None:
    """As if every attempt had been made that long ago."""
    age = text("UPDATE message_attempts SET created_at = now() - make_interval(mins => :minutes)")
    with desk.app.app_context(), enter_business(desk.business_id):
        db.session.execute(age, {"minutes": minutes})
        db.session.commit()


@pytest.mark.parametrize("mood", ["hangs up", "fault after"])
def test_the_core_asks_until_it_is_known(desk, mood):
    desk.twilio.mood = mood
    made = desk.say("Only once, please.")
    desk.work()
    desk.twilio.mood = "away"
    older(desk, 1)
    assert desk.do(watching.watch, message_id=made.id) is not None
    assert desk.state(made.id)[0] == "unknown"
    desk.twilio.mood = "works"
    desk.do(watching.watch, message_id=made.id)
    assert desk.state(made.id) == ("sent", None)
    desk.twilio.advance(desk.twilio.only(), "delivered")
    assert desk.state(made.id) == ("delivered", None)
    assert len(desk.twilio.sent()) == 1


def test_what_nobody_knows_stays_unknown(desk):
    desk.twilio.mood = "fault"
    made = desk.say("Lost, perhaps.")
    desk.work()
    desk.twilio.mood = "works"
    older(desk, 60)
    assert desk.do(watching.watch, message_id=made.id) is not None
    assert desk.state(made.id)[0] == "unknown"
    assert desk.twilio.sent() == []


def test_bill_reminder_and_thanks_go_out_by_themselves(desk):
    """Over the client's first channel, in its language and short."""
    settings = {"channel_order": ["sms"], "mail_paid": True, "mail_overdue": True}
    desk.do(businesses.update, fields={"settings": {**AWAKE, **settings}}, by=BY)
    invoice = desk.issue("50.00", due_date=date(2026, 1, 15), issue_date=date(2026, 1, 1))
    desk.do(notifications.tell_issued, invoice_id=invoice.id, by=BY)
    desk.do(notifications.tell_overdue, invoice_id=invoice.id, due="2026-01-15", by=BY)
    desk.do(
        payments.record, draft=PaymentDraft(amount=Decimal("50.00"), invoice_id=invoice.id), by=BY
    )
    desk.do(notifications.tell_paid, invoice_id=invoice.id, by=BY)
    assert desk.work() == []
    kinds = [each.kind for each in desk.do(messages.find, client_id=desk.client_id).items]
    assert sorted(kinds) == ["invoice", "receipt", "reminder"]
    bodies = [each.body for each in desk.twilio.sent()]
    assert len(bodies) == 3
    assert all(invoice.invoice_number in each for each in bodies)
    assert all(segments(each).count <= 2 for each in bodies), bodies
    assert {each.to for each in desk.twilio.sent()} == {desk.number}
