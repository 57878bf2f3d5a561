"""Cards that clients let a business charge: agreed to, saved, charged, declined, ended."""

from decimal import Decimal

import pytest
from invoicer_stripe import cards
from invoicer_stripe.tables import Card
from sqlalchemy import text

from invoicer_core import host
from invoicer_core.models import db
from invoicer_core.services import businesses, clients, links, payments, plugins
from invoicer_core.services.clients import erasure, merging
from tests.integration.web.scenes import SAME, words

ENGLISH = {"Accept-Language": "en"}


def page(till, made):
    return f"/plugins/stripe/automatic/{links_token(till, made)}"


def links_token(till, made):
    with till.shop.app.app_context():
        return links.invoice_token(made.public_id)


def agree(till, made, **fields):
    values = {"agreed": "yes", **fields}
    return till.payer.http.post(page(till, made), data=values, headers={**SAME, **ENGLISH})


def save(till, card="works", when="when issued"):
    """The client saved a card, on the page of an old invoice."""
    till.set(charge=when)
    made = till.shop.issue("10.00")
    assert agree(till, made).status_code == 200
    assert till.peer.pay(till.session(), card)
    till.settle()
    till.shop.do(payments.pay_balance, invoice_id=made.id)
    till.settle()
    return made


def test_a_client_agrees_and_is_charged_on_issue(till):
    old = till.shop.issue("10.00")
    link = till.shop.link(old)
    assert "paid by themselves" not in till.payer.get(link, headers=ENGLISH).text
    till.set(charge="when issued")
    assert page(till, old) in till.payer.get(link, headers=ENGLISH).text
    refused = agree(till, old, agreed="")
    assert refused.status_code == 422
    assert till.rows(Card) == []
    led = agree(till, old)
    session = till.session()
    assert f'content="0;url={session["url"]}"' in led.text
    assert session["mode"] == "setup"
    till.peer.pay(session)
    till.settle()
    (card,) = till.rows(Card)
    assert (card.last4, card.ended_at) == ("4242", None)
    assert "may charge my card for each invoice to me, when it is issued" in card.agreed_text
    assert card.agreed_at is not None
    assert card.agreed_from
    shown = words(till.payer.get(page(till, old), headers=ENGLISH))
    assert "ending in 4242" in shown
    assert card.agreed_text in shown

    made = till.shop.issue()
    till.settle()
    assert till.shop.invoice(made.id).status == "paid"
    paid = till.payment(made)
    assert (paid.amount, paid.status) == (Decimal("119.00"), "succeeded")
    assert till.shop.invoice(old.id).status == "sent", "what was issued before is not charged"


def test_nothing_is_charged_without_the_clients_word(till):
    till.set(charge="when issued")
    made = till.shop.issue("10.00")
    agree(till, made)
    till.settle()
    second = till.shop.issue()
    till.settle()
    assert till.shop.invoice(second.id).status == "sent", "no card was saved"


def test_charged_on_the_day_it_is_due(till):
    save(till, when="when due")
    made = till.shop.issue()
    till.settle()
    assert till.shop.invoice(made.id).status == "sent"
    due(till)
    assert till.shop.invoice(made.id).status == "sent", "it is not due yet"
    with till.shop.app.app_context(), businesses.enter_business(till.shop.business_id):
        db.session.execute(
            text("UPDATE invoices SET due_date = current_date WHERE id = :id"), {"id": made.id}
        )
        db.session.commit()
    due(till)
    due(till)
    assert till.shop.invoice(made.id).status == "paid"
    assert till.payment(made).amount == Decimal("119.00")


def due(till):
    def run():
        cards.charge_due(host.current().context("stripe", till.shop.business_id))
        db.session.commit()

    till.shop.read(run)
    till.settle()


@pytest.mark.parametrize("card", ["declines", "asks"])
def test_a_card_that_is_refused_is_told_and_not_tried_again(till, card):
    save(till, card)
    made = till.shop.issue()
    till.settle()
    assert till.payment(made).status == "failed"
    assert till.shop.invoice(made.id).balance_due == Decimal("119.00")
    mails = till.shop.mails("charge_failed")
    assert sorted(to for to, _ in mails) == sorted(["hello@atelier.test", till.shop.email])
    link = till.shop.link(made)
    assert all(link in said for _, said in mails)
    before = len(till.events("payment_intent.payment_failed"))
    till.again()
    due(till)
    assert len(till.events("payment_intent.payment_failed")) == before == 1
    assert len(till.shop.mails("charge_failed")) == 2
    # The pay link works, with the same card or another.
    assert till.pay(made).status_code == 303
    till.peer.pay(till.session())
    till.settle()
    assert till.shop.invoice(made.id).status == "paid"


def test_a_charge_whose_answer_was_lost_is_found_and_not_repeated(till):
    save(till)
    till.peer.post.held = True
    made = till.shop.issue()
    till.peer.mood, till.peer.moody = "drops", 2
    till.work()
    payment = till.payment(made)
    assert payment.status == "unknown"
    till.again()
    till.work()
    asked = {"invoice_id": made.id, "public_id": payment.public_id}
    assert till.shop.read(payments.follow, **asked) is None
    assert till.shop.invoice(made.id).status == "paid"
    mine = till.peer.books.every("payment_intent", till.account)
    assert len([each for each in mine if each["status"] == "succeeded"]) == 1


