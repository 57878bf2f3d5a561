"""What only pages could do: bills, attachments, statements, merging, erasing, reports, tasks."""

import csv
import io
from datetime import date

import pytest
from flask import Flask
from openpyxl import load_workbook

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.periods import Period
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import report_files
from invoicer_core.services.reports import Wish
from tests.factories import Api, make_caller

ITEM = {"description": "Work", "quantity": 2, "unit_price": 50, "taxes": [{"rate": 20}]}
SPAN = "from=2026-01-01&to=2026-12-31"


def issued(api: Api, client_id: int) -> dict:
    body = {"client_id": client_id, "items": [ITEM], "issue": True, "issue_date": "2026-06-01"}
    return api.made("/invoices", body)


@pytest.fixture
def ann(owner: Api) -> int:
    """A client."""
    return int(owner.made("/clients", {"name": "Ann", "email": "ann@client.test"})["id"])


@pytest.fixture
def bill(owner: Api) -> dict:
    """A bill of 120.00 with 20.00 of tax."""
    supplier = owner.made("/suppliers", {"name": "Timber"})
    return owner.made(
        "/bills",
        {"supplier_id": supplier["id"], "number": "T-7", "bill_date": "2026-05-01",
         "due_date": "2026-05-31", "currency": "EUR", "tax_amount": 20, "total_amount": 120},
    )  # fmt: skip


def test_a_bill_is_written_down_paid_undone_and_voided(owner: Api, bill: dict) -> None:
    at = f"/bills/{bill['id']}"
    assert owner.get(at).json == bill
    assert bill["net_amount"] == 100
    paid = owner.post(f"{at}/payments", {"amount": 20, "method": "cash", "date": "2026-05-02"})
    assert (paid.status_code, paid.json["balance_due"]) == (200, 100)
    assert owner.post(f"{at}/payments", {"amount": 101, "method": "cash"}).status_code == 409
    (payment,) = owner.get(f"{at}/payments").json
    assert owner.post(f"{at}/void", {"reason": "twice"}).status_code == 409
    undone = owner.post(f"{at}/payments/{payment['id']}/undo", {"reason": "wrong"})
    assert undone.json["balance_due"] == 120
    assert owner.get("/bills/owed").json[0]["open"] == 120
    assert owner.post(f"{at}/void", {"reason": "twice"}).json["status"] == "void"
    assert owner.get("/bills?status=void&q=t-7").json[0]["id"] == bill["id"]
    assert owner.get("/bills").json == []


def test_a_stale_change_of_a_bill_is_refused(owner: Api, bill: dict) -> None:
    at = f"/bills/{bill['id']}"
    assert owner.put(at, {"notes": "a"}, If_Match='"1"').status_code == 200
    stale = owner.put(at, {"notes": "b"}, If_Match='"1"')
    assert stale.status_code == 409
    assert stale.json["current"]["notes"] == "a"


def test_the_same_key_pays_once(owner: Api, bill: dict) -> None:
    at = f"/bills/{bill['id']}/payments"
    body = {"amount": 20, "method": "cash"}
    first, again = (owner.post(at, body, Idempotency_Key="pay") for _ in range(2))
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(owner.get(at).json) == 1


def uploaded(owner: Api) -> int:
    sent = owner.http.post(
        "/api/v1/files",
        data={"file": (io.BytesIO(b"a scan"), "scan.txt")},
        headers={"Authorization": f"Bearer {owner.token}"},
    )
    assert sent.status_code == 201, sent.text
    return int(sent.json["id"])


def test_a_file_is_put_on_a_bill_seen_by_who_may_and_taken_off(
    app: Flask, owner: Api, bill: dict
) -> None:
    file_id = uploaded(owner)
    to = {"kind": "bill", "to_id": bill["id"]}
    made = owner.made("/attachments", {"file_id": file_id, **to})
    assert owner.made("/attachments", {"file_id": file_id, **to})["id"] == made["id"]
    where = f"/attachments?kind=bill&to_id={bill['id']}"
    assert [each["file"]["id"] for each in owner.get(where).json] == [file_id]
    staff = make_caller(app, role="staff", business_id=owner.business_id)
    assert staff.get(where).status_code == 403
    assert staff.delete(f"/attachments/{made['id']}").status_code == 403
    assert owner.delete(f"/files/{file_id}").status_code == 409
    assert owner.delete(f"/attachments/{made['id']}").status_code == 204
    assert owner.get(where).json == []
    assert owner.get("/attachments?kind=bill&to_id=777777777").status_code == 404


def test_two_clients_become_one(owner: Api, ann: int) -> None:
    twin = owner.made("/clients", {"name": "Anne"})["id"]
    issued(owner, twin)
    plan = owner.get(f"/clients/{twin}/merge?into_id={ann}").json
    assert (plan["counts"]["invoices"], plan["kept"]["id"]) == (1, ann)
    assert owner.get(f"/clients/{twin}").status_code == 200
    kept = owner.post(f"/clients/{twin}/merge", {"into_id": ann})
    assert (kept.status_code, kept.json["id"]) == (200, ann)
    assert owner.get(f"/clients/{twin}").status_code == 404
    assert owner.get(f"/invoices?client_id={ann}").headers["X-Total-Count"] == "1"
    assert owner.post(f"/clients/{ann}/merge", {"into_id": ann}).status_code == 422


