"""Products in the browser: found, counted, grouped, archived, imported and exported."""

import io
from decimal import Decimal

import openpyxl
import pytest

from invoicer_core.services import products, tasks
from invoicer_core.services.products import categories, stock
from tests.factories import BY
from tests.integration.web.conftest import Visitor


@pytest.fixture
def product(do):
    """Makes a product."""

    def make(name: str = "Lamp", **fields):
        given = {"name": name, "unit_price": Decimal("19.50"), **fields}
        return do(products.create, fields=given, by=BY)

    return make


def send_file(visitor: Visitor, name: str, data: bytes):
    page = "/products/import"
    sent = {**visitor.hidden(page), "file": (io.BytesIO(data), name)}
    return visitor.http.post(page, data=sent, headers={"Sec-Fetch-Site": "same-origin"})


# --- list and page ------------------------------------------------------------------------------


def test_the_list_shows_what_is_active_low_archived_or_of_a_category(owner: Visitor, product):
    product("Lamp", category="Light", stock_quantity=Decimal(2), low_stock_level=Decimal(3))
    product("Chair", category="Seats", stock_quantity=Decimal(9), low_stock_level=Decimal(3))
    product("Stool", is_active=False, stock_quantity=Decimal(0), low_stock_level=Decimal(3))
    shown = owner.get("/products").text
    assert "Lamp" in shown
    assert "Chair" in shown
    assert "Stool" not in shown
    assert "1 product is low on stock." in shown
    low = owner.get("/products?status=low_stock").text
    assert "Lamp" in low
    assert "Chair" not in low
    assert "Stool" not in low
    assert "Stool" in owner.get("/products?status=inactive").text


def test_a_category_filters_the_list(owner: Visitor, product, do):
    lamp = product("Lamp", category="Light")
    product("Chair", category="Seats")
    shown = owner.get(f"/products?category_id={lamp.category_id}").text
    assert "Lamp" in shown
    assert "Chair" not in shown


def test_a_product_is_added_with_category_stock_and_alert_level(owner: Visitor, do):
    answer = owner.send(
        "/products/new", "/products/new", name="Lamp", unit_price="19,50", unit="C62",
        category="Light", stock_quantity="12", low_stock_level="3", cost_price="7,25", sku="L-1",
    )  # fmt: skip
    assert answer.status_code == 302
    made = do(products.find).items[0]
    assert (made.category, made.stock_quantity, made.low_stock_level, made.cost_price) == (
        "Light", Decimal(12), Decimal(3), Decimal("7.25"),
    )  # fmt: skip
    page = owner.get(answer.headers["Location"]).text
    for words in ("Lamp", "Light", "19,50", "7,25", "Initial stock", owner.email):
        assert words in page, words


def test_an_error_keeps_what_was_typed_and_names_the_field(owner: Visitor, product):
    product(sku="L-1")
    answer = owner.send(
        "/products/new", "/products/new", name="Other", unit_price="1", unit="C62", sku="l-1",
        category="Light",
    )  # fmt: skip
    assert answer.status_code == 409
    assert "Another product has this number already." in answer.text
    assert 'value="Light"' in answer.text


def test_viewers_see_neither_costs_nor_buttons(owner: Visitor, viewer: Visitor, product):
    made = product(cost_price=Decimal("3.21"))
    page = viewer.get(f"/products/{made.id}").text
    assert "Lamp" in page
    for words in ("3,21", "Change stock", "data-upload", "Archive"):
        assert words not in page, words
    assert "3,21" in owner.get(f"/products/{made.id}").text
    for path in ("stock", "archive", "edit"):
        assert viewer.send(f"/products/{made.id}/{path}", "/products").status_code == 403
    assert "3.21" not in viewer.get("/products/export.csv").text


# --- stock ----------------------------------------------------------------------------------------


def test_stock_comes_in_goes_out_and_is_counted_with_reasons(owner: Visitor, product, do):
    made = product(stock_quantity=Decimal(5))
    page = f"/products/{made.id}"
    for direction, quantity, reason in (
        ("in", "10", "Delivery 77"), ("out", "1,5", "Broken"), ("count", "12", "Stock-taking"),
    ):  # fmt: skip
        answer = owner.send(
            f"{page}/stock", page, direction=direction, quantity=quantity, reason=reason
        )
        assert answer.status_code == 302, answer.text
    found = do(stock.movements, product_id=made.id).items
    assert [(each.quantity, each.stock_after) for each in found] == [
        (Decimal("-1.5"), Decimal(12)), (Decimal("-1.5"), Decimal("13.5")),
        (Decimal(10), Decimal(15)), (Decimal(5), Decimal(5)),
    ]  # fmt: skip
    assert {each.actor for each in found[:3]} == {owner.email}
    assert "Stock-taking" in owner.get(page).text


