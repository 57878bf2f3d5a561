"""Paying an invoice by its link, at a provider: there, back, and what became of it."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from invoicer_core.domain.actor import plugin_actor
from invoicer_core.domain.drafts import PaymentDraft
from invoicer_core.domain.errors import Forbidden, NotFound
from invoicer_core.hooks.offers import PaymentOutcome
from invoicer_core.models import db
from invoicer_core.services import businesses, deliveries, payments, plugins
from tests.integration.web.conftest import Visitor
from tests.integration.web.scenes import SAME, Shop, make_shop, once_of, pay, words
from tests.peers.till import Till


@pytest.fixture
def shop(paying: Flask, till: Till) -> Shop:
    """A business that is paid at the till."""
    till.sales.clear()
    till.mood = "works"
    shop = make_shop(paying)
    shop.do(plugins.change, name="paying", enabled=True, settings={"till": till.url})
    return shop


@pytest.fixture
def payer(paying: Flask) -> Visitor:
    """The client's browser."""
    return Visitor(paying.test_client())


def allow_parts(shop: Shop) -> None:
    shop.do(businesses.update, fields={"settings": {"part_payments": True}})


def test_a_payment_goes_to_the_provider_and_back(shop: Shop, payer: Visitor, till: Till) -> None:
    made = shop.issue()
    link = shop.link(made)
    answer = pay(payer, link)
    assert answer.status_code == 303
    status = answer.location
    lead = payer.get(status)
    sale = till.only()
    assert f'<meta http-equiv="refresh" content="0;url={sale["url"]}">' in lead.text
    assert (sale["amount"], sale["currency"]) == ("119.00", "EUR")
    assert sale["back"].endswith(status.partition("?")[0])
    assert "Set-Cookie" not in lead.headers
    assert shop.invoice(made.id).balance_due == Decimal("119.00")
    sale["state"] = "paid"
    came = payer.get(status.partition("?")[0], headers={"Accept-Language": "en"})
    assert "Your payment of €119.00 has arrived. The invoice is paid." in words(came)
    assert shop.invoice(made.id).status == "paid"
    assert "Paid. Thank you!" in words(payer.get(link, headers={"Accept-Language": "en"}))


def test_the_same_form_twice_is_one_payment(shop: Shop, payer: Visitor, till: Till) -> None:
    link = shop.link(shop.issue())
    once = once_of(payer.get(link))
    first = pay(payer, link, once=once)
    assert pay(payer, link, once=once).location == first.location
    assert len(till.sales) == 1


def test_the_token_of_anothers_form_begins_nothing(
    paying: Flask, shop: Shop, payer: Visitor, till: Till
) -> None:
    link = shop.link(shop.issue())
    once = once_of(payer.get(link))
    pay(payer, link, once=once)
    other = make_shop(paying)
    other.do(plugins.change, name="paying", enabled=True, settings={"till": till.url})
    answer = pay(payer, other.link(other.issue()), once=once)
    assert answer.status_code == 409
    assert len(till.sales) == 1


def test_a_part_only_where_the_business_takes_parts(shop: Shop, payer: Visitor, till: Till) -> None:
    made = shop.issue()
    link = shop.link(made)
    refused = pay(payer, link, amount="50,00")
    assert refused.status_code == 422
    assert "paid as a whole" in words(refused)
    allow_parts(shop)
    answer = pay(payer, link, amount="50.5")
    till.only()["state"] = "paid"
    came = payer.get(answer.location.partition("?")[0], headers={"Accept-Language": "en"})
    assert "€68.50 is still to be paid" in words(came)
    assert shop.invoice(made.id).balance_due == Decimal("68.50")


@pytest.mark.parametrize("amount", ["0", "-5", "119.01", "1e3", "abc", "0.001", "9" * 40])
def test_odd_amounts_begin_nothing(shop: Shop, payer: Visitor, till: Till, amount: str) -> None:
    allow_parts(shop)
    link = shop.link(shop.issue())
    answer = pay(payer, link, amount=amount)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert f'value="{amount}"' in answer.text
    assert till.sales == {}


def test_what_is_on_its_way_is_not_paid_twice(shop: Shop, payer: Visitor, till: Till) -> None:
    allow_parts(shop)
    link = shop.link(shop.issue())
    first = pay(payer, link, amount="100")
    page = payer.get(link, headers={"Accept-Language": "en"})
    assert "A payment of €100.00 is on its way." in words(page)
    assert pay(payer, link, amount="20").status_code == 422
    whole = pay(payer, link, amount="19")
    assert whole.status_code == 303
    assert 'name="provider"' not in payer.get(link).text
    called_off = payer.http.post(
        f"{first.location.partition('?')[0]}/call-off", headers=SAME, follow_redirects=True
    )
    assert "es wurde nichts abgebucht" in words(called_off)
    assert pay(payer, link, amount="100").status_code == 303