def test_a_client_is_erased_only_when_nothing_is_open_and_it_is_meant(owner: Api, ann: int) -> None:
    invoice = issued(owner, ann)
    plan = owner.get(f"/clients/{ann}/erase").json
    assert plan["open_accounts"][0]["balance"] == 120
    assert owner.post(f"/clients/{ann}/erase", {"sure": True}).status_code == 409
    paid = owner.post(f"/invoices/{invoice['id']}/payments", {"amount": 120, "method": "cash"})
    assert paid.status_code == 201, paid.text
    assert owner.post(f"/clients/{ann}/erase", {"sure": False}).status_code == 422
    erased = owner.post(f"/clients/{ann}/erase", {"sure": True})
    assert erased.status_code == 200
    assert "ann@client.test" not in owner.get(f"/clients/{ann}").text


def test_a_statement_is_counted_kept_and_sent(owner: Api, ann: int) -> None:
    issued(owner, ann)
    now = owner.get(f"/clients/{ann}/statement?{SPAN}").json
    assert (now["closing_balance"], len(now["lines"])) == (120, 1)
    assert "id" not in now
    span = {"from": "2026-01-01", "to": "2026-12-31"}
    made = owner.post(f"/clients/{ann}/statements", span)
    kept = made.json
    assert made.headers["Location"] == f"/api/v1/statements/{kept['id']}"
    issued(owner, ann)
    assert owner.get(f"/statements/{kept['id']}").json == kept
    assert [each["id"] for each in owner.get(f"/statements?client_id={ann}").json] == [kept["id"]]
    sent = owner.post(f"/statements/{kept['id']}/send", {})
    assert (sent.status_code, sent.json["recipient"]) == (202, "ann@client.test")
    backwards = {"from": "2026-12-31", "to": "2026-01-01"}
    assert owner.post(f"/clients/{ann}/statements", backwards).status_code == 422


def test_reports_as_rows_and_as_files(owner: Api, ann: int) -> None:
    issued(owner, ann)
    names = [each["name"] for each in owner.get("/reports").json]
    assert "clients" in names
    for name in names:
        found = owner.get(f"/reports/{name}?{SPAN}")
        assert found.status_code == 200, found.text
        for table in found.json["tables"]:
            keys = {column["key"] for column in table["columns"]}
            assert all(row.keys() <= keys for row in table["rows"])
    table = owner.get(f"/reports/clients?{SPAN}").json["tables"][0]
    money = next(each["key"] for each in table["columns"] if each["kind"] == "money")
    assert [row[money] for row in table["rows"]] == [table["total"][money]] == [100]
    sheet = owner.get(f"/reports/clients/csv?{SPAN}")
    assert sheet.headers["Content-Type"].startswith("text/csv")
    assert any("Ann" in line for line in csv.reader(io.StringIO(sheet.text)) for line in line)
    book = owner.get(f"/reports/clients/xlsx?{SPAN}")
    assert load_workbook(io.BytesIO(book.data)).worksheets[0].max_row >= 3
    assert owner.get(f"/reports/tax/pdf?{SPAN}").data.startswith(b"%PDF-")
    assert owner.get("/reports/evil").status_code == 404
    assert owner.get("/reports/tax?currency=AAA").status_code == 422
    assert owner.get("/bills?q=%C2%84").status_code == 422
    assert owner.get("/reports/tax?from=2026-02-01&to=2026-01-01").status_code == 422


def test_tasks_are_ones_own_and_can_be_stopped(app: Flask, owner: Api) -> None:
    staff = make_caller(app, role="staff", business_id=owner.business_id)
    by = Actor("user", staff.user_id, "staff", "staff@factory.test")
    wish = Wish(period=Period(date(2026, 1, 1), date(2026, 12, 31)), currency="EUR")
    with app.app_context(), enter_business(owner.business_id or 0):
        task_id = report_files.start(name="tax", wish=wish, form="csv", title="Taxes", by=by).id
    at = f"/tasks/{task_id}"
    assert staff.get(at).json["state"] == "queued"
    assert [each["id"] for each in owner.get("/tasks").json] == [task_id]
    viewer = make_caller(app, role="viewer", business_id=owner.business_id)
    assert (viewer.get(at).status_code, viewer.post(f"{at}/stop").status_code) == (404, 404)
    assert staff.get(f"{at}/file").status_code == 404
    assert staff.post(f"{at}/stop").json["state"] == "stopped"
    assert staff.post(f"{at}/stop").status_code == 409


@pytest.mark.parametrize(
    "path",
    ["/bills/{bill}", "/bills/{bill}/payments", "/attachments?kind=bill&to_id={bill}",
     "/clients/{ann}/erase", "/clients/{ann}/statement?" + SPAN],
)  # fmt: skip
def test_others_find_nothing_of_it(stranger: Api, bill: dict, ann: int, path: str) -> None:
    assert stranger.get(path.format(bill=bill["id"], ann=ann)).status_code == 404
