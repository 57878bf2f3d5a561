"""The list of invoices as a service: every filter, exact sums, order, delivery."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from invoicer_core.domain.document import Document, Item
from invoicer_core.domain.drafts import InvoiceDraft, PaymentDraft
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.models import db
from invoicer_core.models.documents import Message
from invoicer_core.models.tenancy import current_business_id, enter_business
from invoicer_core.services import clients, invoice_list, invoices, payments, series
from invoicer_core.services.invoice_list import Wanted
from tests.factories import BY

TODAY = date.today()  # noqa: DTZ011 - far enough from the bounds that are tested


def a_client(name: str) -> int:
    return clients.create(fields={"name": name, "email": f"{name}@client.test"}, by=BY).id


def made(
    client_id: int, price: str, *, issue: bool = True, currency: str = "EUR", **given: object
) -> InvoiceSnapshot:
    document = Document(currency, (Item("Work", Decimal(1), Decimal(price)),))
    draft = InvoiceDraft(document=document, client_id=client_id, **given)  # type: ignore[arg-type]
    return invoices.create(draft=draft, by=BY, issue=issue)


def pay(invoice: InvoiceSnapshot, amount: str) -> None:
    payments.record(
        draft=PaymentDraft(amount=Decimal(amount), method="cash", invoice_id=invoice.id), by=BY
    )


def found(**wanted: object) -> list[str]:
    page = invoice_list.find(Wanted(**wanted))  # type: ignore[arg-type]
    return [line.client_name for line in page.items]


@pytest.fixture
def several(business: int) -> dict[str, InvoiceSnapshot]:
    """One invoice of each kind, each of a client named after it."""
    past = {"issue_date": TODAY - timedelta(days=60), "due_date": TODAY - timedelta(days=30)}
    every = {
        "late": made(a_client("late"), "100.00", **past),
        "open": made(a_client("open"), "200.10"),
        "part": made(a_client("part"), "300.20"),
        "paid": made(a_client("paid"), "400.30"),
        "void": made(a_client("void"), "500.40"),
        "draft": made(a_client("draft"), "600.50", issue=False),
        "dollar": made(a_client("dollar"), "700.60", currency="USD"),
    }
    pay(every["part"], "0.20")
    pay(every["paid"], "400.30")
    invoices.void(invoice_id=every["void"].id, reason="wrong", by=BY)
    return every


@pytest.mark.parametrize(
    ("status", "names"),
    [
        (None, {"late", "open", "part", "paid", "void", "draft", "dollar"}),
        ("open", {"late", "open", "part", "dollar"}),
        ("sent", {"open", "part", "dollar"}),
        ("overdue", {"late"}),
        ("paid", {"paid"}),
        ("void", {"void"}),
        ("draft", {"draft"}),
    ],
)
def test_by_status(several, status, names):
    assert set(found(status=status)) == names
    assert invoice_list.figures(Wanted(status=status)).count == len(names)


def test_by_everything_else(several):
    assert found(client="PAR") == ["part"]
    assert found(client_id=several["open"].client_id) == ["open"]
    assert found(q=several["open"].invoice_number) == ["open"]
    assert found(issued_to=TODAY - timedelta(days=59)) == ["late"]
    assert found(issued_from=TODAY - timedelta(days=60), status="overdue") == ["late"]
    assert found(issued_from=TODAY - timedelta(days=59), status="overdue") == []
    assert found(due_to=TODAY - timedelta(days=30)) == ["late"]
    assert found(due_to=TODAY - timedelta(days=31)) == []
    assert found(due_from=TODAY - timedelta(days=29), status="overdue") == []
    assert set(found(least=Decimal("500.40"))) == {"void", "draft", "dollar"}
    assert set(found(most=Decimal("200.10"))) == {"late", "open"}
    other = series.create(
        fields={"document_type": "invoice", "name": "Second", "pattern": "B-{seq:04}",
                "reset": "never"}, by=BY
    )  # fmt: skip
    assert found(series_id=other.id) == []
    mine = next(each for each, name in invoice_list.series() if each != other.id)
    assert len(found(series_id=mine)) == 6


def test_sums_are_exact_and_by_currency(several):
    everything = invoice_list.figures(Wanted())
    sums = {each.currency: (each.total, each.balance) for each in everything.sums}
    assert sums == {
        "EUR": (Decimal("1601.10"), Decimal("600.10")),
        "USD": (Decimal("700.60"), Decimal("700.60")),
    }
    assert everything.exact
    assert everything.by_status == {"overdue": 1, "sent": 3, "paid": 1, "void": 1, "draft": 1}
    only_open = invoice_list.figures(Wanted(status="open"))
    assert only_open.by_status == everything.by_status
    assert {each.currency: each.total for each in only_open.sums} == {
        "EUR": Decimal("600.30"), "USD": Decimal("700.60"),
    }  # fmt: skip
    (void,) = invoice_list.figures(Wanted(status="void")).sums
    assert (void.total, void.balance) == (Decimal("500.40"), Decimal(0))


def test_above_the_most_nothing_is_added_up(several, monkeypatch):
    monkeypatch.setattr(invoice_list, "ADDED_UP", 6)
    assert not invoice_list.figures(Wanted()).exact
    monkeypatch.setattr(invoice_list, "ADDED_UP", 7)
    assert invoice_list.figures(Wanted()).exact


@pytest.mark.parametrize(
    ("sort", "first"),
    [("client", "dollar"), ("-client", "void"), ("total", "late"), ("-total", "dollar"),
     ("issued", "draft"), ("-balance", "dollar"), ("-number", "dollar")],
)  # fmt: skip
def test_by_each_column_over_pages(several, sort, first):
    names: list[str] = []
    cursor = None
    while True:
        page = invoice_list.find(Wanted(), sort=sort, limit=2, cursor=cursor)
        names += [line.client_name for line in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(names) == sorted(several)
    assert names[0] == first
    with pytest.raises(InvalidInput):
        invoice_list.find(Wanted(), sort="search")


def say(invoice: InvoiceSnapshot, state: str, kind: str = "invoice", error: str = "") -> None:
    db.session.add(
        Message(
            business_id=current_business_id(), kind=kind,
            invoice_id=invoice.id, channel="email", recipient="a@client.test", state=state,
            error=error or None, token=f"{invoice.id}-{state}-{kind}",
        )
    )  # fmt: skip
    db.session.commit()


def delivery(invoice: InvoiceSnapshot) -> tuple[str | None, str | None]:
    db.session.rollback()
    page = invoice_list.find(Wanted(client_id=invoice.client_id))
    return page.items[0].delivery, page.items[0].delivery_error


def test_what_became_of_the_last_message(several):
    invoice = several["open"]
    assert delivery(invoice) == (None, None)
    say(invoice, "sent")
    assert delivery(invoice)[0] == "sent"
    say(invoice, "failed", error="no such mailbox")
    assert delivery(invoice) == ("failed", "no such mailbox")
    say(invoice, "sent", kind="receipt")
    assert delivery(invoice)[0] == "failed"
    say(invoice, "delivered", kind="reminder")
    assert delivery(invoice)[0] == "delivered"
    invoices.mark_viewed(invoice_id=invoice.id, by=BY)
    assert delivery(invoice)[0] == "viewed"
    say(invoice, "bounced")
    assert delivery(invoice)[0] == "bounced"
    assert isinstance(
        invoice_list.find(Wanted(client_id=invoice.client_id)).items[0].delivery_at, datetime
    )


def test_another_business_sees_nothing(several, other_business):
    with enter_business(other_business):
        assert found() == []
        assert invoice_list.figures(Wanted()).count == 0