def test_cancelled_at_the_provider_and_money_that_comes_all_the_same(
    shop: Shop, payer: Visitor, till: Till
) -> None:
    made = shop.issue()
    answer = pay(payer, shop.link(made))
    sale = till.only()
    back = sale["cancel"].partition("/i/")[2]
    came = payer.get(f"/i/{back}", headers={"Accept-Language": "en"})
    assert "You did not pay" in words(came)
    sale["state"] = "paid"
    hook = payer.http.post(
        f"/hooks/paying/till/{shop.business_id}", json=sale, headers={"till": "rings", "event": "1"}
    )
    assert hook.status_code == 204
    assert shop.invoice(made.id).status == "paid"
    assert "has arrived" in words(payer.get(answer.location, headers={"Accept-Language": "en"}))


@pytest.mark.parametrize(
    ("state", "said"),
    [("refused", "The payment did not work"), ("lost", "We do not know yet whether it worked"),
     ("open", "Your payment is on its way")],
)  # fmt: skip
def test_every_outcome_has_its_words(
    shop: Shop, payer: Visitor, till: Till, state: str, said: str
) -> None:
    made = shop.issue()
    answer = pay(payer, shop.link(made))
    till.only()["state"] = state
    page = payer.get(answer.location.partition("?")[0], headers={"Accept-Language": "en"})
    assert said in words(page)
    assert shop.invoice(made.id).balance_due == Decimal("119.00")


@pytest.mark.parametrize(
    ("mood", "status", "said"),
    [("refuses", 303, "The till is closed."), ("stumbles", 503, "did not answer"),
     ("forgets", 303, "do not know yet"), ("runs", 503, "did not answer")],
)  # fmt: skip
def test_a_provider_in_a_bad_mood(
    shop: Shop, payer: Visitor, till: Till, mood: str, status: int, said: str
) -> None:
    till.mood = mood  # type: ignore[assignment]
    answer = pay(payer, shop.link(shop.issue()))
    assert answer.status_code == status
    page = (
        payer.get(answer.location, headers={"Accept-Language": "en"}) if status == 303 else answer
    )
    assert said in words(page)
    assert "javascript:" not in page.text


def test_webhooks_in_any_order_book_once(shop: Shop, payer: Visitor, till: Till) -> None:
    made = shop.issue()
    answer = pay(payer, shop.link(made))
    sale = till.only()
    for number, state in enumerate(["refused", "paid", "paid", "refused", "open", "lost"]):
        hook = payer.http.post(
            f"/hooks/paying/till/{shop.business_id}",
            json={**sale, "state": state},
            headers={"till": "rings", "event": f"{sale['id']}-{number}"},
        )
        assert hook.status_code == 204
    assert shop.invoice(made.id).status == "paid"
    found = shop.read(payments.find, invoice_id=made.id).items
    assert [(each.status, each.amount) for each in found] == [("succeeded", Decimal("119.00"))]
    assert "has arrived" in words(payer.get(answer.location, headers={"Accept-Language": "en"}))


def test_another_amount_than_agreed_is_left_to_a_person(
    shop: Shop, payer: Visitor, till: Till
) -> None:
    made = shop.issue()
    answer = pay(payer, shop.link(made))
    till.only().update(state="paid", amount="11.90")
    page = payer.get(answer.location.partition("?")[0], headers={"Accept-Language": "en"})
    assert "We do not know yet whether it worked" in words(page)
    assert shop.invoice(made.id).balance_due == Decimal("119.00")


def test_what_exceeds_the_balance_stays_the_clients(shop: Shop, payer: Visitor, till: Till) -> None:
    made = shop.issue()
    pay(payer, shop.link(made))
    shop.do(payments.record, draft=PaymentDraft(amount=Decimal(100), invoice_id=made.id,
                                                method="cash"))  # fmt: skip
    sale = {**till.only(), "state": "paid"}
    payer.http.post(f"/hooks/paying/till/{shop.business_id}", json=sale,
                    headers={"till": "rings", "event": sale["id"]})  # fmt: skip
    assert shop.invoice(made.id).status == "paid"
    (online,) = (
        p for p in shop.read(payments.find, invoice_id=made.id).items if p.method == "online"
    )
    assert (online.amount, online.unapplied_amount) == (Decimal("119.00"), Decimal("100.00"))


def test_only_ones_own_attempts_are_told(shop: Shop, payer: Visitor, till: Till) -> None:
    mine, other = shop.issue(), shop.issue()
    number = pay(payer, shop.link(mine)).location.partition("/pay/")[2].partition("?")[0]
    assert payer.get(f"{shop.link(mine)}/pay/{number}").status_code == 200
    assert payer.get(f"{shop.link(other)}/pay/{number}").status_code == 404
    answer = payer.http.post(f"{shop.link(other)}/pay/{number}/call-off", headers=SAME)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"},
     {"Sec-Fetch-Site": "same-site"}],
)  # fmt: skip
def test_another_site_begins_no_payment(
    shop: Shop, payer: Visitor, till: Till, headers: dict[str, str]
) -> None:
    link = shop.link(shop.issue())
    once = once_of(payer.get(link))
    answer = payer.http.post(
        f"{link}/pay", data={"once": once, "provider": "till"}, headers=headers
    )
    assert answer.status_code == 403
    assert till.sales == {}


