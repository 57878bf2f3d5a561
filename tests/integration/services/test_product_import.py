"""Tables of products: read as people write them, checked whole, written whole or not at all."""

import io
import zipfile
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from flask_babel import force_locale

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.models import db
from invoicer_core.models.tasks import Task
from invoicer_core.services import files, products, sheets
from invoicer_core.services.products import exporting, importing
from invoicer_core.services.products.importing import Wish, apply, guess, plan
from invoicer_core.services.table_reading import ROWS_MOST, in_utf8, read_table
from invoicer_core.services.tasks import Running
from tests.factories import BY

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
D = Decimal


def csv(text: str):
    return read_table(text.encode(), "text/csv")


def workbook(*rows: list) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture
def english(business):
    """As a worker does it: the language of who asked."""
    with force_locale("en"):
        yield business


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_are_found(separator):
    table = csv(f'name{separator}price\n\n"La{separator}mp"{separator}3\n')
    assert table.header == ("name", "price")
    assert table.rows == ((f"La{separator}mp", "3"),)
    assert table.lines == (3,)


def test_lines_are_those_of_the_file_even_with_breaks_inside_of_cells():
    table = csv('name,price\n"La\nmp",3\nChair,4\n')
    assert table.lines == (2, 4)


def test_older_programs_write_other_bytes():
    text = "Name;Preis\nStühle;3\n"
    assert read_table(in_utf8(text.encode("cp1252")), "text/csv").rows[0][0] == "Stühle"
    assert in_utf8(text.encode()) == text.encode()


def test_a_workbook_keeps_its_numbers_exact():
    table = read_table(
        workbook(
            ["name", "price", "n"], ["Lamp", 1.1, 7], [None, None, None], ["Chair", 0.1 + 0.2, 100]
        ),
        XLSX,
    )
    assert table.rows == (("Lamp", D("1.1"), D(7)), ("Chair", D("0.3"), D(100)))
    assert table.lines == (2, 4)


def test_our_own_workbooks_can_be_read():
    data = sheets.xlsx_bytes("P", ["name", "price", "day"], [["=1", D("12.50"), date(2026, 1, 1)]])
    table = read_table(data, XLSX)
    assert table.rows[0][:2] == ("=1", D("12.5"))


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"", "text/csv"),
        (b"name,price\n", "text/csv"),
        (b'name,price\n"Lamp,3\n' + b"\xff", "text/csv"),
        (b"PK\x03\x04rubbish", XLSX),
        (b"%PDF-1.4", "application/pdf"),
        (b",,\n,,\n", "text/csv"),
    ],
)
def test_what_is_no_table_is_refused(data, media_type):
    with pytest.raises(InvalidInput) as refusal:
        read_table(data, media_type)
    assert refusal.value.fields[0].pointer == "/file"


def test_a_workbook_with_growing_entities_is_refused():
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(["a", "b"], ["1", "2"]))) as old,
        zipfile.ZipFile(out, "w") as new,
    ):
        for name in old.namelist():
            data = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                data = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>' + data.partition(b"?>")[2]
            new.writestr(name, data)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_table(out.getvalue(), XLSX)


def test_too_many_rows_are_refused_by_number():
    with pytest.raises(InvalidInput, match=f"{ROWS_MOST + 1} rows"):
        csv("name,price\n" + "a,1\n" * (ROWS_MOST + 1))


# --- planning and writing -------------------------------------------------------------------------