def test_a_charge_that_never_reached_stripe_is_tried_again(till):
    save(till)
    made = till.shop.issue()
    till.peer.mood = "busy"
    till.work()
    assert till.payment(made).status == "failed"
    till.peer.mood = "works"
    till.again()
    till.settle()
    assert till.shop.invoice(made.id).status == "paid"
    assert till.shop.mails("charge_failed") == []


def test_the_client_ends_it(till):
    made = save(till)
    (card,) = till.rows(Card)
    answer = till.payer.http.post(f"{page(till, made)}/end", headers=SAME)
    assert answer.status_code == 303
    till.settle()
    assert till.peer.books.objects[card.method_id]["customer"] is None
    newer = till.shop.issue()
    till.settle()
    assert till.shop.invoice(newer.id).status == "sent"
    assert till.rows(Card)[0].ended_at is not None


def test_an_archived_clients_card_is_forgotten(till):
    save(till)
    (card,) = till.rows(Card)
    till.shop.do(clients.archive, client_id=till.shop.client_id)
    till.settle()
    assert till.rows(Card)[0].ended_at is not None
    assert till.peer.books.objects[card.method_id]["customer"] is None


def merge(till, other_id, *, into_other):
    ids = (till.shop.client_id, other_id) if into_other else (other_id, till.shop.client_id)
    till.shop.do(merging.merge, client_id=ids[0], into_id=ids[1])
    till.settle()


def test_the_card_goes_along_when_its_client_is_merged(till):
    save(till)
    (card,) = till.rows(Card)
    twin = till.shop.do(clients.create, fields={"name": "Harbour Books Ltd"})
    merge(till, twin.id, into_other=True)
    (moved,) = till.rows(Card)
    assert (moved.client_id, moved.method_id) == (twin.id, card.method_id)
    made = till.shop.issue(client_id=twin.id)
    till.settle()
    assert till.shop.invoice(made.id).status == "paid"


def test_a_second_card_is_forgotten_when_clients_are_merged(till):
    save(till)
    (first,) = till.rows(Card)
    twin = till.shop.do(clients.create, fields={"name": "Twin", "email": "twin@client.test"})
    mine, till.shop.client_id = till.shop.client_id, twin.id
    save(till)
    till.shop.client_id = mine
    _, second = till.rows(Card)
    merge(till, twin.id, into_other=False)
    (kept,) = till.rows(Card)
    assert (kept.client_id, kept.method_id) == (mine, first.method_id)
    assert second.customer_id not in till.peer.books.objects
    assert first.customer_id in till.peer.books.objects


def test_of_a_client_who_is_erased_nothing_stays(till):
    save(till)
    (card,) = till.rows(Card)
    till.shop.do(erasure.erase, client_id=till.shop.client_id)
    till.settle()
    assert till.rows(Card) == []
    assert card.customer_id not in till.peer.books.objects
    assert till.peer.books.objects[card.method_id]["customer"] is None


@pytest.mark.parametrize("what", ["erased", "merged", "archived"])
def test_what_happened_while_the_plugin_was_off_is_made_up_for(till, what):
    save(till)
    (card,) = till.rows(Card)
    till.shop.do(plugins.change, name="stripe", enabled=False)
    gone = {"client_id": till.shop.client_id}
    twin = till.shop.do(clients.create, fields={"name": "Harbour Books Ltd"})
    if what == "merged":
        till.shop.do(merging.merge, into_id=twin.id, **gone)
    else:
        till.shop.do({"erased": erasure.erase, "archived": clients.archive}[what], **gone)
    till.settle()
    till.shop.do(plugins.change, name="stripe", enabled=True)
    till.settle()
    assert [(each.client_id, each.method_id) for each in till.rows(Card)] == [
        (till.shop.client_id, card.method_id)
    ], "nobody told the plugin"
    with till.shop.app.app_context(), businesses.enter_business(till.shop.business_id):
        cards.reconcile(host.current().context("stripe", till.shop.business_id))
        db.session.commit()
    till.settle()
    held = [(each.client_id, each.method_id) for each in till.rows(Card)]
    kept = till.peer.books.objects[card.method_id]["customer"] is not None
    assert (held, kept) == {
        "erased": ([], False),
        "merged": ([(twin.id, card.method_id)], True),
        "archived": ([(till.shop.client_id, None)], False),
    }[what]


def test_only_with_the_link_of_an_invoice(till, other):
    made = save(till)
    assert till.payer.get("/plugins/stripe/automatic/nothing").status_code == 404
    foreign = till.payer.http.post(page(till, made), data={"agreed": "yes"},
                                   headers={"Sec-Fetch-Site": "cross-site"})  # fmt: skip
    assert foreign.status_code == 403
    theirs = other.shop.issue()
    assert "ending in" not in till.payer.get(page(other, theirs), headers=ENGLISH).text


def test_members_see_the_card_and_end_it(till):
    save(till)
    answer = till.payer.http.post(f"/plugins/stripe/cards/{till.shop.client_id}/end", headers=SAME)
    assert answer.status_code in (302, 403), "nobody is signed in"
    assert till.rows(Card)[0].ended_at is None
    assert till.shop.read(clients.get, client_id=till.shop.client_id).name == "Harbour Books"
