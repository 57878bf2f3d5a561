"""Dashboard, analytics and reports in a browser without a screen."""

import json
import re
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest
from flask import Flask
from pypdf import PdfReader

from invoicer_core.domain.document import Document, Item, Tax
from invoicer_core.domain.drafts import InvoiceDraft, PaymentDraft
from invoicer_core.models import db
from invoicer_core.models.documents import Message
from invoicer_core.models.tasks import Task
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import (
    analytics,
    businesses,
    clients,
    dashboard,
    deliveries,
    invoices,
    links,
    payments,
    products,
    reports,
    tasks,
)
from tests.factories import BY
from tests.integration.web.conftest import Visitor

D = Decimal
FULL = Tax("S", D(19), "VAT")
EVIL = '=1+<script>alert("x")</script>'


@pytest.fixture
def busy(app: Flask, owner: Visitor) -> Visitor:
    """The owner with an overdue invoice of 119.00, one paid in part, a draft, and low stock."""
    with app.app_context(), businesses.enter_business(owner.business_id):
        today = reports.currencies().today
        evil = clients.create(fields={"name": EVIL}, by=BY).id
        for client, back, amount in ((owner.client_id, 60, "100.00"), (evil, 3, "50.00")):
            document = Document("EUR", (Item(EVIL, D(1), D(amount), taxes=(FULL,)),))
            draft = InvoiceDraft(
                document=document,
                client_id=client,
                issue_date=today - timedelta(days=back),
                due_date=today - timedelta(days=back - 14),
            )
            made = invoices.create(draft=draft, by=BY, issue=True)
        payments.record(
            draft=PaymentDraft(amount=D("10.00"), invoice_id=made.id, date=today), by=BY
        )
        invoices.create(draft=InvoiceDraft(document=document, client_id=client), by=BY)
        fields = {
            "name": "Oil",
            "unit_price": D(3),
            "stock_quantity": D(2),
            "low_stock_level": D(5),
        }
        products.create(fields=fields, by=BY)
    return owner


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\xa0", " ")


def test_an_empty_business_is_taught_its_first_steps(owner: Visitor) -> None:
    page = owner.get("/").text
    assert "Your first invoice, step by step" in page
    assert 'id="ageing"' not in page
    assert page.count("step-done") == 1
    for path in ("/analytics", "/reports", *(f"/reports/{name}" for name in reports.NAMES)):
        assert owner.get(path).status_code == 200, path


def test_every_number_leads_to_its_list(app: Flask, busy: Visitor) -> None:
    page = busy.get("/").text
    shown = text_of(page)
    with app.app_context(), businesses.enter_business(busy.business_id):
        found = dashboard.summary()
    assert found.overdue == D("119.00")
    assert "119,00 €" in shown
    assert "168,50 €" in shown
    assert "1 invoice past its due date" in shown
    assert "Oil" in shown
    main = page[page.index('id="dashboard"') : page.index("</main>")]
    hrefs = [each.replace("&amp;", "&") for each in re.findall(r'href="(/[^"#]*)"', main)]
    assert len(hrefs) > 25
    for path in set(hrefs):
        assert busy.get(path).status_code == 200, path
    assert "<script>alert" not in page


def test_the_period_is_chosen_and_kept(busy: Visitor) -> None:
    page = busy.get("/?span=year").text
    assert "Paid this year" in page
    assert 'href="/?span=quarter"' in page
    assert "Paid this month" in busy.get("/?span=%3Cscript%3E&currency=XXX").text


def test_messages_that_failed_are_shown_with_why(app: Flask, busy: Visitor) -> None:
    with app.app_context(), enter_business(busy.business_id):
        db.session.add(
            Message(
                business_id=busy.business_id,
                kind="invoice",
                channel="email",
                state="failed",
                recipient="x@y.test",
                subject="Invoice 7",
                text="t",
                token="t1",
                error="550 no such user",
            )
        )
        db.session.commit()
    page = busy.get("/").text
    assert "Messages that did not arrive" in page
    assert "550 no such user" in page
    retry = re.search(r'action="(/messages/\d+/retry)"', page)
    assert retry is not None
    answer = busy.send(retry[1], "/")
    assert answer.status_code in (302, 303), answer.text
    assert "550 no such user" not in busy.get("/").text


def test_analytics_draws_from_data_and_has_its_tables(busy: Visitor) -> None:
    page = busy.get("/analytics?period=90-days").text
    raw = re.search(r'id="chart-data">(.*?)</script>', page, re.DOTALL)
    assert raw is not None
    drawn = json.loads(raw[1])
    assert len(drawn["days"]["values"]) == 90
    assert sum(D(each) for each in drawn["days"]["values"]) == D("150.00")
    assert drawn["by-client"]["labels"] == ["Harbour Books", EVIL]
    for name in ("days", "by-client", "by-product", "by-category"):
        assert f'data-chart="{name}"' in page
        assert f'id="says-{name}"' in page
    assert page.count('class="behind"') >= 5
    assert "style=" not in page
    assert "<script>alert" not in page
    assert page.count('class="num heat-') == 12 * 8


@pytest.mark.parametrize("block", analytics.BLOCKS)
def test_every_block_is_a_file(busy: Visitor, block: str) -> None:
    answer = busy.get(f"/analytics/{block}.csv?period=90-days")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f"filename={block}-" in answer.headers["Content-Disposition"]
    assert answer.data.startswith(b"\xef\xbb\xbf")
    for line in answer.data.decode("utf-8-sig").splitlines():
        assert not line.startswith(("=", "+", "@"))
    answer = busy.get(f"/analytics/{block}.xlsx?period=90-days")
    assert answer.data.startswith(b"PK")


