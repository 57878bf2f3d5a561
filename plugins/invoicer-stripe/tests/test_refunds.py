"""Money that goes back: from here and from Stripe's dashboard, whole and in parts; disputes."""

from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import text

from invoicer_core.domain.errors import Conflict
from invoicer_core.models import db
from invoicer_core.services import businesses, payments
from invoicer_core.services.payments import follow_refund, providers
from tests.peers.stripe_events import event_of

OLDER = text("UPDATE refund_attempts SET created_at = created_at - interval '5 minutes'")


def give(till, made, amount=None, key=None):
    payment = till.payment(made)
    return till.shop.do(
        providers.give_back, payment_id=payment.id, key=key or uuid4(), amount=amount, reason="no"
    )


def refunds_at(till, intent):
    return till.peer.books.every("refund", till.account, payment_intent=intent["id"])


def test_a_refund_from_here_whole(till):
    made, intent = till.paid()
    assert give(till, made).status == "refunded"
    till.settle()
    assert till.state(made)[:5] == (
        "sent", Decimal("119.00"), "refunded", Decimal("119.00"), Decimal(0),
    )  # fmt: skip
    (refund,) = refunds_at(till, intent)
    assert refund["amount"] == 11900


def test_refunds_from_here_in_parts_and_not_more_than_there_is(till):
    made, intent = till.paid()
    give(till, made, Decimal("20.00"))
    give(till, made, Decimal("30.50"))
    till.settle()
    assert till.payment(made).refunded_amount == Decimal("50.50")
    with pytest.raises(Conflict):
        give(till, made, Decimal("68.51"))
    assert [each["amount"] for each in refunds_at(till, intent)] == [3050, 2000]


def test_money_that_lies_on_no_invoice_goes_back_too(till):
    """It was taken off its invoice: a part goes back from here, the rest at Stripe."""
    made, intent = till.paid()
    paid = till.payment(made)
    (part,) = paid.allocations
    till.shop.do(payments.unallocate, payment_id=paid.id, allocation_id=part.id)
    give(till, made, Decimal("20.00"))
    till.settle()
    assert till.payment(made).unapplied_amount == Decimal("99.00")
    till.peer.refund(intent, 9900)
    till.settle()
    assert till.state(made)[1:5] == (
        Decimal("119.00"), "refunded", Decimal("119.00"), Decimal(0),
    )  # fmt: skip


def test_refunds_from_stripe_in_parts(till):
    made, intent = till.paid()
    till.peer.refund(intent, 2000)
    till.settle()
    assert till.payment(made).refunded_amount == Decimal("20.00")
    till.peer.refund(intent, 9900)
    till.settle()
    assert till.state(made)[1:4] == (Decimal("119.00"), "refunded", Decimal("119.00"))
    assert {each.reason for each in till.payment(made).refunds} == {"Refunded at Stripe"}


def test_the_cumulative_event_alone_is_enough(till):
    made, intent = till.paid()
    till.peer.post.held = True
    till.peer.refund(intent, 2000)
    till.peer.refund(intent, 3000)
    first, second = till.events("charge.refunded")
    assert (till.deliver(second), till.deliver(first)) == (200, 200)
    till.work()
    assert sorted(each.amount for each in till.payment(made).refunds) == [20, 30]


def test_a_refund_told_of_twice_counts_once(till):
    """By two events of different kinds, each with an id of its own."""
    made, intent = till.paid()
    refund = till.peer.refund(intent, 2000)
    till.settle()
    for kind in ("refund.updated", "refund.created"):
        assert till.deliver(event_of(kind, refund, livemode=False)) == 200
    till.work()
    assert till.payment(made).refunded_amount == Decimal("20.00")


def test_the_event_is_faster_than_our_own_answer(till):
    """The webhook of our own refund is worked on before the answer to our call is."""
    made, _intent = till.paid()
    till.peer.mood, till.peer.moody, till.peer.delay = "forgets", 1, 1.0
    paid = give(till, made, Decimal("20.00"))
    till.settle()
    assert paid.refunded_amount == Decimal("20.00")
    assert len(till.payment(made).refunds) == 1


def test_a_refund_whose_answer_was_lost_is_not_done_twice(till):
    made, intent = till.paid()
    till.peer.post.held = True
    till.peer.mood, till.peer.moody = "drops", 2
    with pytest.raises(Conflict, match="can not say yet"):
        give(till, made, Decimal("20.00"))
    payment = till.payment(made)
    (asked,) = till.shop.read(providers.attempts, payment_id=payment.id)
    assert (asked.state, payment.refunded_amount) == ("unknown", 0)
    given = {"payment_id": payment.id, "refund_id": asked.id}
    assert till.shop.read(follow_refund, **given) is not None
    assert till.payment(made).refunded_amount == 0, "left to the one who asked, for a minute"
    with till.shop.app.app_context(), businesses.enter_business(till.shop.business_id):
        db.session.execute(OLDER)
        db.session.commit()
    assert till.shop.read(follow_refund, **given) is None
    assert till.payment(made).refunded_amount == Decimal("20.00")
    assert len(refunds_at(till, intent)) == 1


def test_a_lost_answer_is_made_up_for_by_the_event(till):
    made, intent = till.paid()
    till.peer.mood, till.peer.moody = "drops", 2
    with pytest.raises(Conflict):
        give(till, made, Decimal("20.00"))
    till.settle()
    payment = till.payment(made)
    assert payment.refunded_amount == Decimal("20.00")
    (asked,) = till.shop.read(providers.attempts, payment_id=payment.id)
    assert asked.state == "succeeded"
    assert len(refunds_at(till, intent)) == 1


def test_a_refund_that_the_bank_refuses_is_told(till):
    made, intent = till.paid()
    refund = till.peer.refund(intent, 2000)
    till.settle()
    till.peer.books.fail_refund(refund)
    till.settle()
    (mail,) = till.shop.mails("refund_failed")
    assert mail[0] == "hello@atelier.test"
    assert made.invoice_number in mail[1]


def test_a_refund_of_a_currency_without_digits(till):
    made, intent = till.paid("1000", currency="JPY")
    give(till, made, Decimal(500))
    till.settle()
    assert [each["amount"] for each in refunds_at(till, intent)] == [500]
    assert till.payment(made).refunded_amount == Decimal(500)


# --- disputes ------------------------------------------------------------------------------------


def test_a_lost_dispute_is_money_that_went_back(till):
    made, intent = till.paid()
    case = till.peer.books.contest(intent)
    till.settle()
    assert till.payment(made).status == "disputed"
    assert till.shop.invoice(made.id).status == "paid"
    with pytest.raises(Conflict):
        give(till, made)
    till.peer.books.close(case, "lost")
    till.settle()
    assert till.state(made)[:4] == ("sent", Decimal("119.00"), "refunded", Decimal("119.00"))
    assert "bank" in till.payment(made).refunds[0].reason


def test_a_won_dispute_leaves_everything_as_it_was(till):
    made, intent = till.paid()
    before = till.state(made)
    case = till.peer.books.contest(intent)
    till.settle()
    till.peer.books.close(case, "won")
    till.settle()
    assert till.state(made) == before


def test_a_dispute_over_a_part_after_a_refund(till):
    made, intent = till.paid()
    till.peer.refund(intent, 1900)
    case = till.peer.books.contest(intent, 6000)
    till.peer.books.close(case, "lost")
    till.settle()
    assert till.state(made)[1:5] == (
        Decimal("79.00"), "partly_refunded", Decimal("79.00"), Decimal("40.00"),
    )  # fmt: skip
