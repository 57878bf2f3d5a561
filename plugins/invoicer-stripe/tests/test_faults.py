"""Stripe down, slow, busy, broken and forgetful: nothing is charged or given back twice."""

import logging
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from invoicer_stripe import api
from invoicer_stripe.tables import Begun
from sqlalchemy import text

from invoicer_core.domain.errors import Conflict
from invoicer_core.models import db
from invoicer_core.services import businesses, payments, plugins
from invoicer_core.services.payments import providers
from tests.integration.web.scenes import words

from .conftest import make_till

ENGLISH = {"Accept-Language": "en"}
AGED = text(
    "UPDATE payment_attempts SET checked_at = NULL,"
    " created_at = created_at - make_interval(mins => :minutes)"
)
AGED_BEGUN = text(
    "UPDATE plugin_stripe.begun SET created_at = created_at - make_interval(mins => :minutes)"
)


def age(till, minutes):
    with till.shop.app.app_context(), businesses.enter_business(till.shop.business_id):
        for statement in (AGED, AGED_BEGUN):
            db.session.execute(statement, {"minutes": minutes})
        db.session.commit()


@pytest.mark.parametrize("mood", ["busy"])
def test_stripe_says_not_now(till, mood):
    made = till.shop.issue()
    till.peer.mood = mood
    answer = till.pay(made)
    assert answer.status_code == 503
    assert till.peer.sessions(client_reference_id=str(till.rows(Begun)[0].attempt_id)) == []
    till.peer.mood = "works"
    assert till.pay(made).status_code == 303


def test_stripe_can_not_be_reached(till):
    made = till.shop.issue()
    till.set(api_address="http://127.0.0.1:9")
    assert till.pay(made).status_code == 503
    assert till.payment(made).status == "failed"


@pytest.mark.parametrize("mood", ["down", "broken", "drops"])
def test_nobody_knows_whether_it_was_begun(till, mood):
    """The payer was led nowhere; the page that may be there is closed, and a new one is opened."""
    made = till.shop.issue()
    till.peer.mood, till.peer.moody = mood, 2
    answer = till.pay(made)
    assert answer.status_code == 303
    assert till.payment(made).status == "unknown"
    page = answer.location.partition("?")[0]
    assert "did not work" in words(till.payer.get(page, headers=ENGLISH))
    number = page.rpartition("/")[2]
    left = till.peer.sessions(client_reference_id=number)
    assert {each["status"] for each in left} <= {"expired"}
    assert len(left) == (mood == "drops")
    assert till.pay(made).status_code == 303
    till.peer.pay(till.session())
    till.settle()
    assert till.shop.invoice(made.id).status == "paid"


@pytest.mark.parametrize("mood", ["down", "broken", "drops"])
def test_a_second_try_under_the_same_key_begins_one_payment(till, mood):
    made = till.shop.issue()
    till.peer.mood, till.peer.moody = mood, 1
    answer = till.pay(made)
    number = answer.location.partition("?")[0].rpartition("/")[2]
    (session,) = till.peer.sessions(client_reference_id=number)
    assert session["status"] == "open"
    assert till.payment(made).provider_ref == session["id"]


def test_slow_is_not_down(till, monkeypatch):
    monkeypatch.setattr(api, "READ", 0.3)
    made = till.shop.issue()
    till.peer.mood, till.peer.moody, till.peer.delay = "forgets", 2, 0.8
    till.pay(made)
    assert till.payment(made).status == "unknown"
    till.peer.mood = "works"
    attempt = till.payment(made).public_id
    asked = {"invoice_id": made.id, "public_id": attempt}
    assert till.shop.read(payments.follow, **asked) is None
    assert till.payment(made).status == "failed"
    assert {s["status"] for s in till.peer.sessions(client_reference_id=str(attempt))} == {
        "expired"
    }