def test_files_that_do_not_exist_are_not_found(busy: Visitor) -> None:
    for path in ("/analytics/evil.csv", "/analytics/days.pdf", "/reports/evil"):
        assert busy.get(path).status_code == 404


@pytest.mark.parametrize(
    "query",
    ["period=evil", "from=2026-13-01&to=x", "from=2026-11-20&to=2026-11-01",
     "from=1000-01-01&to=2026-01-01", "period=own&from=&to=", "currency=%3Cb%3E"],
)  # fmt: skip
def test_odd_periods_show_the_usual_one(busy: Visitor, query: str) -> None:
    for path in ("/analytics", "/reports/clients", "/analytics/days.csv"):
        assert busy.get(f"{path}?{query}").status_code == 200
    page = busy.get(f"/reports/clients?{query}").text
    assert ("invalid-feedback" in page) == query.startswith("from=")


def test_days_that_were_typed_count_more_than_the_preset_beside_them(owner: Visitor) -> None:
    days = "from=2026-10-01&to=2026-10-31"
    unchanged = owner.get(f"/reports/clients?period=year&{days}&shown=2026-10-01_2026-10-31").text
    assert 'value="year" selected' in unchanged
    typed = owner.get(f"/reports/clients?period=year&{days}&shown=2026-01-01_2026-12-31").text
    assert 'value="own" selected' in typed
    assert 'value="2026-10-31"' in typed


def test_a_report_shows_the_sums_of_the_list(app: Flask, busy: Visitor) -> None:
    shown = text_of(busy.get("/reports/receivables").text)
    assert "168,50 €" in shown
    shown = text_of(busy.get("/reports/clients?period=90-days").text)
    assert "178,50 €" in shown
    shown = text_of(busy.get("/reports/tax?period=90-days&basis=cash").text)
    assert "1,60 €" in shown
    page = busy.get("/reports/receivables?band=31-60").text
    assert EVIL not in page
    assert "Harbour Books" in page


def made(app: Flask, visitor: Visitor, name: str, **fields: str) -> tuple[str, bytes]:
    """The file of a report: asked for on its page, made as a worker would; its name and bytes."""
    page = f"/reports/{name}"
    hidden = dict(
        re.findall(r'type="hidden" name="([a-z]+)" value="([^"]*)"', visitor.get(page).text)
    )
    values = {key: hidden[key] for key in ("from", "to", "currency", "basis", "band")}
    answer = visitor.send(f"{page}/file", page, **{**values, **fields})
    assert answer.status_code == 303, answer.text
    task_id = int(str(answer.location).rsplit("/", 1)[1])
    with app.app_context(), enter_business(visitor.business_id):
        row = db.session.get_one(Task, task_id)
        assert row.delivery_id is not None
        tasks.run(owed=deliveries.load(delivery_id=row.delivery_id))
        assert tasks.get(task_id=task_id).error is None
    download = visitor.get(f"/tasks/{task_id}/file")
    assert download.status_code == 200
    return download.headers["Content-Disposition"], download.data


@pytest.mark.parametrize("name", reports.NAMES)
def test_every_report_is_a_spreadsheet(app: Flask, busy: Visitor, name: str) -> None:
    disposition, data = made(app, busy, name, form="xlsx")
    assert f"{name}-" in disposition
    book = openpyxl.load_workbook(BytesIO(data))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    if name == "receivables":
        (last,) = list(book.worksheets[0].iter_rows(values_only=True))[-1:]
        assert (last[0], last[-1]) == ("Total", 168.5)
    _disposition, text = made(app, busy, name, form="csv")
    assert text.startswith(b"\xef\xbb\xbf")


def test_a_report_is_a_paper(app: Flask, busy: Visitor) -> None:
    disposition, data = made(app, busy, "receivables", form="pdf")
    assert ".pdf" in disposition
    assert data.startswith(b"%PDF-")
    text = PdfReader(BytesIO(data)).pages[0].extract_text().replace("\xa0", " ")
    for part in ("Aged receivables", "Atelier", "168,50", "Harbour Books", "=1+<script>"):
        assert part in text, part


def test_a_report_of_nonsense_is_refused(busy: Visitor) -> None:
    page = "/reports/tax"
    good = {"from": "2026-11-01", "to": "2026-11-30", "currency": "EUR"}
    for wrong in ({"form": "exe"}, {"form": "pdf", "from": "x"}, {"form": "pdf", "currency": "XX"},
                  {"form": "pdf", "to": "2026-10-01"}):  # fmt: skip
        assert busy.send(f"{page}/file", page, **{**good, **wrong}).status_code == 422
    assert busy.send("/reports/evil/file", page, form="pdf", **good).status_code == 404


def test_a_viewer_sees_reports_and_no_buttons_of_others(busy: Visitor, viewer: Visitor) -> None:
    assert viewer.get("/analytics").status_code == 200
    page = viewer.get("/").text
    assert viewer.get("/reports/tax").status_code == 200
    assert "/messages/" not in page


def test_views_of_the_public_page_are_counted(app: Flask, busy: Visitor, stranger: Visitor) -> None:
    with app.app_context(), businesses.enter_business(busy.business_id):
        (found, *_rest) = invoices.find(status="overdue").items
        link = links.invoice_link(public_id=found.public_id, channel="email")
    path = "/i/" + link.partition("/i/")[2]
    agent = {"User-Agent": "Mozilla/5.0 (iPhone) Mobile Safari"}
    for headers in (agent, agent, {**agent, "HX-Request": "true"}, {"User-Agent": "Slackbot"}):
        assert stranger.get(path, headers=headers).status_code == 200
    assert busy.get(path, headers=agent).status_code == 200
    shown = text_of(busy.get("/analytics?period=30-days").text)
    assert re.search(r"E-mail 2 100 ?%", shown), shown
    assert re.search(r"Phone 2 100 ?%", shown)
