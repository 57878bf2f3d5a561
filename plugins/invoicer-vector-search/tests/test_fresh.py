"""The index follows what is written down, and nothing is read twice."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from invoicer_vector_search import embedding, index
from sqlalchemy import text

from invoicer_core import host
from invoicer_core.models import db
from invoicer_core.plugin import Document, InvoiceDraft, InvoiceSnapshot, Item
from invoicer_core.services import businesses, clients, invoices, plugins, products, tasks
from invoicer_core.services.buying import suppliers
from tests.factories import BY

RODS = (("TMT rod 12 mm", "Ribbed reinforcement for concrete"), ("Oak table", "Seats six"),
        ("Water bottle", None), ("Cotton shirt", None))  # fmt: skip


def fill(shop: Any) -> dict[str, int]:
    found = {name: shop.add(name, description=words) for name, words in RODS}
    shop.work()
    return found


def test_meaning_finds_what_shares_no_word(shop: Any) -> None:
    ids = fill(shop)
    assert shop.found("iron bar 12")[0] == ids["TMT rod 12 mm"]
    assert shop.found("furniture to eat at")[0] == ids["Oak table"]


def test_changed_texts_alone_are_read_again(shop: Any) -> None:
    ids = fill(shop)
    before = {row.thing_id: row.digest for row in shop.entries()}
    products.update(product_id=ids["Oak table"], fields={"unit_price": 99}, by=BY)
    products.update(product_id=ids["Cotton shirt"], fields={"name": "Garden spade"}, by=BY)
    model = embedding.LOCAL_MODEL
    words = {("product", each): index.words_of("product", each) for each in ids.values()}
    assert index.read(model, words) == 1
    after = {row.thing_id: row.digest for row in shop.entries()}
    assert {each for each in before if before[each] != after[each]} == {ids["Cotton shirt"]}
    assert shop.found("digging tool")[0] == ids["Cotton shirt"]


def test_the_category_is_read_as_well(shop: Any) -> None:
    made = shop.add("Type 7", description="Blue, 30 cm", category="Frying pans")
    other = shop.add("Type 8", description="Blue, 30 cm", category="Garden hoses")
    shop.work()
    assert index.words_of("product", made) == "Type 7, Frying pans\nType 7. Blue, 30 cm"
    assert shop.found("watering the lawn")[0] == other
    products.update(product_id=made, fields={"category": "Lawn sprinklers"}, by=BY)
    shop.work()
    assert shop.found("lawn sprinkler")[0] == made


def test_what_is_put_away_is_not_found(shop: Any) -> None:
    ids = fill(shop)
    products.delete(product_id=ids["Oak table"], by=BY)
    shop.work()
    assert ids["Oak table"] not in {row.thing_id for row in shop.entries()}


def test_a_change_during_the_reading_is_read_too(shop: Any) -> None:
    ids = fill(shop)
    ctx = host.current().context("vector_search", shop.business_id)
    index.note(ctx, "product", ids["Oak table"])
    seen = [(row.id, row.mark) for row in index._noted()]
    index.note(ctx, "product", ids["Oak table"])
    db.session.commit()
    assert [(row.id, row.mark) for row in index._noted()] == [(seen[0][0], seen[0][1] + 1)]


def test_clients_suppliers_and_invoices_are_found(shop: Any) -> None:
    client = clients.create(fields={"name": "Sunrise Bakery", "notes": "Bread rolls"}, by=BY)
    supplier = suppliers.create(fields={"name": "Northern Timber Mill"}, by=BY)
    invoice = drafted(client.id, "Painting of the stairwell")
    shop.work()
    assert shop.found("pastry shop", kind="client") == [client.id]
    assert shop.found("wood sawing company", kind="supplier") == [supplier.id]
    assert shop.found("decorating a staircase", kind="invoice") == [invoice.id]
    invoices.delete(invoice_id=invoice.id, by=BY)
    shop.work()
    assert shop.found("decorating a staircase", kind="invoice") == []


def test_nobody_finds_what_is_anothers(opened: Callable[[], Any]) -> None:
    mine, theirs = opened(), opened()
    with businesses.enter_business(mine.business_id):
        fill(mine)
    with businesses.enter_business(theirs.business_id):
        theirs.work()
        assert theirs.found("iron bar 12") == []
        every = db.session.scalar(text("SELECT count(*) FROM plugin_vector_search.entries"))
        assert every == 0, "row level security shows another business's vectors"


def test_the_first_index_has_what_was_there_before(shop: Any) -> None:
    plugins.change(name="vector_search", enabled=False, by=BY)
    made = [shop.add(f"Steel pipe {size} mm") for size in range(80)]
    plugins.change(name="vector_search", enabled=True, by=BY)
    task = _built(shop)
    assert task.state == "done"
    assert task.done == task.total == 80
    assert {row.thing_id for row in shop.entries()} == set(made)
    state = index.serving()
    assert state is not None
    assert (state.model, state.building) == (embedding.LOCAL_MODEL, None)


def test_building_again_reads_nothing_and_forgets_what_is_gone(shop: Any) -> None:
    ids = fill(shop)
    db.session.execute(
        text("UPDATE products SET deleted_at = now() WHERE id = :id"), {"id": ids["Oak table"]}
    )
    db.session.commit()
    task = _built(shop)
    assert task.message == "0 of 3 texts were read."
    assert ids["Oak table"] not in {row.thing_id for row in shop.entries()}


def drafted(client_id: int, words: str) -> InvoiceSnapshot:
    item = Item(words, Decimal(1), Decimal(100))
    draft = InvoiceDraft(document=Document("EUR", (item,)), client_id=client_id)
    return invoices.create(draft=draft, by=BY)


def _built(shop: Any) -> tasks.TaskSnapshot:
    ctx = host.current().context("vector_search", shop.business_id)
    task_id = index.build(ctx)
    shop.work()
    return tasks.get(task_id=task_id)