def test_more_than_is_there_is_not_taken_and_nothing_is_lost(owner: Visitor, product, do):
    made = product(stock_quantity=Decimal(5))
    page = f"/products/{made.id}"
    answer = owner.send(f"{page}/stock", page, direction="out", quantity="6", reason="Sold")
    assert answer.status_code == 409
    assert "data-show" in answer.text
    assert 'value="Sold"' in answer.text
    assert "There are 5 in stock; 6 cannot be taken." in answer.text
    bare = owner.send(f"{page}/stock", page, direction="in", quantity="0", reason="")
    assert bare.status_code == 422
    assert do(products.get, product_id=made.id).stock_quantity == 5


def test_a_reload_moves_the_stock_once(owner: Visitor, product, do):
    made = product(stock_quantity=Decimal(5))
    page = f"/products/{made.id}"
    once = owner.hidden(page)["once"]
    for _ in range(2):
        owner.send(f"{page}/stock", page, once=once, direction="in", quantity="1", reason="Found")
    assert do(products.get, product_id=made.id).stock_quantity == 6


def test_a_product_is_archived_and_offered_again(owner: Visitor, product, do):
    made = product()
    page = f"/products/{made.id}"
    owner.send(f"{page}/archive", page)
    assert not do(products.get, product_id=made.id).is_active
    assert "Offer again" in owner.get(page).text
    owner.send(f"{page}/archive", page, back="1")
    assert do(products.get, product_id=made.id).is_active


# --- categories -----------------------------------------------------------------------------------


def test_categories_stand_inside_one_another(owner: Visitor, product, do):
    page = "/products/categories"
    owner.send(page, page, name="Furniture")
    top = do(categories.find).items[0]
    owner.send(page, page, name="Chairs", parent_id=str(top.id))
    product(category="Chairs")
    tree = do(categories.tree)
    assert [(each.category.name, each.depth, each.products) for each in tree] == [
        ("Furniture", 0, 0), ("Chairs", 1, 1),
    ]  # fmt: skip
    assert "Chairs" in owner.get(page).text
    circle = owner.send(f"{page}/{top.id}", page, name="Furniture",
                        parent_id=str(tree[1].category.id))  # fmt: skip
    assert circle.status_code == 422
    assert "A category cannot stand inside itself." in circle.text
    owner.send(f"{page}/{top.id}/delete", page)
    assert len(do(categories.tree)) == 2
    assert owner.send(page, page, name="chairs").status_code in (302, 409)


def test_an_empty_category_is_renamed_and_deleted(owner: Visitor, do):
    page = "/products/categories"
    owner.send(page, page, name="Lights")
    made = do(categories.find).items[0]
    owner.send(f"{page}/{made.id}", page, name="Lamps")
    assert "Lamps" in owner.get(page).text
    owner.send(f"{page}/{made.id}/delete", page)
    assert do(categories.tree) == ()


# --- import and export ----------------------------------------------------------------------------

CSV = (
    "Artikelnr;Bezeichnung;Preis;Bestand;MwSt;Bemerkung\r\n"
    "L-1;Lampe;1.234,50;3;19;x\r\n"
    "L-2;Stuhl;89,90;;19;\r\n"
)


def test_columns_are_guessed_and_the_first_rows_shown(owner: Visitor):
    answer = send_file(owner, "list.csv", CSV.encode("cp1252"))
    assert answer.status_code == 302, answer.text
    page = owner.get(answer.headers["Location"]).text
    for words in ("Artikelnr", "Bemerkung", "Lampe", "1.234,50"):
        assert words in page
    for column, field in ((0, "sku"), (1, "name"), (2, "unit_price"), (3, "stock_quantity")):
        part = page[page.index(f'id="column-{column}"') :]
        assert f'value="{field}" selected' in part[: part.index("</select>")]


def columns(*fields: str) -> dict[str, str]:
    return {f"column__{at}": field for at, field in enumerate(fields)}


def test_a_table_comes_in(owner: Visitor, do):
    page = send_file(owner, "list.csv", CSV.encode()).headers["Location"]
    wished = columns("sku", "name", "unit_price", "stock_quantity", "tax_rate", "")
    answer = owner.send(page, page, **wished, mark=",")
    assert answer.status_code == 302, answer.text
    assert "2 products added, 0 changed, 0 left out." in owner.get("/products").text
    found = {each.sku: each for each in do(products.find).items}
    assert found["L-1"].unit_price == Decimal("1234.50")
    assert (found["L-1"].stock_quantity, found["L-2"].stock_quantity) == (Decimal(3), None)
    assert found["L-2"].tax_rate == 19


