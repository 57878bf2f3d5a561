"""Paying at Stripe's page: whole, in part, declined, cancelled, and what ends a pay page."""

from decimal import Decimal
from uuid import uuid4

import pytest
from invoicer_stripe.tables import Begun

from invoicer_core.domain.errors import InvalidInput, NotFound
from invoicer_core.services import invoices, payments
from tests.integration.web.scenes import words

from .conftest import make_till

ENGLISH = {"Accept-Language": "en"}


def test_an_invoice_is_paid_whole(till):
    made, session = till.begun()
    lead = till.payer.get(f"{till.shop.link(made)}/pay/{session['client_reference_id']}?go=1")
    assert f'content="0;url={session["url"]}"' in lead.text
    assert (session["amount_total"], session["currency"]) == (11900, "eur")
    names = [item["price_data"]["product_data"]["name"] for item in session["line_items"]]
    assert names == ["Brand workshop", "VAT"]
    assert till.shop.invoice(made.id).balance_due == Decimal("119.00")
    till.peer.pay(session)
    till.settle()
    assert till.shop.invoice(made.id).status == "paid"
    paid = till.payment(made)
    assert (paid.status, paid.amount, paid.provider_ref) == (
        "succeeded", Decimal("119.00"), session["id"],
    )  # fmt: skip
    (row,) = till.rows(Begun)
    assert (row.is_over, row.intent_id) == (True, session["payment_intent"])
    assert till.odd() == {}


def test_stripe_is_asked_where_it_does_not_call(till):
    till.peer.post.held = True
    made, session = till.begun()
    till.peer.pay(session)
    page = f"{till.shop.link(made)}/pay/{session['client_reference_id']}"
    assert "has arrived" in words(till.payer.get(page, headers=ENGLISH))
    assert till.shop.invoice(made.id).status == "paid"
    assert till.rows(Begun)[0].intent_id == session["payment_intent"]


def test_a_part_is_one_line(till):
    made = till.shop.issue()
    till.pay(made, amount="50.50")
    session = till.session()
    (line,) = session["line_items"]
    assert line["price_data"]["product_data"]["name"] == made.invoice_number
    assert session["amount_total"] == 5050
    till.peer.pay(session)
    till.settle()
    assert till.shop.invoice(made.id).balance_due == Decimal("68.50")


@pytest.mark.parametrize(
    ("currency", "price", "minor"),
    [("JPY", "1000", 1190), ("KWD", "10.000", 11900), ("USD", "0.50", 60), ("ISK", "100", 11900)],
)
def test_amounts_in_their_smallest_unit(till, currency, price, minor):
    made, session = till.begun(price, currency=currency)
    assert session["amount_total"] == minor
    till.peer.pay(session)
    till.settle()
    assert till.shop.invoice(made.id).status == "paid"
    assert till.payment(made).amount == made.amount_due


def test_an_amount_that_stripe_cannot_take_is_refused_in_words(till):
    made = till.shop.issue("1.001", currency="KWD")
    answer = till.pay(made)
    page = till.payer.get(answer.location.partition("?")[0], headers=ENGLISH)
    assert "in steps of 0.01" in words(page)
    assert till.payment(made).status == "failed"
    assert (
        'value="stripe"' not in till.payer.get(till.shop.link(till.shop.issue(currency="UGX"))).text
    )


def test_a_declined_card_and_then_another(till):
    made, session = till.begun()
    assert not till.peer.pay(session, "declines")
    till.settle()
    assert till.payment(made).status == "pending"
    assert till.peer.pay(session)
    till.settle()
    assert till.shop.invoice(made.id).status == "paid"


def test_cancelled_and_paid_all_the_same(till):
    made, session = till.begun()
    back = session["cancel_url"].partition("/i/")[2]
    assert "You did not pay" in words(till.payer.get(f"/i/{back}", headers=ENGLISH))
    assert till.shop.read(payments.payable, invoice=made).most == Decimal("119.00")
    till.peer.pay(session)
    till.settle()
    assert till.shop.invoice(made.id).status == "paid"


def test_a_voided_invoice_closes_its_pay_pages(till):
    made, session = till.begun()
    till.shop.do(invoices.void, invoice_id=made.id, reason="wrong client")
    till.settle()
    assert session["status"] == "expired"
    assert till.payment(made).status == "failed"
    assert till.payer.http.get(session["success_url"]).status_code in (200, 404)


def test_an_invoice_paid_in_another_way_closes_its_pay_pages(till):
    made, session = till.begun()
    till.shop.do(payments.pay_balance, invoice_id=made.id)
    till.settle()
    assert session["status"] == "expired"
    assert till.shop.invoice(made.id).status == "paid"


def test_without_a_key_there_is_no_way(stripe_app, site, stripe, till):
    assert 'value="stripe"' in till.payer.get(till.shop.link(till.shop.issue())).text
    bare = make_till(stripe_app, site, stripe, "secret_key")
    made = bare.shop.issue()
    link = bare.shop.link(made)
    assert 'value="stripe"' not in till.payer.get(link).text
    with pytest.raises(NotFound):
        bare.shop.do(payments.start, invoice_id=made.id, provider="stripe", attempt_id=uuid4(),
                     amount=None, page="http://x/", locale="en")  # fmt: skip


def test_without_a_signing_secret_there_is_no_address(stripe_app, site, stripe):
    bare = make_till(stripe_app, site, stripe, "webhook_secret")
    made, session = bare.begun()
    bare.peer.pay(session)
    bare.peer.post.settled()
    event = bare.events("checkout.session.completed")[0]
    assert bare.deliver(event) == 404
    assert bare.deliver(event, secret="whsec_") == 404
    elsewhere = bare.payer.http.post("/hooks/stripe/nothing/1", data=b"{}")
    gone = bare.payer.http.post(bare.endpoint.url.removeprefix(site), data=b"{}")
    assert gone.json["detail"] == elsewhere.json["detail"]
    assert bare.shop.invoice(made.id).status == "sent"


def test_keys_of_the_wrong_kind_are_refused(till):
    for name, value in (("secret_key", "pk_test_123"), ("webhook_secret", "sk_test_1"),
                        ("api_address", "http://10.0.0.1")):  # fmt: skip
        with pytest.raises(InvalidInput):
            till.set(**{name: value})
