"""What providers tell of refunds and disputes: booked once, in any order, by whoever began it."""

from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from flask import Flask

from invoicer_core.domain.actor import plugin_actor
from invoicer_core.domain.errors import Conflict, Forbidden, NotFound
from invoicer_core.domain.snapshots import PaymentSnapshot
from invoicer_core.hooks.offers import PaymentOutcome
from invoicer_core.services import payments, plugins
from tests.integration.web.conftest import Visitor
from tests.integration.web.scenes import Shop, make_shop, pay
from tests.peers.till import Till

MINE = plugin_actor("paying")


@pytest.fixture
def shop(paying: Flask, till: Till) -> Shop:
    """A business that is paid at the till."""
    till.sales.clear()
    till.mood = "works"
    shop = make_shop(paying)
    shop.do(plugins.change, name="paying", enabled=True, settings={"till": till.url})
    return shop


@pytest.fixture
def begun(paying: Flask, shop: Shop, till: Till) -> tuple[int, UUID]:
    """A payment of 119.00 that was begun: its invoice and attempt."""
    made = shop.issue()
    pay(Visitor(paying.test_client()), shop.link(made))
    return made.id, UUID(till.only()["key"])


@pytest.fixture
def paid(shop: Shop, begun: tuple[int, UUID]) -> tuple[int, UUID]:
    """The same, and the money is there."""
    shop.read(payments.settle, attempt_id=begun[1], outcome=PaymentOutcome(state="succeeded"),
              by=MINE)  # fmt: skip
    assert shop.invoice(begun[0]).status == "paid"
    return begun


def refund(shop: Shop, attempt: UUID, amount: str, ref: str, **more: object) -> PaymentSnapshot:
    given = {"attempt_id": attempt, "refund_ref": ref, "amount": Decimal(amount), "by": MINE}
    found: PaymentSnapshot = shop.read(payments.returned, **{**given, **more})
    return found


def case(shop: Shop, attempt: UUID, state: str, **more: object) -> PaymentSnapshot:
    given = {"attempt_id": attempt, "case": "d1", "amount": Decimal("119.00"), "by": MINE}
    found: PaymentSnapshot = shop.read(payments.dispute, **{**given, "state": state, **more})
    return found


def test_each_refund_counts_once(shop: Shop, paid: tuple[int, UUID]) -> None:
    invoice, attempt = paid
    for ref, amount in (("r1", "20.00"), ("r2", "30.00"), ("r1", "20.00"), ("r2", "30.00")):
        refund(shop, attempt, amount, ref)
    assert shop.invoice(invoice).balance_due == Decimal("50.00")
    before = refund(shop, attempt, "30.00", "r2")
    assert before.status == "partly_refunded"
    assert refund(shop, attempt, "5.00", "r3", state="pending") == before
    assert refund(shop, attempt, "5.00", "r3", state="failed") == before


def test_more_than_is_left_is_booked_up_to_what_is_left(shop: Shop, paid: tuple[int, UUID]) -> None:
    invoice, attempt = paid
    known = shop.read(payments.attempt, invoice_id=invoice, public_id=attempt)
    shop.do(payments.refund, payment_id=known.payment_id, amount=Decimal(100), reason="by hand")
    assert refund(shop, attempt, "119.00", "r1").refunded_amount == Decimal("119.00")
    assert shop.invoice(invoice).balance_due == Decimal("119.00")


def test_nothing_goes_back_of_money_that_has_not_come(shop: Shop, begun: tuple[int, UUID]) -> None:
    with pytest.raises(Conflict):
        refund(shop, begun[1], "1.00", "r1")
    with pytest.raises(Conflict):
        case(shop, begun[1], "open")


def test_only_who_began_it_may_tell(shop: Shop, paid: tuple[int, UUID], paying: Flask) -> None:
    other = plugin_actor("other")
    with pytest.raises(Forbidden):
        refund(shop, paid[1], "1.00", "r1", by=other)
    with pytest.raises(Forbidden):
        case(shop, paid[1], "lost", by=other)
    with pytest.raises(NotFound):
        refund(make_shop(paying), paid[1], "1.00", "r1")
    with pytest.raises(NotFound):
        case(shop, uuid4(), "lost")
    assert shop.invoice(paid[0]).status == "paid"


@pytest.mark.parametrize("order", [("open", "lost"), ("lost", "open"), ("lost",), ("open", "lost",
                                   "lost", "won", "open")])  # fmt: skip
def test_a_lost_case_is_money_that_went_back(
    shop: Shop, paid: tuple[int, UUID], order: tuple[str, ...]
) -> None:
    for state in order:
        found = case(shop, paid[1], state)
    assert (found.status, found.refunded_amount) == ("refunded", Decimal("119.00"))
    assert len(found.refunds) == 1
    assert shop.invoice(paid[0]).balance_due == Decimal("119.00")


def test_while_a_case_is_open_the_money_stays_where_it_is(
    shop: Shop, paid: tuple[int, UUID]
) -> None:
    refund(shop, paid[1], "19.00", "r1")
    found = case(shop, paid[1], "open", amount=Decimal("50.00"))
    assert found.status == "disputed"
    with pytest.raises(Conflict):
        shop.do(payments.refund, payment_id=found.id, amount=Decimal(1), reason="x")
    assert refund(shop, paid[1], "10.00", "r2").status == "disputed", "the provider did it already"
    assert case(shop, paid[1], "won").status == "partly_refunded"
    assert shop.invoice(paid[0]).balance_due == Decimal("29.00")