def test_headings_are_known_in_several_languages():
    header = ["Artikel-Nr.", "Désignation", "Precio", "Lagerbestand", "whatever", "Name"]
    assert guess(header, {"name": "Name"}) == {
        "sku": 0, "name": 1, "unit_price": 2, "stock_quantity": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "mark", "number"),
    [
        ("1,234.50", ".", "1234.50"), ("1.234,50", ",", "1234.50"), ("12,5", ",", "12.5"),
        ("€ 9.90", ".", "9.90"), ("19 %", ".", "19"), ("1'234.5", ".", "1234.5"), ("-3", ".", "-3"),
        ("12,5", ".", None), ("1.23.4", ",", None), ("1,2345", ".", None), ("", ".", ""),
        ("abc", ".", None), ("1e9", ".", None), ("٣", ".", None),
    ],
)  # fmt: skip
def test_numbers_are_read_as_written_or_not_at_all(english, typed, mark, number):
    table = csv(f'name;price;alert\nLamp;1;"{typed}"\n')
    wish = Wish(columns={"name": 0, "unit_price": 1, "low_stock_level": 2}, mark=mark)
    found = plan(table=table, wish=wish, by=BY)
    value = found.entries[0].fields.get("low_stock_level")
    if number is None:
        assert [fault.column for fault in found.faults] == ["alert"]
    elif number == "-3":
        assert "must not be below 0" in found.faults[0].message
    else:
        assert value == (D(number) if number else None)


WISH = Wish(columns={"sku": 0, "name": 1, "unit_price": 2})
GOOD = "sku,name,price\nA,Lamp,12.50\nB,Chair,7\n"


def test_a_plan_writes_nothing_and_says_what_would_happen(english):
    products.create(fields={"sku": "a", "name": "Old lamp", "unit_price": D(1)}, by=BY)
    found = plan(table=csv(GOOD), wish=WISH, by=BY)
    assert (found.added, found.changed, found.left_out) == (1, 0, 1)
    changing = Wish(columns=WISH.columns, update=True)
    found = plan(table=csv(GOOD), wish=changing, by=BY)
    assert (found.added, found.changed, found.left_out) == (1, 1, 0)
    assert len(products.find().items) == 1
    apply(plan=found, by=BY)
    assert {(each.sku, each.name) for each in products.find().items} == {
        ("A", "Lamp"), ("B", "Chair"),
    }  # fmt: skip


def test_one_bad_row_keeps_all_out(english):
    found = plan(table=csv(GOOD + "C,,1\n"), wish=WISH, by=BY)
    assert [(fault.line, fault.column) for fault in found.faults] == [(4, "name")]
    with pytest.raises(InvalidInput, match="Line 4, name"):
        apply(plan=found, by=BY)
    assert products.find().items == ()


def test_a_row_that_is_refused_late_takes_all_back(english):
    found = plan(table=csv(GOOD), wish=WISH, by=BY)
    products.create(fields={"sku": "b", "name": "Meanwhile", "unit_price": D(1)}, by=BY)
    with pytest.raises(InvalidInput, match="Line 3"):
        apply(plan=found, by=BY)
    assert [each.name for each in products.find().items] == ["Meanwhile"]


def test_costs_are_not_for_everybody(english):
    wish = Wish(columns={"name": 0, "unit_price": 1, "cost_price": 2})
    staff = Actor("user", user_id=1, role="staff", label="staff@factory.test")
    found = plan(table=csv("n,p,c\nLamp,2,1\n"), wish=wish, by=staff)
    assert "does not see what products cost" in found.faults[0].message


def test_the_task_writes_what_was_asked_for(english):
    kept = files.upload(name="a.csv", data=GOOD.encode(), by=BY)
    row = Task(
        business_id=english, kind="product-import", title="", created_by=BY.user_id,
        data={"file_id": kept.id, "wish": WISH.as_json()},
        actor={"kind": "user", "role": "owner", "label": BY.label, "language": "en"},
    )  # fmt: skip
    db.session.add(row)
    db.session.commit()
    importing.import_products(Running(row))
    assert len(products.find().items) == 2
    db.session.refresh(row)
    assert (row.state, row.message) == ("done", "2 products added, 0 changed, 0 left out.")


def test_the_export_has_every_product_once(english):
    for at in range(3):
        products.create(
            fields={"name": f"P{at}", "unit_price": D(at), "cost_price": D(9), "category": "X"},
            by=BY,
        )
    fields = exporting.columns(costs=False)
    assert "cost_price" not in fields
    rows = list(exporting.rows(fields=fields))
    assert [row[0] for row in rows] == ["P0", "P1", "P2"]
    assert rows[1][fields.index("unit_price")] == D(1)
