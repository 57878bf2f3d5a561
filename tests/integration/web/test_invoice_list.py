"""The page of the list of invoices: filters, sums, order, saved views, and things done to many."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypeVar
from uuid import uuid4

import pytest
from flask import Flask

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.document import Document, Item
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.models import db
from invoicer_core.models.tasks import Task
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import clients, deliveries, invoices, messages, payments, tasks
from invoicer_core.services.identity import users
from tests.integration.web.conftest import PASSWORD, Visitor, _enter

LIST = "/invoices?status=all"
T = TypeVar("T")


@pytest.fixture
def inside(app: Flask, owner: Visitor) -> Callable[[Callable[[], T]], T]:
    """Do something in the owner's business; no context stays open beside the requests."""

    def done(something: Callable[[], T]) -> T:
        with app.app_context(), enter_business(owner.business_id):
            return something()

    return done


@pytest.fixture
def add(inside, owner: Visitor) -> Callable[..., int]:
    """An invoice of a new client."""
    by = Actor("user", 1, "owner", owner.email)

    def added(name: str, price: str = "10.50", *, issue: bool = True, mail: bool = True) -> int:
        address = f"{uuid4().hex}@client.test" if mail else None

        def make() -> int:
            client = clients.create(fields={"name": name, "email": address}, by=by)
            document = Document("EUR", (Item("Work", Decimal(1), Decimal(price)),))
            draft = InvoiceDraft(
                document=document, client_id=client.id, issue_date=date(2026, 11, 2)
            )
            return invoices.create(draft=draft, by=by, issue=issue).id

        return inside(make)

    return added


@pytest.fixture
def work(inside) -> Callable[[str], str]:
    """Let the task of a page run in this process, as its worker would."""

    def run(page: str) -> str:
        row = db.session.get(Task, int(page.rsplit("/", 1)[1]))
        owed = deliveries.load(delivery_id=row.delivery_id)
        db.session.rollback()
        tasks.run(owed=owed)
        return page

    return lambda page: inside(lambda: run(page))


@pytest.fixture
def sent(inside) -> Callable[[], list[int | None]]:
    """The invoices that were sent."""
    return lambda: inside(
        lambda: [each.invoice_id for each in messages.find().items if each.kind == "invoice"]
    )


@pytest.fixture
def paid(inside) -> Callable[[], int]:
    """How many payments there are."""
    return lambda: inside(lambda: len(payments.find().items))


def names(visitor: Visitor, path: str) -> list[str]:
    answer = visitor.get(path)
    assert answer.status_code == 200, answer.text
    return re.findall(r'<td class="cell-client">([^<]*)</td>', answer.text)


def test_filters_and_order_stand_in_the_address(owner, add):
    add("Ada", "100.00")
    add("Bob", "20.00")
    add("Cyd", "5.00", issue=False)
    assert names(owner, LIST) == ["Cyd", "Bob", "Ada"]
    assert names(owner, f"{LIST}&sort=client") == ["Ada", "Bob", "Cyd"]
    assert names(owner, f"{LIST}&sort=-total") == ["Ada", "Bob", "Cyd"]
    assert names(owner, "/invoices?status=draft") == ["Cyd"]
    assert names(owner, f"{LIST}&least=20&most=50") == ["Bob"]
    assert names(owner, f"{LIST}&least=20,00&client=a") == ["Ada"]
    assert names(owner, f"{LIST}&from=2026-11-03") == []
    assert names(owner, f"{LIST}&q=bob&to=2026-11-02") == ["Bob"]
    page = owner.get(f"{LIST}&sort=-total&least=20").text
    assert 'aria-sort="descending"' in page
    assert f'href="{LIST}&amp;sort=-total"' in page, "the chip leads to the list without it"


def test_the_sums_are_those_of_the_filter(owner, add):
    add("Ada", "1234.50")
    add("Bob", "0.10")
    page = owner.get(LIST).text
    assert re.search(r"<dt>Total</dt><dd class=\"amount\">1\.234,60\xa0€</dd>", page)
    assert "2 invoices" in page
    page = owner.get(f"{LIST}&q=bob").text
    assert "0,10\xa0€" in page
    assert "1 invoice<" in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("least=abc", "This is not a number."),
        ("from=yesterday", "This is not a day of the calendar."),
        ("from=2026-11-05&to=2026-11-01", "This lies before the first day."),
        ("least=5&most=1", "This is less than the smallest amount."),
    ],
)
def test_a_filter_that_is_none_is_said_and_left_out(owner, add, query, said):
    add("Ada")
    page = owner.get(f"{LIST}&{query}").text
    assert said in page
    assert '<details class="filters" id="filters" hx-preserve open>' in page


def test_hostile_words_in_filters_are_only_shown(owner, add):
    add("<b>x</b>")
    for name in ("q", "client", "sort", "least", "series", "client_id"):
        page = owner.get(f"{LIST}&{name}=<script>alert(1)</script>").text
        assert "<script>alert" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in owner.get(LIST).text


def test_a_view_is_saved_opened_and_deleted(owner, viewer, add):
    add("Ada")
    path = "/invoices/views"
    answer = owner.send(path, LIST, name="Late", status="overdue", sort="-due", shared="1",
                        default="1")  # fmt: skip
    assert answer.headers["Location"] == "/invoices?status=overdue&sort=-due"
    assert owner.get("/invoices").headers["Location"] == "/invoices?status=overdue&sort=-due"
    assert owner.get(LIST).status_code == 200
    page = viewer.get("/invoices")
    assert page.status_code == 200, "each member has a default of their own"
    assert "of the team" in page.text
    view_id = re.search(r"/invoices/views/(\d+)/delete", owner.get(LIST).text)[1]
    assert f"/invoices/views/{view_id}/delete" not in page.text
    refused = viewer.send(f"{path}/{view_id}/delete", LIST)
    assert refused.status_code == 303
    assert "of the team" in viewer.get(LIST).text
    owner.send(f"{path}/{view_id}/default", LIST)
    assert owner.get("/invoices").status_code == 200
    owner.send(f"{path}/{view_id}/delete", LIST)
    assert "Late" not in owner.get(LIST).text


