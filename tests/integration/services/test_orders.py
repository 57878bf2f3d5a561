"""Orders, their numbers, and the invoices made of them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound, StaleVersion
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import clients, invoices, orders, products, series
from tests.factories import BY

VAT = {"name": "VAT", "category": "S", "rate": Decimal("8.1")}


@pytest.fixture
def client_id(business: int) -> int:
    return clients.create(fields={"name": "Weber"}, by=BY).id


def item(**fields):
    return {
        "product_name": "Desk",
        "quantity": Decimal(4),
        "unit_price": Decimal("33.335"),
        **fields,
    }


def make(client_id: int, *items: dict, **fields):
    given = {"client_id": client_id, "items": list(items) or [item()], **fields}
    return orders.create(fields=given, by=BY)


def pointers(refusal) -> list[str]:
    return [field.pointer for field in refusal.value.fields]


def test_an_order_is_numbered_and_summed(client_id):
    order = make(
        client_id, item(taxes=[VAT], unit="hours"), item(quantity=1), order_date="2026-03-01"
    )
    assert orders.get(order_id=order.id) == order
    assert order.order_number == "SO-2026-0001"
    assert [line.total_price for line in order.items] == [Decimal("133.34"), Decimal("33.34")]
    assert order.total_amount == Decimal("133.34") + Decimal("10.80") + Decimal("33.34")
    assert order.items[0].taxes[0].rate == Decimal("8.1")
    assert order.items[0].unit == "HUR"
    assert (order.status, order.currency, order.client_name) == ("pending", "EUR", "Weber")
    assert make(client_id, order_date=date(2026, 4, 1)).order_number == "SO-2026-0002"
    assert make(client_id, order_date=date(2025, 4, 1)).order_number == "SO-2025-0001"


def test_a_product_fills_what_a_line_leaves_out(client_id):
    product = products.create(
        fields={"name": "Tea", "unit_price": Decimal("2.5"), "unit": "kg", "tax_rate": Decimal(20)},
        by=BY,
    )
    order = make(client_id, {"product_id": product.id, "quantity": 2})
    (line,) = order.items
    assert (line.product_name, line.unit_price, line.unit) == ("Tea", Decimal("2.5"), "KGM")
    assert order.total_amount == Decimal("6.00")
    assert make(client_id, {"product_id": product.id, "quantity": 2, "taxes": []}).total_amount == 5


def test_every_wrong_field_is_named_at_once(client_id):
    wrong = [
        item(quantity=Decimal(0)),
        item(unit_price=Decimal(-1), colour="red"),
        {"quantity": 1},
        item(taxes=[{"category": "Q", "rate": 5}]),
        7,
    ]
    with pytest.raises(InvalidInput) as refusal:
        make(client_id, *wrong, order_date="20260301", total_amount=1)
    assert set(pointers(refusal)) == {
        "/order_date",
        "/total_amount",
        "/items/0/quantity",
        "/items/1/unit_price",
        "/items/1/colour",
        "/items/2/product_name",
        "/items/2/unit_price",
        "/items/3/taxes/0/category",
        "/items/4",
    }
    with pytest.raises(InvalidInput) as empty:
        orders.create(fields={"client_id": client_id, "items": []}, by=BY)
    assert pointers(empty) == ["/items"]


@pytest.mark.parametrize(
    ("path", "end"),
    [
        (["processing", "completed"], ["pending", "processing", "cancelled"]),
        (["cancelled"], ["pending", "processing", "completed"]),
        (["processing", "cancelled"], ["pending", "processing", "completed"]),
        ([], ["completed"]),
        (["processing"], ["pending"]),
    ],
)
def test_a_status_follows_another_only_as_allowed(client_id, path, end):
    order = make(client_id)
    for status in path:
        order = orders.update(order_id=order.id, fields={"status": status}, by=BY)
        assert order.status == status
    for status in end:
        with pytest.raises(Conflict) as refusal:
            orders.update(order_id=order.id, fields={"status": status}, by=BY)
        assert pointers(refusal) == ["/status"]
    same = orders.update(order_id=order.id, fields={"status": order.status}, by=BY)
    assert same.version == order.version


def test_only_a_pending_order_is_rewritten(client_id):
    order = make(client_id)
    edited = orders.update(order_id=order.id, fields={"items": [item(quantity=1)]}, by=BY)
    assert (edited.total_amount, edited.version) == (Decimal("33.34"), 2)
    yen = orders.update(order_id=order.id, fields={"currency": "JPY"}, by=BY)
    assert (yen.total_amount, yen.items[0].total_price) == (33, 33)
    with pytest.raises(StaleVersion):
        orders.update(order_id=order.id, fields={"notes": "x"}, by=BY, expected_version=1)
    orders.update(order_id=order.id, fields={"status": "processing", "notes": "soon"}, by=BY)
    with pytest.raises(Conflict):
        orders.update(order_id=order.id, fields={"items": [item()]}, by=BY)
    assert orders.get(order_id=order.id).notes == "soon"


def test_an_order_is_invoiced_in_parts_and_never_twice(client_id):
    order = make(client_id, item(taxes=[VAT]), item(product_name="Chair", quantity=2))
    desk, chair = order.items
    first = orders.to_invoice(order_id=order.id, quantities={desk.id: Decimal("1.5")}, by=BY)
    assert (first.order_id, first.client_id, first.state) == (order.id, client_id, "draft")
    assert [(line.description, line.quantity) for line in first.items] == [("Desk", Decimal("1.5"))]
    assert first.items[0].taxes[0].rate == Decimal("8.1")
    with pytest.raises(Conflict) as refusal:
        orders.to_invoice(
            order_id=order.id, quantities={desk.id: Decimal("2.6"), chair.id: Decimal(1)}, by=BY
        )
    assert pointers(refusal) == ["/items/0/quantity"]
    assert orders.get(order_id=order.id).items[1].invoiced_quantity == 0
    rest = orders.to_invoice(order_id=order.id, by=BY, issue=True)
    assert rest.state == "issued"
    assert [line.quantity for line in rest.items] == [Decimal("2.5"), Decimal(2)]
    with pytest.raises(Conflict):
        orders.to_invoice(order_id=order.id, by=BY)
    now = orders.get(order_id=order.id)
    assert now.invoice_ids == (first.id, rest.id)
    assert [line.invoiced_quantity for line in now.items] == [4, 2]
    with pytest.raises(Conflict):
        orders.delete(order_id=order.id, by=BY)


def test_a_deleted_draft_and_a_void_invoice_give_back_what_they_took(client_id):
    order = make(client_id, item(), item(product_name="Chair", quantity=2))
    desk, chair = order.items
    draft = orders.to_invoice(
        order_id=order.id, quantities={desk.id: Decimal(3), chair.id: Decimal(2)}, by=BY
    )
    invoices.delete(invoice_id=draft.id, by=BY)
    now = orders.get(order_id=order.id)
    assert [line.invoiced_quantity for line in now.items] == [0, 0]
    assert now.invoice_ids == ()
    issued = orders.to_invoice(order_id=order.id, by=BY, issue=True)
    invoices.void(invoice_id=issued.id, reason="wrong client", by=BY)
    again = orders.to_invoice(order_id=order.id, by=BY)
    assert [line.quantity for line in again.items] == [4, 2]


@pytest.mark.parametrize("quantity", [Decimal(0), Decimal(-1), Decimal("4.0000000001")])
def test_an_impossible_quantity_is_refused(client_id, quantity):
    order = make(client_id)
    with pytest.raises(Conflict) as refusal:
        orders.to_invoice(order_id=order.id, quantities={order.items[0].id: quantity}, by=BY)
    assert pointers(refusal) == ["/items/0/quantity"]
    for nothing in ({}, {2**62: Decimal(1)}):
        with pytest.raises((Conflict, NotFound)):
            orders.to_invoice(order_id=order.id, quantities=nothing, by=BY)


def test_a_cancelled_order_is_not_invoiced(client_id):
    order = make(client_id)
    orders.update(order_id=order.id, fields={"status": "cancelled"}, by=BY)
    with pytest.raises(Conflict):
        orders.to_invoice(order_id=order.id, by=BY)


def test_ten_at_once_invoice_an_order_once(client_id, business, app):
    order = make(client_id)

    def run(_: int) -> bool:
        with app.app_context(), enter_business(business):
            try:
                orders.to_invoice(order_id=order.id, by=BY)
            except Conflict:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(run, range(10))) == 1


def test_orders_taken_at_once_are_numbered_without_gap(client_id, business, app, scale):
    count = scale(40, 400)

    def run(place: int) -> str | None:
        with app.app_context(), enter_business(business):
            try:
                if place % 5 == 0:
                    make(client_id, {"product_id": 2**62, "quantity": 1})
                return make(client_id, order_date=date(2026, 5, 1)).order_number
            except NotFound:
                return None

    with ThreadPoolExecutor(10) as pool:
        numbers = [number for number in pool.map(run, range(count)) if number]
    expected = [f"SO-2026-{seq:04}" for seq in range(1, len(numbers) + 1)]
    assert sorted(numbers) == expected


def test_lists_are_filtered(client_id):
    other = clients.create(fields={"name": "Huber"}, by=BY).id
    first = make(client_id, order_date=date(2026, 1, 5))
    second = make(other, order_date=date(2026, 2, 5))
    assert [o.id for o in orders.find(q="HUB").items] == [second.id]
    assert [o.id for o in orders.find(q="so-2026-0001").items] == [first.id]
    assert [o.id for o in orders.find(client_id=client_id).items] == [first.id]
    assert [o.id for o in orders.find(end=date(2026, 1, 31)).items] == [first.id]
    assert [o.id for o in orders.find(sort="order_date").items] == [first.id, second.id]
    assert orders.find(status="completed").items == ()
    orders.delete(order_id=first.id, by=BY)
    assert orders.find().total == 1
    with pytest.raises(InvalidInput) as refusal:
        orders.find(status="sent")
    assert pointers(refusal) == ["/status"]


def test_events_tell_the_story(client_id):
    order = make(client_id)
    orders.to_invoice(order_id=order.id, by=BY)
    orders.update(order_id=order.id, fields={"status": "processing"}, by=BY)
    orders.update(order_id=order.id, fields={"status": "completed"}, by=BY)
    names = db.session.scalars(
        text("SELECT name FROM events WHERE name LIKE 'order.%' ORDER BY id")
    )
    assert list(names) == ["order.created", "order.invoiced", "order.updated", "order.completed"]


def test_what_belongs_to_another_business_is_missing(client_id, other_business):
    with enter_business(other_business):
        foreign_client = clients.create(fields={"name": "x"}, by=BY).id
        foreign = make(foreign_client)
        product = products.create(fields={"name": "x", "unit_price": 1}, by=BY).id
        foreign_series = series.find().items[0].id
    mine = make(client_id)
    attempts = [
        lambda: orders.get(order_id=foreign.id),
        lambda: orders.update(order_id=foreign.id, fields={"notes": "x"}, by=BY),
        lambda: orders.delete(order_id=foreign.id, by=BY),
        lambda: orders.to_invoice(order_id=foreign.id, by=BY),
        lambda: orders.to_invoice(
            order_id=mine.id, quantities={foreign.items[0].id: Decimal(1)}, by=BY
        ),
        lambda: make(foreign_client),
        lambda: orders.update(order_id=mine.id, fields={"client_id": foreign_client}, by=BY),
        lambda: make(client_id, {"product_id": product, "quantity": 1}),
        lambda: series.get(series_id=foreign_series),
        lambda: series.update(series_id=foreign_series, fields={"name": "x"}, by=BY),
        lambda: series.gap_report(series_id=foreign_series),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()
    assert orders.find(client_id=foreign_client).items == ()


# --- series -----------------------------------------------------------------------------------


def order_series() -> int:
    (found,) = series.find(document_type="order").items
    return found.id


def test_a_pattern_that_repeats_numbers_is_refused(business):
    for fields, at in (
        ({"pattern": "SO-{seq}"}, "/pattern"),
        ({"reset": "monthly"}, "/pattern"),
        ({"pattern": "SO-{year}"}, "/pattern"),
        ({"reset": "weekly"}, "/reset"),
        ({"pattern": None}, "/pattern"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            series.update(series_id=order_series(), fields=fields, by=BY)
        assert pointers(refusal) == [at]


def test_a_series_that_gave_numbers_keeps_its_reset(client_id):
    changed = series.update(
        series_id=order_series(), fields={"pattern": "A{seq:03}", "reset": "never"}, by=BY
    )
    assert changed.version == 2
    assert make(client_id).order_number == "A001"
    with pytest.raises(Conflict) as refusal:
        series.update(
            series_id=changed.id, fields={"pattern": "A-{year}-{seq}", "reset": "yearly"}, by=BY
        )
    assert pointers(refusal) == ["/reset"]
    series.update(series_id=changed.id, fields={"pattern": "B{seq:03}"}, by=BY)
    assert make(client_id).order_number == "B002"


def test_another_series_takes_over_as_default(client_id):
    given = {"document_type": "order", "name": "Web", "pattern": "WEB-{year}-{seq}"}
    with pytest.raises(Conflict) as refusal:
        series.create(fields={**given, "pattern": "SO-{year}-{seq:04}"}, by=BY)
    assert pointers(refusal) == ["/pattern"]
    with pytest.raises(Conflict) as taken:
        series.create(fields={**given, "name": "Orders"}, by=BY)
    assert pointers(taken) == ["/name"]
    web = series.create(fields={**given, "is_default": True}, by=BY)
    assert make(client_id, order_date="2026-01-01").order_number == "WEB-2026-1"
    with pytest.raises(Conflict):
        series.update(series_id=web.id, fields={"is_default": False}, by=BY)


def test_the_gap_report_finds_what_was_taken_away(client_id, app, config):
    order = make(client_id, item(quantity=3))
    line = order.items[0].id
    made = [
        orders.to_invoice(order_id=order.id, quantities={line: Decimal(1)}, by=BY, issue=True)
        for _ in range(3)
    ]
    (report,) = [each for each in series.gap_report() if each.document_type == "invoice"]
    assert (report.last, report.documents, report.missing) == (3, 3, ())
    db.session.execute(
        text("UPDATE series_counters SET last = 9 WHERE series_id = :id"), {"id": report.series_id}
    )
    (report,) = [each for each in series.gap_report() if each.document_type == "invoice"]
    assert [(gap.first, gap.last) for gap in report.missing] == [(4, 9)]
    assert invoices.get(invoice_id=made[0].id).invoice_number.endswith("0001")
