"""The catalogue: products, their categories, taxes and stock."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import text

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, StaleVersion
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import products, tax_rates
from invoicer_core.services.products import categories, stock
from tests.factories import BY

STAFF = Actor("user", user_id=2, role="staff", label="staff@factory.test")


def make(**fields):
    return products.create(fields={"name": "Tea", "unit_price": Decimal("2.50"), **fields}, by=BY)


def published(name: str) -> list[dict]:
    statement = text("SELECT data FROM events WHERE name = :name ORDER BY id")
    return list(db.session.scalars(statement, {"name": name}))


def pointers(refusal) -> list[str]:
    return [field.pointer for field in refusal.value.fields]


def test_words_become_codes_ids_and_movements(business):
    product = make(
        sku="T-1", unit="kg", category="Drinks", tax_rate=Decimal(20), stock_quantity=Decimal(5)
    )
    assert products.get(product_id=product.id) == product
    assert (product.unit, product.category, product.tax_rate) == ("KGM", "Drinks", Decimal(20))
    assert product.stock_quantity == Decimal(5)
    assert make(category="drinks").category_id == product.category_id
    assert make(tax_rate=Decimal("20.0")).tax_rate_id == product.tax_rate_id
    (movement,) = stock.movements(product_id=product.id).items
    assert (movement.quantity, movement.stock_after) == (Decimal(5), Decimal(5))
    assert (movement.reason, movement.actor) == ("initial stock", BY.label)


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("pieces", "C62"),
        ("kg", "KGM"),
        ("Litres", "LTR"),
        ("hours", "HUR"),
        ("HUR", "HUR"),
        ("hur", "HUR"),
        ("XZZ", "XZZ"),
    ],
)
def test_a_unit_is_a_code_or_a_word(business, word, code):
    assert make(unit=word).unit == code


def test_an_unknown_percentage_becomes_a_tax_rate(business):
    before = tax_rates.find().total
    product = make(tax_rate=Decimal("7.7"))
    assert tax_rates.get(tax_rate_id=product.tax_rate_id).rate == Decimal("7.7")
    assert tax_rates.find().total == before + 1
    assert tax_rates.get(tax_rate_id=make(tax_rate=Decimal(0)).tax_rate_id).category == "Z"


def test_every_wrong_field_is_named_at_once(business):
    wrong = {
        "sku": "x" * 65,
        "name": "",
        "unit": "furlongs per fortnight",
        "unit_price": Decimal(-1),
        "cost_price": Decimal("Infinity"),
        "currency": "XX",
        "tax_rate": Decimal(1001),
        "stock_quantity": Decimal("0.00000000001"),
        "low_stock_level": "5",
        "is_active": "yes",
        "category_id": 0,
        "id": 7,
    }
    with pytest.raises(InvalidInput) as refusal:
        products.create(fields=wrong, by=BY)
    assert set(pointers(refusal)) == {f"/{name}" for name in wrong}


def test_a_number_belongs_to_one_product(business):
    first = make(sku="A-1")
    other = make()
    for attempt in (
        lambda: make(sku="a-1"),
        lambda: products.update(product_id=other.id, fields={"sku": "A-1"}, by=BY),
    ):
        with pytest.raises(Conflict) as refusal:
            attempt()
        assert pointers(refusal) == ["/sku"]
    products.delete(product_id=first.id, by=BY)
    assert make(sku="A-1").id > other.id


def test_an_edit_keeps_what_it_does_not_name(business):
    product = make(category="Drinks", tax_rate=Decimal(20), low_stock_level=Decimal(3))
    edited = products.update(product_id=product.id, fields={"name": "Green tea"}, by=BY)
    assert (edited.category, edited.tax_rate, edited.unit) == ("Drinks", Decimal(20), "C62")
    assert edited.version == 2
    emptied = products.update(
        product_id=product.id, fields={"category": None, "tax_rate": None, "unit": None}, by=BY
    )
    assert (emptied.category_id, emptied.tax_rate_id, emptied.unit) == (None, None, "C62")
    with pytest.raises(StaleVersion) as refusal:
        products.update(product_id=product.id, fields={"name": "x"}, by=BY, expected_version=1)
    assert refusal.value.current == emptied


def test_both_forms_of_one_thing_are_refused(business):
    rate = tax_rates.find().items[0].id
    with pytest.raises(InvalidInput) as refusal:
        make(tax_rate=Decimal(20), tax_rate_id=rate)
    assert pointers(refusal) == ["/tax_rate"]


def test_stock_goes_down_and_tells_once_when_it_is_low(business):
    product = make(stock_quantity=Decimal(10), low_stock_level=Decimal(3))

    def take(quantity: int) -> Decimal:
        moved = stock.move(product_id=product.id, quantity=Decimal(quantity), reason="sold", by=BY)
        return moved.stock_after

    assert [take(-4), take(-3), take(-1), take(-1)] == [6, 3, 2, 1]
    assert [event["stock_quantity"] for event in published("product.low_stock")] == [3]
    assert [take(9), take(-8)] == [10, 2]
    assert [event["stock_quantity"] for event in published("product.low_stock")] == [3, 2]
    assert products.find(status="low_stock").items[0].id == product.id
    assert products.get(product_id=product.id).version == 1


def test_stock_never_goes_below_zero(business):
    product = make(stock_quantity=Decimal(1))
    with pytest.raises(Conflict) as refusal:
        stock.move(product_id=product.id, quantity=Decimal(-2), reason="sold", by=BY)
    assert pointers(refusal) == ["/quantity"]
    assert stock.movements(product_id=product.id).total == 1
    for quantity, reason, at in ((Decimal(0), "x", "/quantity"), (Decimal(1), " ", "/reason")):
        with pytest.raises(InvalidInput) as wrong:
            stock.move(product_id=product.id, quantity=quantity, reason=reason, by=BY)
        assert pointers(wrong) == [at]


def test_a_count_is_a_correction(business):
    product = make()
    assert product.stock_quantity is None
    for counted in (Decimal(8), Decimal(5), Decimal(5), Decimal(0)):
        fields = {"stock_quantity": counted}
        assert (
            products.update(product_id=product.id, fields=fields, by=BY).stock_quantity == counted
        )
    quantities = [m.quantity for m in stock.movements(product_id=product.id, sort="id").items]
    assert quantities == [8, -3, -5]
    fields = {"stock_quantity": None}
    assert products.update(product_id=product.id, fields=fields, by=BY).stock_quantity is None


def test_twenty_takers_of_ten_pieces(business, app):
    product = make(stock_quantity=Decimal(10))

    def take(_: int) -> bool:
        with app.app_context(), enter_business(business):
            try:
                stock.move(product_id=product.id, quantity=Decimal(-1), reason="sold", by=BY)
            except Conflict:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(20))) == 10
    db.session.rollback()
    movements = stock.movements(product_id=product.id, sort="id").items
    assert [movement.stock_after for movement in movements] == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert products.get(product_id=product.id).stock_quantity == 0


def test_costs_are_for_those_who_may_see_them(business):
    with pytest.raises(Forbidden):
        products.create(
            fields={"name": "x", "unit_price": 1, "cost_price": Decimal("0.30")}, by=STAFF
        )
    product = make(cost_price=Decimal("0.3141"), stock_quantity=Decimal(2))
    products.update(product_id=product.id, fields={"cost_price": Decimal("0.3142")}, by=BY)
    products.delete(product_id=product.id, by=BY)
    told = db.session.scalars(text("SELECT data::text FROM events WHERE name LIKE 'product%'"))
    assert not [data for data in told if "0.314" in data]


def test_search_ranks_and_forgives(business):
    tea, mate = make(name="Green tea", sku="GT-7"), make(name="Mate tea with lemon")
    make(name="Tea towel", is_active=False)
    assert [p.id for p in products.search(q="gt-7")] == [tea.id]
    assert [p.id for p in products.search(q="TEA lem")] == [mate.id]
    assert {p.id for p in products.search(q="tea")} == {tea.id, mate.id}
    assert [p.id for p in products.search(q="lemmon")] == [mate.id]
    assert products.search(q="quantum") == ()
    with pytest.raises(InvalidInput):
        products.search(q="  ")


def test_lists_are_filtered_and_sorted(business):
    cheap = make(name="b", unit_price=Decimal(1), category="X")
    dear = make(name="a", unit_price=Decimal(100), is_active=False)
    assert [p.id for p in products.find(sort="unit_price").items] == [cheap.id, dear.id]
    assert [p.id for p in products.find(sort="name").items] == [dear.id, cheap.id]
    assert [p.id for p in products.find(status="active").items] == [cheap.id]
    assert [p.id for p in products.find(status="inactive").items] == [dear.id]
    assert [p.id for p in products.find(category_id=cheap.category_id).items] == [cheap.id]
    page = products.find(sort="stock_quantity", limit=1)
    assert products.find(sort="stock_quantity", cursor=page.next_cursor).items[0].id == dear.id


def test_categories_form_a_tree(business):
    top = categories.create(fields={"name": "Top"}, by=BY)
    low = categories.create(fields={"name": "Low", "parent_id": top.id}, by=BY)
    for parent in (top.id, low.id):
        with pytest.raises(InvalidInput) as refusal:
            categories.update(category_id=top.id, fields={"parent_id": parent}, by=BY)
        assert pointers(refusal) == ["/parent_id"]
    with pytest.raises(Conflict) as taken:
        categories.create(fields={"name": "Top"}, by=BY)
    assert pointers(taken) == ["/name"]
    with pytest.raises(Conflict):
        categories.update(category_id=low.id, fields={"name": "Top"}, by=BY)
    with pytest.raises(Conflict):
        categories.delete(category_id=top.id, by=BY)
    categories.delete(category_id=low.id, by=BY)
    categories.delete(category_id=top.id, by=BY)
    assert categories.find().items == ()


def test_tax_rates_have_one_default_and_their_rules(business):
    first = tax_rates.default()
    made = tax_rates.create(
        fields={"name": "City tax", "rate": Decimal("3.5"), "is_default": True}, by=BY
    )
    assert tax_rates.default().id == made.id
    assert not tax_rates.get(tax_rate_id=first.id).is_default
    for fields, at in (
        ({"category": "AE"}, "/rate"),
        ({"valid_from": "2026-02-01", "valid_to": "2026-01-01"}, "/valid_to"),
        ({"valid_from": "20260201"}, "/valid_from"),
        ({"category": "Q"}, "/category"),
        ({"rate": None}, "/rate"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            tax_rates.update(tax_rate_id=made.id, fields=fields, by=BY)
        assert pointers(refusal) == [at]
    tax_rates.archive(tax_rate_id=made.id, by=BY)
    assert tax_rates.default() is None
    assert made.id in [rate.id for rate in tax_rates.find(archived=True).items]


def test_what_belongs_to_another_business_is_missing(business, other_business):
    with enter_business(other_business):
        product = make(category="X", tax_rate=Decimal(20), stock_quantity=Decimal(1))
    attempts = [
        lambda: products.get(product_id=product.id),
        lambda: products.update(product_id=product.id, fields={"name": "x"}, by=BY),
        lambda: products.delete(product_id=product.id, by=BY),
        lambda: stock.move(product_id=product.id, quantity=Decimal(1), reason="x", by=BY),
        lambda: stock.movements(product_id=product.id),
        lambda: make(category_id=product.category_id),
        lambda: make(tax_rate_id=product.tax_rate_id),
        lambda: categories.get(category_id=product.category_id),
        lambda: categories.delete(category_id=product.category_id, by=BY),
        lambda: categories.create(fields={"name": "x", "parent_id": product.category_id}, by=BY),
        lambda: tax_rates.get(tax_rate_id=product.tax_rate_id),
        lambda: tax_rates.update(tax_rate_id=product.tax_rate_id, fields={"name": "x"}, by=BY),
        lambda: tax_rates.archive(tax_rate_id=product.tax_rate_id, by=BY),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()
    assert products.find(q="tea").items == ()
    assert products.search(q="tea") == ()