def test_the_same_table_again_changes_or_leaves_out(owner: Visitor, do):
    wished = columns("sku", "name", "unit_price", "stock_quantity", "tax_rate", "")
    for _ in range(2):
        page = send_file(owner, "list.csv", CSV.encode()).headers["Location"]
        owner.send(page, page, **wished, mark=",")
    assert len(do(products.find).items) == 2
    dearer = CSV.replace("89,90", "99,90")
    page = send_file(owner, "list.csv", dearer.encode()).headers["Location"]
    owner.send(page, page, **wished, mark=",", update="1")
    assert {each.unit_price for each in do(products.find).items} == {
        Decimal("1234.50"), Decimal("99.90"),
    }  # fmt: skip


def test_faults_name_file_line_and_column_and_nothing_is_written(owner: Visitor, do):
    bad = "sku,name,price\nA,Lamp,12.50\nB,,7\nC,Chair,cheap\nA,Stool,3\n"
    page = send_file(owner, "list.csv", bad.encode()).headers["Location"]
    answer = owner.send(page, page, **columns("sku", "name", "unit_price"), mark=".")
    assert answer.status_code == 422
    for words in (
        "3 faults", "list.csv", "Line 3", "This field needs a value.", "Line 4 · price",
        "“cheap” is not a number.", "Line 5", "stands in line 2 already",
    ):  # fmt: skip
        assert words in answer.text, words
    assert do(products.find).items == ()


def test_what_is_required_and_what_stands_twice_is_said(owner: Visitor, do):
    page = send_file(owner, "list.csv", b"a,b\nLamp,3\n").headers["Location"]
    answer = owner.send(page, page, **columns("name", ""), mark=".")
    assert answer.status_code == 422
    assert "Choose the column that holds: Price." in answer.text
    twice = owner.send(page, page, **columns("name", "name"), mark=".")
    assert "Another column holds this already." in twice.text


def test_what_is_no_table_is_refused_and_not_kept(owner: Visitor):
    for name, data in (
        ("a.csv", b"only a heading\n"),
        ("a.pdf", b"%PDF-1.4\n"),
        ("a.xls", b"\xd0\xcf"),
    ):
        answer = send_file(owner, name, data)
        assert answer.status_code == 422, name
        assert 'id="file-error"' in answer.text
    assert "a.csv" not in owner.get("/files").text


def test_a_long_table_is_a_task(owner: Visitor, do):
    rows = "".join(f"N-{at},Thing {at},{at}.50\n" for at in range(1, 251))
    page = send_file(owner, "long.csv", f"sku,name,price\n{rows}".encode()).headers["Location"]
    answer = owner.send(page, page, **columns("sku", "name", "unit_price"), mark=".")
    assert answer.status_code == 302
    assert "/tasks/" in answer.headers["Location"]
    task = do(tasks.find).items[0]
    assert (task.kind, task.data["wish"]["columns"]["sku"]) == ("product-import", 0)
    assert owner.get(answer.headers["Location"]).status_code == 200


def test_the_export_can_be_imported_again(owner: Visitor, product, do):
    product("Lamp", sku="L-1", stock_quantity=Decimal(4), category="Light", description="=1+1")
    book = openpyxl.load_workbook(io.BytesIO(owner.get("/products/export.xlsx").data))
    cells = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert cells[0][:2] == ["Name", "Article number"]
    assert cells[1][0] == "Lamp"
    text = owner.get("/products/export.csv").text
    assert "'=1+1" in text
    out = io.BytesIO()
    book.save(out)
    page = send_file(owner, "again.xlsx", out.getvalue()).headers["Location"]
    shown = owner.get(page).text
    wished = {}
    for column in range(len(cells[0])):
        part = shown[shown.index(f'id="column-{column}"') :]
        part = part[: part.index("</select>")]
        wished[f"column-{column}"] = part.split('" selected')[0].rsplit('"', 1)[1]
    assert wished["column-5"] == "unit_price"
    answer = owner.send(page, page, **wished, mark=".", update="1")
    assert answer.status_code == 302, answer.text
    (again,) = do(products.find).items
    assert (again.name, again.description, again.unit_price) == ("Lamp", "=1+1", Decimal("19.5"))
