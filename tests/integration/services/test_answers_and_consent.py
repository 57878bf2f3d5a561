"""What clients answer, and over which channels they let themselves be reached: asked in one place,
for every channel."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from invoicer_core.domain.actor import SYSTEM
from invoicer_core.domain.errors import Conflict, InvalidInput
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import clients, messages
from invoicer_core.services.messages import consents, inbound, notifications
from tests.factories import BY, make_business
from tests.integration.services.conversations import PHONE, Birds, Loft


def test_withdrawn_is_refused_to_a_person_before_anything_is_written(loft: Loft) -> None:
    invoice = loft.issue()
    assert consents.withdraw(channel="email", address="IN@harbour.test", how="mail", by=BY) == 1
    with pytest.raises(InvalidInput, match="does not want messages over E-mail") as refused:
        notifications.send_invoice(invoice_id=invoice.id, by=BY)
    assert refused.value.fields[0].pointer == "/recipient"
    assert loft.said() == []
    consents.give(channel="email", address="in@harbour.test", how="mail", by=BY)
    notifications.send_invoice(invoice_id=invoice.id, by=BY)


def test_what_is_sent_by_itself_skips_a_channel_without_consent(loft: Loft) -> None:
    loft.order("owl", "pigeon", "email")
    consents.withdraw(channel="pigeon", address=PHONE, how="STOP", by=BY)
    notifications.tell_issued(invoice_id=loft.issue().id, by=SYSTEM)
    assert [each.channel for each in loft.said()] == ["email"]


def test_a_stop_between_writing_and_sending_counts(loft: Loft) -> None:
    loft.order("pigeon", "email")
    notifications.tell_issued(invoice_id=loft.issue().id, by=SYSTEM)
    consents.withdraw(channel="pigeon", address="0043660-1234567", how="STOP", by=BY)
    loft.work()
    assert loft.states() == [("pigeon", "failed"), ("email", "sent")]
    assert "does not want" in (loft.said()[0].error or "")
    assert Birds.flown == []


def test_a_channel_that_needs_consent_is_used_only_with_it(loft: Loft) -> None:
    given = {"client_id": loft.client_id, "channel": "owl", "address": PHONE}
    assert not consents.allowed(**given)
    with pytest.raises(InvalidInput, match="needs consent"):
        messages.queue(kind="note", text="Hi", channel="owl", recipient=PHONE, by=BY)
    contact = clients.add_contact(
        client_id=loft.client_id, fields={"name": "Kim", "phone": "+436601234567"}, by=BY
    )
    consents.record(
        client_id=loft.client_id, contact_id=contact.id, channel="owl", given=True, how="form",
        day=date(2026, 1, 1), by=BY,
    )  # fmt: skip
    assert consents.allowed(**given)
    consents.withdraw(channel="owl", address=PHONE, how="STOP", by=BY)
    assert not consents.allowed(**given)


def test_consent_is_by_what_is_carried_and_said_twice_is_said_once(loft: Loft) -> None:
    consents.withdraw(channel="courier", address="in@harbour.test", how="link", by=BY)
    consents.withdraw(channel="email", address="in@harbour.test", how="link", by=BY)
    rows = db.session.execute(
        text("SELECT count(*) FROM contact_consents WHERE business_id = :b"),
        {"b": loft.business_id},
    ).scalar_one()
    assert rows == 1
    assert not consents.allowed(
        client_id=loft.client_id, channel="email", address="in@harbour.test"
    )
    assert consents.allowed(client_id=loft.client_id, channel="pigeon", address=PHONE)


def test_who_is_not_known_is_remembered_without_the_address(loft: Loft) -> None:
    assert consents.withdraw(channel="sms", address="+491701111111", how="STOP", by=BY) == 0
    assert not consents.allowed(client_id=None, channel="sms", address="0049 170 1111111")
    stored = db.session.execute(
        text("SELECT contact_consents::text FROM contact_consents WHERE business_id = :b"),
        {"b": loft.business_id},
    ).scalar_one()
    assert "170111" not in stored


def test_another_business_knows_nothing_of_it(loft: Loft) -> None:
    consents.withdraw(channel="sms", address=PHONE, how="STOP", by=BY)
    messages.receive(channel="sms", sender=PHONE, text="Hi", provider_ref="1", by=SYSTEM)
    other = make_business(name="Other")
    with enter_business(other):
        assert consents.allowed(client_id=None, channel="sms", address=PHONE)
        assert messages.last_inbound(channel="sms", sender=PHONE) is None
        assert messages.find().items == ()


# --- what comes in ---


def test_what_comes_in_twice_is_kept_once(loft: Loft) -> None:
    given = {"channel": "pigeon", "sender": "+436601234567", "provider_ref": "x1", "by": SYSTEM}
    first = messages.receive(text="Hello\x00 \u2028there\r\nyou", **given)
    assert first is not None
    assert first.client_id == loft.client_id
    assert first.direction == "in"
    assert first.text == "Hello   there\nyou"
    assert messages.receive(text="Hello", **given) is None
    assert messages.receive(text="Hello", **{**given, "channel": "sms"}) is not None
    assert inbound.unread_count() == 2
    assert messages.mark_read(message_ids=[first.id], by=BY) == 1
    assert messages.mark_read(message_ids=[first.id], by=BY) == 0
    assert [each.channel for each in messages.find(unread=True).items] == ["sms"]


def test_who_wrote_last(loft: Loft) -> None:
    at = datetime.now(UTC) - timedelta(hours=3)
    messages.receive(channel="pigeon", sender=PHONE, text="Hi", provider_ref="1", by=SYSTEM, at=at)
    assert messages.last_inbound(channel="pigeon", sender="+43660 1234567") == at
    assert messages.last_inbound(channel="owl", sender=PHONE) is None
    assert messages.last_inbound(channel="pigeon", sender="+436601234568") is None


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [({"sender": ""}, "/sender"), ({"sender": "a\nb"}, "/sender"),
     ({"sender": "1" * 400}, "/sender"), ({"provider_ref": " "}, "/provider_ref"),
     ({"text": "x" * 100_001}, "/text")],
)  # fmt: skip
def test_what_comes_in_without_sense_is_refused(
    loft: Loft, wrong: dict[str, str], pointer: str
) -> None:
    given = {"channel": "pigeon", "sender": PHONE, "text": "Hi", "provider_ref": "1", **wrong}
    with pytest.raises(InvalidInput) as refused:
        messages.receive(**given, by=SYSTEM)
    assert refused.value.fields[0].pointer == pointer


def test_an_answer_cannot_be_sent_again(loft: Loft) -> None:
    kept = messages.receive(channel="email", sender="x@y.test", text="?", provider_ref="1", by=BY)
    assert kept is not None
    with pytest.raises(Conflict, match="came in"):
        messages.send_again(message_id=kept.id, by=BY)
