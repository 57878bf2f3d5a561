"""Whatever somebody types into products, orders, suppliers, bills and files is shown as text."""

from decimal import Decimal

from invoicer_core.services import clients, files, orders, products, sheets
from invoicer_core.services.buying import bills, suppliers
from invoicer_core.services.files import attachments
from invoicer_core.services.products import categories, stock
from tests.factories import BY
from tests.integration.web.conftest import Visitor

BAD = "\"><img src=x onerror=alert(1)>'{{7*7}}"
SHOWN = "&lt;img src=x onerror=alert(1)&gt;"


def test_hostile_words_stay_words(owner: Visitor, do) -> None:
    client = do(clients.create, fields={"name": BAD}, by=BY)
    product = do(
        products.create,
        fields={"name": BAD, "sku": BAD, "description": BAD, "category": BAD,
                "unit_price": Decimal(1), "stock_quantity": Decimal(1)},
        by=BY,
    )  # fmt: skip
    do(stock.move, product_id=product.id, quantity=Decimal(1), reason=BAD, by=BY)
    do(categories.create, fields={"name": f"{BAD}2", "parent_id": product.category_id}, by=BY)
    item = {"product_name": BAD, "quantity": Decimal(1), "unit_price": Decimal(1)}
    order = do(orders.create, fields={"client_id": client.id, "notes": BAD, "items": [item]}, by=BY)
    parts = ("name", "legal_name", "contact_name", "address", "city", "notes", "tax_number")
    supplier = do(suppliers.create, fields=dict.fromkeys(parts, BAD), by=BY)
    bill = do(
        bills.record,
        supplier_id=supplier.id,
        fields={"number": BAD, "bill_date": "2026-11-01", "currency": "EUR", "notes": BAD,
                "total_amount": Decimal(5)},
        by=BY,
    )  # fmt: skip
    do(bills.pay, bill_id=bill.id, by=BY,
       fields={"amount": Decimal(1), "method": "cash", "reference": BAD})  # fmt: skip
    kept = do(files.upload, name=f"{BAD}.txt", data=b"1 <b> & {{7*7}}", by=BY)
    table = do(files.upload, name="a.csv", data=sheets.csv_bytes(["name", BAD], [[BAD, 2]]), by=BY)
    places = {"product": product, "order": order, "supplier": supplier, "bill": bill}
    for kind, each in places.items():
        do(attachments.attach, file_id=kept.id, to=(kind, each.id), by=BY)
    pages = [f"/{kind}s/{each.id}{more}" for kind, each in places.items() for more in ("", "/edit")]
    pages += ["/products", "/products/categories", "/products/new", "/orders", "/suppliers",
              "/bills", "/bills/new", f"/orders/{order.id}/invoice", "/files", f"/files/{kept.id}",
              f"/products/import/{table.id}", "/orders/product-choices?item-description=img&key=a",
              "/orders/client-choices?client_search=img", f"/orders/row?product_id={product.id}",
              f"/files/attached/bill/{bill.id}"]  # fmt: skip
    for page in pages:
        answer = owner.get(page)
        assert answer.status_code == 200, page
        assert "<img src=x" not in answer.text, page
        assert "{{7*7}}" in answer.text, page
        assert SHOWN in answer.text, page
