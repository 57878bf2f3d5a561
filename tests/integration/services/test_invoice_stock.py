"""What invoices do to the stock, told once or twice, early or late."""

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from invoicer_core.domain.document import Document, Item, Tax
from invoicer_core.domain.drafts import CreditNoteDraft, InvoiceDraft
from invoicer_core.domain.errors import Conflict, NotFound
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import clients, credit_notes, invoice_stock, invoices, products
from invoicer_core.services.products import stock
from invoicer_core.services.transaction import transaction
from tests.factories import BY
from tests.peers.processes import until

VAT = Tax("S", Decimal(20))


def product(quantity: str | None = "10", **fields):
    counted = None if quantity is None else Decimal(quantity)
    given = {"name": "Tea", "unit_price": Decimal(2), "stock_quantity": counted, **fields}
    return products.create(fields=given, by=BY).id


def line(product_id: int | None, quantity: str, unit: str = "C62", price: str = "2") -> Item:
    given = {"unit": unit, "product_id": product_id, "taxes": (VAT,)}
    return Item("Tea", Decimal(quantity), Decimal(price), **given)


def issued(*items: Item, issue: bool = True):
    client_id = clients.create(fields={"name": "Buyer"}, by=BY).id
    draft = InvoiceDraft(document=Document("EUR", items), client_id=client_id)
    return invoices.create(draft=draft, by=BY, issue=issue)


def in_stock(product_id: int):
    return products.get(product_id=product_id).stock_quantity


def credit(invoice_id: int, *items: Item):
    document = Document("EUR", items) if items else None
    draft = CreditNoteDraft(invoice_id=invoice_id, document=document)
    return credit_notes.create(draft=draft, by=BY)


def take(invoice):
    return invoice_stock.take_out(invoice_id=invoice.id, by=BY)


def give(invoice):
    return invoice_stock.give_back(invoice_id=invoice.id, by=BY)


def test_lines_of_a_product_are_taken_together_once(business):
    tea = product()
    invoice = issued(line(tea, "2"), line(tea, "1.5"), line(None, "7"))
    (movement,) = take(invoice)
    assert (movement.quantity, movement.stock_after) == (Decimal("-3.5"), Decimal("6.5"))
    assert movement.reason == f"invoice {invoice.invoice_number}"
    assert movement.invoice_id == invoice.id
    assert take(invoice) == ()
    assert in_stock(tea) == Decimal("6.5")


def test_invoices_that_sell_the_same_at_once_are_all_counted(app, business):
    tea = product("20")
    sold = [issued(line(tea, "1")) for _ in range(4)]
    together = threading.Barrier(8)

    def take_in(invoice):
        with app.app_context(), enter_business(business):
            together.wait(10)
            return take(invoice)

    with ThreadPoolExecutor(8) as pool:  # each is told twice
        taken = list(pool.map(take_in, sold + sold))
    assert sorted(len(each) for each in taken) == [0, 0, 0, 0, 1, 1, 1, 1]
    db.session.rollback()
    assert in_stock(tea) == 16


def test_giving_back_waits_for_a_taking_that_is_under_way(app, business):
    tea = product()
    invoice = issued(line(tea, "2"))

    def annul():
        with app.app_context(), enter_business(business):
            invoices.void(invoice_id=invoice.id, reason="typo", by=BY)
            return give(invoice)

    with ThreadPoolExecutor(1) as pool:
        with transaction(by=BY):
            assert len(take(invoice)) == 1
            annulled = pool.submit(annul)
            until(lambda: annulled.done() or somebody_waits())
        assert len(annulled.result(10)) == 1
    assert stock.movements(product_id=tea).items[0].stock_after == 10


def somebody_waits():
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    return db.session.scalar(waiting)


def test_voiding_gives_back_once(business):
    tea, cup = product(), product()
    invoice = issued(line(tea, "2"), line(cup, "3"))
    take(invoice)
    assert give(invoice) == ()
    invoices.void(invoice_id=invoice.id, reason="typo", by=BY)
    back = give(invoice)
    assert [(each.product_id, each.quantity) for each in back] == [(tea, 2), (cup, 3)]
    assert back[0].reason == f"void of {invoice.invoice_number}"
    assert (give(invoice), take(invoice)) == ((), ())
    assert (in_stock(tea), in_stock(cup)) == (10, 10)


def test_an_invoice_that_was_annulled_first_takes_nothing(business):
    tea = product()
    void, credited = issued(line(tea, "2")), issued(line(tea, "3"))
    invoices.void(invoice_id=void.id, reason="typo", by=BY)
    credit(credited.id)
    for invoice in (void, credited):
        assert (give(invoice), take(invoice)) == ((), ())
    assert in_stock(tea) == 10


def test_a_credit_gives_back_once_nothing_is_left(business):
    tea = product()
    invoice = issued(line(tea, "4"))
    take(invoice)
    credit(invoice.id, line(tea, "1"))
    assert give(invoice) == ()
    credit(invoice.id)
    (back,) = give(invoice)
    assert (back.quantity, back.reason) == (4, f"credit of {invoice.invoice_number}")
    assert give(invoice) == ()
    assert in_stock(tea) == 10


def test_an_invoice_of_nothing_is_not_credited(business):
    tea = product()
    take(issued(line(tea, "4", price="0")))
    assert in_stock(tea) == 6


def test_stock_may_be_lacking_and_the_low_level_is_told(business):
    tea = product("1", low_stock_level=Decimal(1), name="Rare tea")
    (movement,) = take(issued(line(tea, "3")))
    assert movement.stock_after == -2
    assert in_stock(tea) == -2
    assert stock.move(product_id=tea, quantity=Decimal(1), reason="found", by=BY).stock_after == -1
    with pytest.raises(Conflict):
        stock.move(product_id=tea, quantity=Decimal(-1), reason="lost", by=BY)
    lows = text("SELECT count(*) FROM events WHERE name = 'product.low_stock'"
                " AND (data ->> 'id')::bigint = :id")  # fmt: skip
    db.session.rollback()
    # It began at its level, which was told; it did not cross it again.
    assert db.session.scalar(lows, {"id": tea}) == 1


def test_crossing_the_low_level_by_selling_is_told(business):
    tea = product("5", low_stock_level=Decimal(2))
    take(issued(line(tea, "3")))
    lows = text("SELECT data FROM events WHERE name = 'product.low_stock'")
    assert [each["stock_quantity"] for each in db.session.scalars(lows)] == [2]


def test_what_is_not_counted_is_left_alone(business):
    uncounted, gone, grams = product(None), product(), product(unit="kg")
    invoice = issued(line(uncounted, "1"), line(gone, "1"), line(grams, "500", "g"))
    products.delete(product_id=gone, by=BY)
    assert take(invoice) == ()
    assert (in_stock(uncounted), in_stock(grams)) == (None, 10)
    take(issued(line(grams, "2", "kg"), line(grams, "1")))
    assert in_stock(grams) == 7


def test_drafts_and_unknown_invoices_take_nothing(business):
    tea = product()
    assert take(issued(line(tea, "1"), issue=False)) == ()
    with pytest.raises(NotFound):
        invoice_stock.take_out(invoice_id=999_999_999, by=BY)


def test_the_database_refuses_a_second_movement_for_the_same_reason(business):
    tea = product()
    invoice = issued(line(tea, "1"))
    take(invoice)
    with pytest.raises(IntegrityError, match="uq_stock_movements_invoice"):
        stock.move(
            product_id=tea, quantity=Decimal(-1), by=BY, invoice_id=invoice.id,
            reason=f"invoice {invoice.invoice_number}",
        )  # fmt: skip
