"""Invoicing orders in parts. Every amount was computed by hand."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from invoicer_core.domain.errors import Conflict
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import clients, invoices, orders
from tests.factories import BY

D = Decimal
VAT = {"name": "VAT", "category": "S", "rate": D(19)}


@pytest.fixture
def order(business: int):
    """Three metres at 33.335, and 2.5 hours at 80; 19 % on both.

    3 x 33.335 = 100.005 -> 100.01; 2.5 x 80 = 200.00; base 300.01; tax 57.0019 -> 57.00.
    """
    client_id = clients.create(fields={"name": "Weber"}, by=BY).id
    items = [
        {
            "product_name": "Oak",
            "quantity": D(3),
            "unit": "m",
            "unit_price": D("33.335"),
            "taxes": [VAT],
        },
        {
            "product_name": "Work",
            "quantity": D("2.5"),
            "unit": "h",
            "unit_price": D(80),
            "taxes": [VAT],
        },
    ]
    return orders.create(fields={"client_id": client_id, "items": items}, by=BY)


def take(order, *quantities: str | None):
    wanted = {
        item.id: D(quantity)
        for item, quantity in zip(order.items, quantities, strict=True)
        if quantity is not None
    }
    return orders.to_invoice(order_id=order.id, quantities=wanted, by=BY)


def left(order) -> list[Decimal]:
    return [item.quantity - item.invoiced_quantity for item in orders.get(order_id=order.id).items]


def test_the_whole_order_is_what_was_typed(order):
    assert order.total_amount == D("357.01")
    assert orders.totals_of(order).tax_total == D("57.00")
    made = orders.to_invoice(order_id=order.id, by=BY)
    assert made.total_amount == D("357.01")
    assert left(order) == [D(0), D(0)]


def test_two_parts_take_all_and_each_is_rounded_by_itself(order):
    # 1 x 33.335 = 33.335 -> 33.34; 1.25 x 80 = 100.00; 133.34 x 0.19 = 25.3346 -> 25.33
    first = take(order, "1", "1.25")
    assert (first.subtotal, first.total_amount) == (D("133.34"), D("158.67"))
    assert left(order) == [D(2), D("1.25")]
    # 2 x 33.335 = 66.67; 1.25 x 80 = 100.00; 166.67 x 0.19 = 31.6673 -> 31.67
    second = orders.to_invoice(order_id=order.id, by=BY)
    assert (second.subtotal, second.total_amount) == (D("166.67"), D("198.34"))
    assert left(order) == [D(0), D(0)]
    assert orders.get(order_id=order.id).invoice_ids == (first.id, second.id)
    with pytest.raises(Conflict, match="All of this order is invoiced already"):
        orders.to_invoice(order_id=order.id, by=BY)


def test_never_more_than_is_left_not_even_by_a_hair(order):
    take(order, "2.9999999999", None)
    for quantity in ("0.0000000002", "1"):
        with pytest.raises(Conflict):
            take(order, quantity, None)
    take(order, "0.0000000001", None)
    assert left(order) == [D(0), D("2.5")]


def test_four_at_once_invoice_it_once(app_context, order, business):
    def attempt(_number: int) -> bool:
        with app_context.app_context(), enter_business(business):
            try:
                take(order, "3", "2.5")
            except Conflict:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == [False, False, False, True]
    db.session.rollback()
    assert len(orders.get(order_id=order.id).invoice_ids) == 1


def test_a_draft_that_is_thrown_away_gives_back_what_it_took(order):
    made = take(order, "1", "1.25")
    invoices.delete(invoice_id=made.id, by=BY)
    assert left(order) == [D(3), D("2.5")]
    assert orders.to_invoice(order_id=order.id, by=BY).total_amount == D("357.01")


def test_orders_are_counted_by_state(order):
    assert orders.counts() == {"pending": 1}
    orders.update(order_id=order.id, fields={"status": "processing"}, by=BY)
    assert orders.counts(client_id=order.client_id) == {"processing": 1}
    assert orders.counts(client_id=order.client_id + 1) == {}