def test_a_view_without_a_name_is_asked_again(owner, add):
    add("Ada")
    answer = owner.send("/invoices/views", LIST, name="", status="open", q="zz")
    assert answer.status_code == 422
    assert 'aria-labelledby="save-view-title" data-show' in answer.text
    assert '<input type="hidden" name="q" value="zz">' in answer.text


def test_the_question_says_what_will_happen(owner, add):
    ids = [add("Ada"), add("Bob", mail=False), add("Cyd", issue=False)]
    query = "&".join(f"id={each}" for each in ids)
    page = owner.get(f"/invoices/bulk/send?{query}", headers={"HX-Request": "true"}).text
    assert page.lstrip().startswith("<dialog")
    assert "1 invoice is mailed to its client" in page
    assert "1 is left out: its client has no mail address." in page
    assert "1 draft is left out." in page
    page = owner.get(f"/invoices/bulk/pay?{query}").text
    assert "On each of 2 invoices a payment of all that is open is recorded" in page
    assert "21,00\xa0€" in page
    assert "No invoice is chosen." in owner.get("/invoices/bulk/zip").text
    assert owner.get("/invoices/bulk/burn").status_code == 404


def test_sending_the_chosen_ones(owner, add, work, sent):
    ids = [add("Ada"), add("Bob", mail=False)]
    answer = owner.send("/invoices/bulk/send", LIST, id=ids, count=2)
    assert answer.status_code == 303
    page = owner.get(work(answer.headers["Location"])).text
    assert "<li>1 sent</li>" in page
    assert "<li>1 left out: no mail address</li>" in page
    assert f'href="/invoices/{ids[1]}"' in page
    assert sent() == [ids[0]]
    assert "On its way" in owner.get(LIST).text


def test_all_of_a_filter_are_marked_as_paid_once(owner, add, work, paid):
    ids = [add("Ada"), add("Bob"), add("Cyd")]
    page = f"/invoices/bulk/pay?every=1&status=open&id={ids[0]}"
    fields = {
        **owner.hidden(page),
        "every": "1",
        "status": "open",
        "count": "3",
        "date": "2026-11-20",
        "method": "cash",
    }
    first = owner.http.post("/invoices/bulk/pay", data=fields,
                            headers={"Sec-Fetch-Site": "same-origin"})  # fmt: skip
    again = owner.http.post("/invoices/bulk/pay", data=fields,
                            headers={"Sec-Fetch-Site": "same-origin"})  # fmt: skip
    assert again.headers["Location"] == first.headers["Location"]
    work(first.headers["Location"])
    assert paid() == 3
    assert names(owner, "/invoices?status=paid") == ["Cyd", "Bob", "Ada"]
    assert "3 payments recorded" in owner.get(first.headers["Location"]).text


def test_a_list_that_changed_since_is_asked_again(owner, add, paid):
    add("Ada")
    answer = owner.send("/invoices/bulk/pay", LIST, every="1", status="open", count="2",
                        date="2026-11-20", method="cash")  # fmt: skip
    assert answer.headers["Location"] == "/invoices?status=open"
    assert "The list has changed" in owner.get("/invoices?status=open").text
    assert paid() == 0


def test_a_refused_answer_keeps_what_was_chosen(owner, add):
    first = add("Ada")
    answer = owner.send("/invoices/bulk/pay", LIST, id=[first], count="1", date="", method="cash")
    assert answer.status_code == 422
    assert f'<input type="hidden" name="id" value="{first}">' in answer.text
    assert "Please choose a day." in answer.text


@pytest.mark.parametrize(("form", "start"), [("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")])
def test_an_export_is_downloaded(owner, add, work, form, start):
    add("=1+1")
    answer = owner.send("/invoices/bulk/export", LIST, every="1", count="1", format=form)
    page = work(answer.headers["Location"])
    found = owner.get(f"{page}/file")
    assert found.data.startswith(start)
    assert found.headers["Content-Disposition"].endswith(f".{form}")
    if form == "csv":
        assert "'=1+1" in found.data.decode("utf-8-sig")
        assert "Number,Client,Status" in found.data.decode("utf-8-sig")


def test_a_viewer_looks_and_exports_but_changes_nothing(viewer, add):
    number = add("Ada")
    page = viewer.get(LIST).text
    assert 'hx-get="/invoices/bulk/export"' in page
    for action in ("send", "pay"):
        assert f"/invoices/bulk/{action}" not in page
        assert viewer.get(f"/invoices/bulk/{action}?id={number}").status_code == 403
        refused = viewer.send(f"/invoices/bulk/{action}", LIST, id=[number], count="1")
        assert refused.status_code == 403


def test_invoices_of_others_are_not_there(app, owner, add, sent):
    theirs = add("Ada")
    email = f"{uuid4().hex[:12]}@stranger.test"
    with app.app_context():
        users.register(email=email, password=PASSWORD, business={"name": "Elsewhere"})
    stranger = _enter(app, email)
    assert "No invoice is chosen." in stranger.get(f"/invoices/bulk/send?id={theirs}").text
    answer = stranger.send("/invoices/bulk/send", LIST, id=[theirs], count="1")
    assert answer.status_code == 422
    assert "Choose at least one invoice." in answer.text
    assert sent() == []