def test_no_button_for_another_currency_or_a_settled_invoice(
    shop: Shop, payer: Visitor, client: FlaskClient
) -> None:
    assert 'value="till"' in payer.get(shop.link(shop.issue(currency="USD"))).text
    assert 'value="till"' not in payer.get(shop.link(shop.issue(currency="CHF"))).text
    paid = shop.issue()
    link = shop.link(paid)
    once = once_of(payer.get(link))
    shop.do(payments.pay_balance, invoice_id=paid.id)
    assert 'value="till"' not in payer.get(link).text
    late = payer.http.post(f"{link}/pay", data={"once": once, "provider": "till"}, headers=SAME)
    assert late.status_code == 409


# --- when the payer does not come back -----------------------------------------------------------


def begun(shop: Shop, payer: Visitor, till: Till) -> tuple[int, UUID]:
    """A payment that was begun: the invoice's id and the attempt's."""
    made = shop.issue()
    pay(payer, shop.link(made))
    return made.id, UUID(till.only()["key"])


OLDER = text(
    "UPDATE payment_attempts SET checked_at = NULL,"
    " created_at = created_at - make_interval(mins => :minutes),"
    " redirect_url = CASE WHEN :led THEN redirect_url END,"
    " expires_at = CASE WHEN :over THEN now() - interval '1 minute' END"
)


def age(shop: Shop, minutes: int, *, led: bool = True, over: bool = False) -> None:
    """Make the business's attempts older; without the address they led to, or with their time
    over."""
    with shop.app.app_context(), businesses.enter_business(shop.business_id):
        db.session.execute(OLDER, {"minutes": minutes, "led": led, "over": over})
        db.session.commit()


def test_a_worker_asks_until_it_is_known(shop: Shop, payer: Visitor, till: Till) -> None:
    invoice_id, attempt = begun(shop, payer, till)
    asked = {"invoice_id": invoice_id, "public_id": attempt}
    with shop.app.app_context(), businesses.enter_business(shop.business_id):
        owed = db.session.execute(text("SELECT id FROM deliveries WHERE subscriber = 'payments'"))
        (delivery_id,) = owed.scalars().all()
        data = deliveries.load(delivery_id=delivery_id)
    assert (data.name, data.invoice_id, data.data["attempt"]) == (
        "payment.begun", invoice_id, str(attempt),
    )  # fmt: skip
    assert shop.read(payments.follow, **asked) == timedelta(seconds=20)
    age(shop, 0)
    till.only()["state"] = "paid"
    assert shop.read(payments.follow, **asked) is None
    assert shop.invoice(invoice_id).status == "paid"
    before = till.asked
    assert shop.read(payments.follow, **asked) is None
    assert till.asked == before


def test_a_start_that_broke_off_ends_as_failed_and_blocks_nothing(
    shop: Shop, payer: Visitor, till: Till
) -> None:
    invoice_id, attempt = begun(shop, payer, till)
    with shop.app.app_context(), businesses.enter_business(shop.business_id):
        db.session.execute(text("UPDATE payments SET provider_ref = NULL"))
        db.session.commit()
    age(shop, 0, led=False)
    asked = {"invoice_id": invoice_id, "public_id": attempt}
    assert shop.read(payments.follow, **asked) == timedelta(seconds=20)
    age(shop, 6, led=False)
    assert shop.read(payments.follow, **asked) is None
    assert shop.read(payments.attempt, **asked).state == "failed"
    made = shop.invoice(invoice_id)
    assert shop.read(payments.payable, invoice=made).most == Decimal("119.00")


def test_an_attempt_whose_time_is_over_blocks_nothing(
    shop: Shop, payer: Visitor, till: Till
) -> None:
    invoice_id, _ = begun(shop, payer, till)
    age(shop, 0, over=True)
    made = shop.invoice(invoice_id)
    assert shop.read(payments.payable, invoice=made).most == Decimal("119.00")


def test_a_plugin_settles_only_what_it_began(shop: Shop, payer: Visitor, till: Till) -> None:
    invoice_id, attempt = begun(shop, payer, till)
    outcome = PaymentOutcome(state="succeeded", amount=Decimal("119.00"), currency="EUR")
    with pytest.raises(Forbidden):
        shop.read(payments.settle, attempt_id=attempt, outcome=outcome, by=plugin_actor("other"))
    assert shop.invoice(invoice_id).balance_due == Decimal("119.00")
    other = make_shop(shop.app)
    with pytest.raises(NotFound):
        other.read(payments.settle, attempt_id=attempt, outcome=outcome, by=plugin_actor("paying"))
    shop.read(payments.settle, attempt_id=attempt, outcome=outcome, by=plugin_actor("paying"))
    assert shop.invoice(invoice_id).status == "paid"
