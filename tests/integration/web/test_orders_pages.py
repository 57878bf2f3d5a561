"""Orders in the browser: taken, rewritten, moved on, and invoiced in parts."""

from decimal import Decimal

import pytest

from invoicer_core.services import (
    clients,
    invoices,
    messages,
    orders,
    products,
    tax_rates,
    templates,
)
from tests.factories import BY
from tests.integration.web.conftest import Visitor


def rows(*cells: tuple[str, str, str], tax: str = "none", **more: object) -> dict[str, object]:
    """The fields of the editor for (description, quantity, price) each."""
    return {
        "item-key": [f"row{at}" for at in range(len(cells))],
        "item-id": ["" for _ in cells],
        "item-product": ["" for _ in cells],
        "item-description": [cell[0] for cell in cells],
        "item-quantity": [cell[1] for cell in cells],
        "item-price": [cell[2] for cell in cells],
        "item-unit": ["C62" for _ in cells],
        "item-tax": [tax for _ in cells],
        "order_date": "2026-11-18",
        "currency": "EUR",
        **more,
    }


@pytest.fixture
def order(owner: Visitor, do):
    """An order of ten desks at 33.335 and four lamps at 12."""
    items = [
        {"product_name": "Desk", "quantity": Decimal(10), "unit_price": Decimal("33.335")},
        {"product_name": "Lamp", "quantity": Decimal(4), "unit_price": Decimal(12)},
    ]
    fields = {"client_id": owner.client_id, "items": items}
    return do(orders.create, fields=fields, by=BY)


def convert(owner: Visitor, order, *quantities: str):
    page = f"/orders/{order.id}/invoice"
    given = {
        f"quantity-{item.id}": quantity
        for item, quantity in zip(order.items, quantities, strict=True)
    }
    return owner.send(page, page, **given)


def test_an_order_is_taken(owner: Visitor, do):
    rate = next(each for each in do(tax_rates.find).items if each.rate == 19)
    fields = rows(("Desk", "2,5", "100"), ("Lamp", "1", "12,40"), tax=str(rate.id))
    answer = owner.send("/orders/new", "/orders/new", client=owner.client_id, notes="Hi", **fields)
    assert answer.status_code == 302, answer.text
    made = do(orders.find).items[0]
    # 250.00 + 12.40 = 262.40; 19 % of it is 49.856, so 49.86
    assert made.total_amount == Decimal("312.26")
    page = owner.get(answer.headers["Location"]).text
    for words in ("Harbour Books", "Desk", "49,86", "312,26", "Pending", "not invoiced yet"):
        assert words in page, words
    assert made.order_number in owner.get("/orders?status=pending").text
    assert made.order_number not in owner.get("/orders?status=completed").text


def test_an_error_keeps_what_was_typed_and_names_the_row(owner: Visitor, do):
    fields = rows(("Desk", "two", "100"), ("", "", ""))
    answer = owner.send("/orders/new", "/orders/new", client="", **fields)
    assert answer.status_code == 422
    for words in ("Choose a client.", 'id="quantity-row0-error"', "This is not a number.",
                  'value="two"', 'value="Desk"'):  # fmt: skip
        assert words in answer.text, words
    empty = owner.send("/orders/new", "/orders/new", client=owner.client_id, **rows())
    assert "Add at least one item." in empty.text
    assert do(orders.find).items == ()


def test_totals_come_from_the_server(owner: Visitor):
    fields = rows(("Desk", "3", "33,335"))
    answer = owner.send("/orders/totals", "/orders/new", **fields)
    assert "100,01" in answer.text
    assert 'id="amount-row0"' in answer.text


def test_a_product_fills_a_row(owner: Visitor, do):
    lamp = do(products.create, fields={"name": "Lamp", "unit_price": Decimal("12.5")}, by=BY)
    do(products.create, fields={"name": "Lampion", "unit_price": 1, "is_active": False}, by=BY)
    choices = owner.get("/orders/product-choices?item-description=lam&key=a1").text
    assert "Lamp" in choices
    assert "Lampion" not in choices
    row = owner.get(f"/orders/row?product_id={lamp.id}&key=a1&item-quantity=7").text
    for words in ('value="Lamp"', 'value="12,5"', 'value="7"', 'id="row-a1"'):
        assert words in row, words


def test_an_order_is_rewritten_while_nobody_works_on_it(owner: Visitor, order, do):
    page = f"/orders/{order.id}/edit"
    assert 'value="33,335"' in owner.get(page).text
    fields = rows(("Shelf", "1", "5"), client=owner.client_id, version=order.version)
    assert owner.send(page, page, **fields).status_code == 302
    edited = do(orders.get, order_id=order.id)
    assert [item.product_name for item in edited.items] == ["Shelf"]
    stale = owner.send(page, page, **fields)
    assert stale.status_code == 409
    assert "changed meanwhile" in stale.text
    do(orders.update, order_id=order.id, fields={"status": "processing"}, by=BY)
    assert owner.get(page).headers["Location"] == f"/orders/{order.id}"


