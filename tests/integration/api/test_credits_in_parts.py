"""Several partial credit notes in a row: none is refused over a cent, and all are the invoice."""

from decimal import Decimal

import pytest

from tests.factories import Api

D = Decimal


def _item(quantity: str, price: str, **more: object) -> dict[str, object]:
    taxes = [{"rate": "19", "name": "VAT"}]
    return {"description": "Pen", "quantity": quantity, "unit_price": price, "taxes": taxes, **more}


@pytest.mark.parametrize(
    ("price", "more"),
    [
        ("0.97", {"prices_include_tax": True}),
        ("33.335", {}),
        ("0.99", {"prices_include_tax": True, "rounding": {"increment": "0.05"}}),
        ("0.05", {"withholding": [{"rate": "15.5"}]}),
        ("333", {"currency": "JPY", "prices_include_tax": True}),
        ("0.0005", {"currency": "KWD"}),
    ],
)
def test_one_piece_after_another(owner: Api, price: str, more: dict[str, object]) -> None:
    body = {"client": {"name": "Ann"}, "items": [_item("7", price)], "issue": True, **more}
    invoice = owner.made("/invoices", body)
    kept = {name: value for name, value in more.items() if name != "rounding"}
    notes = [
        owner.made(
            "/credit-notes",
            {"invoice_id": invoice["id"], "reason": "Back", "items": [_item(count, price)], **kept},
        )
        for count in ("1", "2", "1", "1", "2")
    ]
    for name in ("net_total", "tax_total", "total_amount", "withheld_total", "rounding"):
        assert sum(D(note[name]) for note in notes) == D(invoice[name]), name
    after = owner.get(f"/invoices/{invoice['id']}").get_json()
    assert D(after["balance_due"]) == 0
    assert after["status"] == "paid"
    more_of_it = {"invoice_id": invoice["id"], "items": [_item("1", "1")], **kept}
    assert owner.post("/credit-notes", more_of_it).status_code == 409
