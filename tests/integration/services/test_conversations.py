"""One conversation over many channels: said again another way, answered, asked after, refused."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import text

from invoicer_core.domain.actor import SYSTEM
from invoicer_core.domain.drafts import PaymentDraft
from invoicer_core.domain.errors import Conflict
from invoicer_core.hooks.answers import OutcomeUnknown, PermanentFailure
from invoicer_core.models import db
from invoicer_core.models.documents import Message
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.plugin import SendResult
from invoicer_core.services import businesses, clients, files, messages, payments, statements
from invoicer_core.services.clients import letters
from invoicer_core.services.files import attachments
from invoicer_core.services.messages import (
    consents,
    notifications,
    quiet,
    reaching,
    sending,
    writing,
)
from tests.factories import BY
from tests.integration.services.conversations import PHONE, Birds, Loft


def fails(_message: object) -> SendResult:
    raise PermanentFailure("The bird came back.")


def lost(_message: object) -> SendResult:
    raise OutcomeUnknown("Nobody saw it land.")


def setting(**settings: object) -> None:
    businesses.update(fields={"settings": settings}, by=BY)


# --- the next way ---


def test_a_bounce_is_said_again_over_the_next_channel_and_answered_in_one_thread(
    loft: Loft,
) -> None:
    loft.order("pigeon", "email")
    invoice = loft.issue()
    first = notifications.tell_issued(invoice_id=invoice.id, by=SYSTEM)
    loft.work()
    assert loft.states() == [("pigeon", "sent")]
    assert messages.report(
        channel="pigeon", provider_ref=f"pigeon-{first.id}", state="bounced", by=SYSTEM,
        error="Nobody lives there.",
    )  # fmt: skip
    loft.work()
    assert loft.states() == [("pigeon", "bounced"), ("email", "sent")]
    again = loft.said()[1]
    assert again.automatic
    assert again.thread_id == first.id
    assert again.invoice_id == invoice.id
    assert again.recipient == "in@harbour.test"
    assert "[link]" not in (again.text or "")
    kept = messages.receive(
        channel="email", sender="In@Harbour.test", text="Thank you!", provider_ref="m-1", by=SYSTEM
    )
    assert kept is not None
    assert (kept.thread_id, kept.invoice_id, kept.client_id) == (
        first.id, invoice.id, loft.client_id,
    )  # fmt: skip
    assert {each.id for each in messages.find(thread_id=first.id).items} == {
        first.id, again.id, kept.id,
    }  # fmt: skip


@pytest.mark.parametrize("order", list(permutations(("sent", "failed", "delivered", "bounced"))))
@pytest.mark.parametrize(("channel", "end"), [("courier", "bounced"), ("pigeon", "delivered")])
def test_reports_in_every_order_end_the_same(loft: Loft, order, channel, end) -> None:
    """Mail may come back after a server took it; what another channel delivered is delivered."""
    setting(carriers={"email": "courier"})
    loft.order("email" if channel == "courier" else channel)
    first = notifications.tell_issued(invoice_id=loft.issue().id, by=SYSTEM)
    loft.work()
    given = {"channel": channel, "provider_ref": f"{channel}-{first.id}", "by": SYSTEM}
    for state in order:
        messages.report(state=state, **given)
    assert messages.get(message_id=first.id).state == end
    told = db.session.scalars(
        text("SELECT name FROM events WHERE business_id = :own AND name = 'message.failed'"),
        {"own": current_business_id()},
    ).all()
    failed, delivered, bounced = (order.index(each) for each in ("failed", "delivered", "bounced"))
    if channel == "courier" and failed < delivered < bounced:
        assert len(told) == 2, "what is lost after it was delivered is news"
    elif channel == "pigeon" and delivered < min(failed, bounced):
        assert told == []
    else:
        assert len(told) == 1
    assert messages.report(state="read", **given)
    assert not messages.report(state="bounced", **given)


def test_each_channel_is_tried_once(loft: Loft) -> None:
    loft.order("pigeon", "email", "owl")
    consents.give(channel="owl", address=PHONE, how="form", by=BY)
    setting(quiet_from="off", carriers={"email": "courier"})
    for channel in ("pigeon", "owl", "courier"):
        Birds.answers[channel] = fails
    notifications.tell_issued(invoice_id=loft.issue().id, by=SYSTEM)
    loft.work()
    assert loft.states() == [("pigeon", "failed"), ("email", "failed"), ("owl", "failed")]
    loft.work()
    assert len(loft.said()) == 3


def test_a_repeated_report_says_nothing_again(loft: Loft) -> None:
    loft.order("pigeon", "email")
    first = notifications.tell_issued(invoice_id=loft.issue().id, by=SYSTEM)
    loft.work()
    given = {"channel": "pigeon", "provider_ref": f"pigeon-{first.id}", "by": SYSTEM}
    assert messages.report(state="failed", **given)
    assert not messages.report(state="failed", **given)
    loft.work()
    assert len(loft.said()) == 2


def test_without_an_order_only_mail_is_used(loft: Loft) -> None:
    setting(carriers={"email": "courier"})
    Birds.answers["courier"] = fails
    notifications.tell_issued(invoice_id=loft.issue().id, by=SYSTEM)
    loft.work()
    assert loft.states() == [("email", "failed")]


def test_the_businesss_order_holds_where_the_client_has_none(loft: Loft) -> None:
    setting(channel_order=["pigeon", "email"])
    client = clients.get(client_id=loft.client_id)
    assert reaching.order_of(client) == ("pigeon", "email")
    loft.order("email")
    assert reaching.order_of(clients.get(client_id=loft.client_id)) == ("email",)
    loft.order()
    assert clients.get(client_id=loft.client_id).channels == ()


def test_an_outcome_that_nobody_knows_is_never_said_again(loft: Loft) -> None:
    loft.order("pigeon", "email")
    Birds.answers["pigeon"] = lost
    notifications.tell_issued(invoice_id=loft.issue().id, by=SYSTEM)
    loft.work()
    assert loft.states() == [("pigeon", "unknown")]


def test_what_was_paid_meanwhile_is_not_reminded_of_again(loft: Loft) -> None:
    loft.order("pigeon", "email")
    invoice = loft.issue()
    sent = notifications.remind(invoice_id=invoice.id, channel="pigeon", by=BY)
    loft.work()
    payments.record(
        draft=PaymentDraft(amount=invoice.balance_due, method="cash", invoice_id=invoice.id), by=BY
    )
    messages.report(channel="pigeon", provider_ref=f"pigeon-{sent.id}", state="failed", by=SYSTEM)
    loft.work()
    assert [each.kind for each in loft.said()] == ["reminder"]


def test_silence_of_a_channel_that_reports(loft: Loft) -> None:
    loft.order("pigeon", "email")
    Birds.answers["pigeon"] = lambda message: SendResult("queued", f"p{message.message_id}")
    notifications.tell_issued(invoice_id=loft.issue().id, by=SYSTEM)
    loft.work()
    assert loft.states() == [("pigeon", "sent")]
    db.session.execute(
        text("UPDATE message_attempts SET created_at = now() - interval '25 hours'"
             " WHERE business_id = :b"), {"b": loft.business_id},
    )  # fmt: skip
    db.session.execute(
        text("UPDATE deliveries SET due_at = now() WHERE business_id = :b AND state = 'due'"),
        {"b": loft.business_id},
    )
    db.session.commit()
    loft.work()
    assert loft.states() == [("pigeon", "sent"), ("email", "sent")]


def test_statements_and_receipts_go_another_way_too(loft: Loft) -> None:
    loft.order("pigeon", "email")
    invoice = loft.issue()
    kept = statements.freeze(
        client_id=loft.client_id, start=date(2026, 1, 1), end=date(2027, 12, 31), currency="EUR",
        by=BY,
    )  # fmt: skip
    paid = payments.record(
        draft=PaymentDraft(amount=invoice.balance_due, method="cash", invoice_id=invoice.id), by=BY
    )
    Birds.answers["pigeon"] = fails
    letters.send_statement(statement_id=kept.id, channel="pigeon", recipient=PHONE, by=BY)
    letters.send_receipt(payment_id=paid.id, channel="pigeon", recipient=PHONE, by=BY)
    loft.work()
    again = [each for each in loft.said() if each.channel == "email"]
    assert {each.kind for each in again} == {"statement", "payment"}
    assert all(each.subject and each.state == "sent" for each in again)
    assert all("Harbour Books" in (each.text or "") for each in again)


# --- state unknown ---


def aged(loft: Loft, minutes: int) -> None:
    """The attempts were made so long ago, and it is time to look."""
    db.session.execute(
        text("UPDATE message_attempts SET created_at = now() - make_interval(mins => :m)"
             " WHERE business_id = :b"), {"b": loft.business_id, "m": minutes},
    )  # fmt: skip
    db.session.execute(
        text("UPDATE deliveries SET due_at = now() WHERE business_id = :b AND state = 'due'"),
        {"b": loft.business_id},
    )
    db.session.commit()


def unknown(loft: Loft) -> int:
    """A message whose end nobody knows; its id."""
    loft.order("pigeon", "email")
    Birds.answers["pigeon"] = lost
    made = notifications.tell_issued(invoice_id=loft.issue().id, by=SYSTEM)
    loft.work()
    assert loft.states() == [("pigeon", "unknown")]
    assert made is not None
    return made.id


def test_the_provider_is_asked_until_it_knows(loft: Loft) -> None:
    made = unknown(loft)
    aged(loft, 2)
    loft.work()
    assert (Birds.looked, loft.states()) == ([made], [("pigeon", "unknown")])
    Birds.found[made] = SendResult("delivered", "p-9")
    aged(loft, 4)
    loft.work()
    assert loft.states() == [("pigeon", "delivered")]
    assert loft.said()[0].attempts[0].provider_ref == "p-9"


def test_what_did_not_arrive_after_all_goes_the_next_way(loft: Loft) -> None:
    made = unknown(loft)
    Birds.found[made] = PermanentFailure("It never left.")
    aged(loft, 2)
    loft.work()
    assert loft.states() == [("pigeon", "failed"), ("email", "sent")]


def test_after_a_day_nobody_asks_any_more(loft: Loft) -> None:
    unknown(loft)
    Birds.found.clear()
    aged(loft, 60 * 25)
    loft.work()
    assert Birds.looked == []
    assert loft.states() == [("pigeon", "unknown")]


def test_a_provider_that_fails_to_answer_is_asked_again(loft: Loft) -> None:
    made = unknown(loft)
    Birds.found[made] = RuntimeError("no line")
    aged(loft, 2)
    loft.work()
    Birds.found[made] = SendResult("sent")
    aged(loft, 5)
    loft.work()
    assert loft.states() == [("pigeon", "sent")]


def test_where_no_provider_can_tell_a_person_decides(loft: Loft) -> None:
    """What did not arrive goes the next way; a report that comes later counts all the same."""
    first = unknown(loft)
    sending.decide(message_id=first, arrived=True, by=BY)
    loft.work()
    assert loft.states() == [("pigeon", "sent")]
    with pytest.raises(Conflict):
        sending.decide(message_id=first, arrived=False, by=BY)
    told = {"channel": "pigeon", "by": BY, "message_id": first}
    assert messages.report(provider_ref="p-1", state="delivered", **told)
    assert loft.states() == [("pigeon", "delivered")]


def test_what_a_person_says_did_not_arrive_goes_the_next_way(loft: Loft) -> None:
    made = unknown(loft)
    sending.decide(message_id=made, arrived=False, by=BY)
    loft.work()
    assert loft.states() == [("pigeon", "failed"), ("email", "sent")]
    told = {"channel": "pigeon", "by": BY, "message_id": made}
    assert messages.report(provider_ref="p-2", state="delivered", **told)
    assert loft.states()[0] == ("pigeon", "delivered")


# --- quiet hours ---


@pytest.mark.parametrize(
    ("hour", "country", "wait"),
    [(22, "AT", 10), (7, "AT", 1), (8, "AT", 0), (20, "AT", 0), (21, "AT", 11), (20, "JP", 4),
     (20, "US", 0), (3, None, 5)],
)  # fmt: skip
def test_until_when_it_is_quiet(loft: Loft, hour: int, country: str | None, wait: int) -> None:
    now = datetime(2026, 1, 15, hour, tzinfo=UTC) - timedelta(hours=1)  # Vienna is an hour ahead
    end = quiet.until(businesses.current(), country, now)
    assert end == (now + timedelta(hours=wait) if wait else None)


def all_day(loft: Loft) -> None:
    """Quiet hours that we are in, whatever the clock says."""
    setting(quiet_from="00:00", quiet_until="23:59")
    consents.give(channel="owl", address=PHONE, how="form", by=BY)
    loft.order("owl")


@pytest.mark.skipif(datetime.now(UTC).strftime("%M") == "59", reason="the one minute")
def test_what_rings_waits_for_the_morning_unless_a_person_says_so(loft: Loft) -> None:
    all_day(loft)
    made = notifications.tell_issued(invoice_id=loft.issue().id, by=SYSTEM)
    assert made is not None
    loft.work()
    assert loft.states() == [("owl", "queued")]
    assert loft.said()[0].due_at is not None
    assert loft.errors == ["It waits for the end of the quiet hours."]
    messages.send_now(message_id=made.id, by=BY)
    loft.work()
    assert loft.states() == [("owl", "sent")]
    with pytest.raises(Conflict):
        messages.send_now(message_id=made.id, by=BY)


def test_a_person_and_a_quiet_bird_do_not_wait(loft: Loft) -> None:
    all_day(loft)
    invoice = loft.issue()
    notifications.send_invoice(invoice_id=invoice.id, channel="owl", by=BY)
    loft.order("pigeon")
    notifications.tell_issued(invoice_id=invoice.id, by=SYSTEM)
    loft.work()
    assert {each.state for each in loft.said()} == {"sent"}


# --- who carries mail ---


def test_mail_goes_over_what_the_business_chose(loft: Loft) -> None:
    setting(carriers={"email": "courier"})
    sent = notifications.send_invoice(invoice_id=loft.issue().id, by=BY)
    loft.work()
    assert [channel for channel, _ in Birds.flown] == ["courier"]
    assert Birds.flown[0][1].attachments[0].media_type == "application/pdf"
    found = messages.get(message_id=sent.id)
    assert (found.channel, found.attempts[0].channel) == ("email", "courier")
    assert messages.report(
        channel="courier", provider_ref=f"courier-{sent.id}", state="delivered", by=SYSTEM
    )
    setting(carriers={"email": "gone"})
    notifications.send_invoice(invoice_id=loft.issue().id, by=BY)
    loft.work()
    assert loft.said()[-1].attempts[0].channel == "email"


@pytest.mark.parametrize("kind", ["invoice", "reminder", "receipt"])
def test_files_that_a_person_adds_go_beside_the_document_itself(loft: Loft, kind: str) -> None:
    invoice = loft.issue()
    own = {"invoice": invoice.id}
    if kind == "receipt":
        draft = PaymentDraft(invoice_id=invoice.id, amount=invoice.balance_due, method="cash")
        own = {"payment": payments.record(draft=draft, by=BY).id}
    note = files.upload(name="note.txt", data=b"hello", by=BY)
    attachments.attach(file_id=note.id, to=("client", loft.client_id), by=BY)
    sent = writing.write(
        client_id=loft.client_id, channel="email", recipient="in@harbour.test", kind=kind,
        invoice_id=invoice.id, files=[note.id], by=BY,
    )  # fmt: skip
    kept = db.session.query(Message).filter_by(id=sent.id).one()
    assert kept.attachments == [own, {"file": note.id}]