def test_the_process_died_before_it_could_write_down_the_answer(till):
    made, session = till.begun()
    with till.shop.app.app_context(), businesses.enter_business(till.shop.business_id):
        db.session.execute(text("UPDATE payments SET provider_ref = NULL"))
        db.session.execute(text("UPDATE payment_attempts SET redirect_url = NULL"))
        db.session.execute(text("UPDATE plugin_stripe.begun SET session_id = NULL"))
        db.session.commit()
    asked = {"invoice_id": made.id, "public_id": UUID(session["client_reference_id"])}
    assert till.shop.read(payments.follow, **asked) == timedelta(seconds=20)
    assert session["status"] == "open"
    age(till, 6)
    assert till.shop.read(payments.follow, **asked) is None
    assert session["status"] == "expired"
    assert till.payment(made).status == "failed"


def test_stripe_away_while_it_is_asked_decides_nothing(till):
    made, session = till.begun()
    till.peer.pay(session)
    till.peer.mood, till.peer.moody = "down", None
    asked = {"invoice_id": made.id, "public_id": UUID(session["client_reference_id"])}
    till.peer.post.settled()
    found = till.shop.read(payments.follow, **asked)
    assert found is None or found == timedelta(seconds=20)
    assert till.payment(made).status != "failed"


def test_a_refund_while_stripe_is_busy_is_tried_again(till):
    made, intent = till.paid()
    till.peer.mood = "busy"
    payment = till.payment(made)
    with pytest.raises(Conflict, match="busy"):
        till.shop.do(providers.give_back, payment_id=payment.id, key=uuid4(), reason="x")
    till.peer.mood = "works"
    (asked,) = till.shop.read(providers.attempts, payment_id=payment.id)
    till.shop.do(providers.ask_again, payment_id=payment.id, attempt_id=asked.id)
    assert till.payment(made).status == "refunded"
    assert intent["id"]


def test_a_key_that_is_not_accepted_any_more(till, caplog):
    made = till.shop.issue()
    till.peer.refused_keys.add(till.account)
    with caplog.at_level(logging.WARNING):
        answer = till.pay(made)
    page = till.payer.get(answer.location, headers=ENGLISH)
    assert "not set up rightly" in words(page)
    assert till.account not in caplog.text + page.text


def test_how_it_is(stripe_app, site, stripe, till):
    def health(of):
        (check,) = of.shop.read(plugins.get, name="stripe").checks
        return check.ok, check.detail

    assert health(till) == (True, "Test mode. All is well.")
    till.peer.refused_keys.add(till.account)
    assert health(till)[0] is False
    assert "does not accept" in health(till)[1]
    till.peer.refused_keys.clear()
    till.set(api_address="http://127.0.0.1:9")
    assert "does not answer" in health(till)[1]
    assert (
        "/hooks/stripe/events/" in health(make_till(stripe_app, site, stripe, "webhook_secret"))[1]
    )
    assert "Enter the secret key" in health(make_till(stripe_app, site, stripe, "secret_key"))[1]


def test_secrets_stay_inside(till, caplog):
    """Neither in what the plugin's settings answer, nor in logs, jobs, events or rows."""
    with caplog.at_level(logging.DEBUG):
        made, _intent = till.paid()
        till.peer.mood, till.peer.moody = "broken", 2
        till.pay(till.shop.issue())
    secrets = (till.account, till.endpoint.secret)
    said = caplog.text + str(till.shop.read(plugins.get, name="stripe"))
    with till.shop.app.app_context(), businesses.enter_business(till.shop.business_id):
        for table in ("events", "deliveries", "audit_entries", "payment_attempts", "payments",
                      "plugin_stripe.begun", "plugin_stripe.odd"):  # fmt: skip
            every = text("SELECT t::text FROM " + table + " t")  # noqa: S608 - names of ours
            said += str(db.session.execute(every).all())
    assert [each for each in secrets if each in said] == []
    assert till.shop.invoice(made.id).status == "paid"