def test_it_goes_through_its_states_with_words(owner: Visitor, order, do):
    page = f"/orders/{order.id}"
    assert "Start work on this order?" in owner.get(page).text
    for status, words in (("processing", "being worked on"), ("completed", "is completed")):
        owner.send(f"{page}/state", page, status=status)
        assert words in owner.get(page).text
    back = owner.send(f"{page}/state", page, status="pending")
    assert back.status_code == 302
    assert "it can become nothing else" in owner.get(page).text
    assert do(orders.get, order_id=order.id).status == "completed"
    assert "Cancel the order" not in owner.get(page).text


def test_it_is_invoiced_in_parts_and_never_more_than_ordered(owner: Visitor, order, do):
    first = convert(owner, order, "4", "")
    assert first.status_code == 302
    made = do(invoices.get, invoice_id=int(first.headers["Location"].rsplit("/", 1)[1]))
    # 4 x 33.335 = 133.34
    assert (made.state, made.total_amount, made.order_id) == ("draft", Decimal("133.34"), order.id)
    page = owner.get(f"/orders/{order.id}").text
    assert "4 of 10 invoiced" in page
    assert "Invoice the rest" in page
    form = owner.get(f"/orders/{order.id}/invoice").text
    assert "10 ordered, 4 invoiced" in form
    over = convert(owner, order, "7", "1")
    assert over.status_code == 422
    assert "At most 6 is left to invoice." in over.text
    assert 'value="7"' in over.text
    none = convert(owner, order, "0", "")
    assert "Give at least one line a quantity above 0." in none.text
    rest = convert(owner, order, "6", "4")
    made = do(invoices.get, invoice_id=int(rest.headers["Location"].rsplit("/", 1)[1]))
    # 6 x 33.335 = 200.01; 4 x 12 = 48
    assert made.total_amount == Decimal("248.01")
    assert "All of this order is invoiced" in owner.get(f"/orders/{order.id}/invoice").text
    assert len(do(orders.get, order_id=order.id).invoice_ids) == 2


def test_a_second_click_makes_one_invoice(owner: Visitor, order, do):
    page = f"/orders/{order.id}/invoice"
    once = owner.hidden(page)["once"]
    for _ in range(2):
        owner.send(page, page, once=once, **{f"quantity-{order.items[0].id}": "1"})
    assert len(do(orders.get, order_id=order.id).invoice_ids) == 1


def test_a_cancelled_order_is_not_invoiced(owner: Visitor, order, do):
    owner.send(f"/orders/{order.id}/state", f"/orders/{order.id}", status="cancelled")
    assert "Make an invoice" not in owner.get(f"/orders/{order.id}").text
    assert convert(owner, order, "1", "").status_code == 409
    assert do(invoices.find).items == ()


def test_an_order_without_invoices_is_deleted(owner: Visitor, order, do):
    page = f"/orders/{order.id}"
    owner.send(f"{page}/delete", page)
    assert owner.get(page).status_code == 404
    assert order.order_number not in owner.get("/orders").text


def test_viewers_look_only(viewer: Visitor, owner: Visitor, order):
    page = f"/orders/{order.id}"
    shown = viewer.get(page).text
    assert order.order_number in shown
    for words in ("Start work", "Make an invoice", "Delete", "Edit"):
        assert words not in shown, words
    for path in ("state", "delete", "invoice", "edit"):
        assert viewer.send(f"{page}/{path}", "/orders").status_code == 403
    assert viewer.get("/orders/new").status_code == 403


def test_an_order_is_in_the_clients_currency(owner: Visitor, do):
    swiss = do(clients.create, fields={"name": "Chalet", "currency": "CHF"}, by=BY)
    page = owner.get(f"/orders/new?client_id={swiss.id}").text
    assert "Chalet" in page
    assert '<option value="CHF" selected>' in page
    assert '<option value="EUR" selected>' in owner.get("/orders/new?client_id=999999").text


def test_an_order_is_confirmed_in_the_business_s_own_words(owner: Visitor, viewer: Visitor, do):
    fields = rows(("Desk", "2", "100"))
    owner.send("/orders/new", "/orders/new", client=owner.client_id, **fields)
    made = do(orders.find).items[0]
    page = f"/orders/{made.id}"
    assert 'data-dialog="confirm"' not in viewer.get(page).text
    assert viewer.send(f"{page}/confirm", page, recipient="a@b.test").status_code == 403
    own = {
        "subject": "We have {{ number }}",
        "text": "Dear {{ client }}, {{ total }} of {{ date }}.",
    }
    do(templates.save, kind="order", form="long", language="en", by=BY, **own)
    do(clients.update, client_id=owner.client_id, fields={"locale": "en-GB"}, by=BY)
    assert owner.send(f"{page}/confirm", page, recipient="nobody").status_code == 422
    assert owner.send(f"{page}/confirm", page, recipient="ada@client.test").status_code == 302
    (said,) = [each for each in do(messages.find).items if each.kind == "order"]
    assert (said.recipient, said.subject) == ("ada@client.test", f"We have {made.order_number}")
    assert said.text.strip() == "Dear Harbour Books, \u20ac200.00 of 18 November 2026."
    do(orders.update, order_id=made.id, fields={"status": "cancelled"}, by=BY)
    refused = owner.send(f"{page}/confirm", page, recipient="ada@client.test")
    assert refused.status_code == 409
