"""Reports and the first page: their sums are those of the lists they lead to."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from flask import Flask

from invoicer_core.domain.document import Tax
from invoicer_core.domain.drafts import PaymentDraft
from invoicer_core.domain.periods import Period
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.models import db
from invoicer_core.models.documents import Message
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import (
    analytics,
    businesses,
    dashboard,
    invoices,
    payments,
    products,
    reports,
)
from tests.factories import BY
from tests.integration.services.figures_made import (
    NOVEMBER,
    OCTOBER,
    D,
    a_client,
    an_october,
    built,
    cells,
    credited,
    paid,
    sold,
    total,
)


@pytest.fixture
def october(business: int) -> Sequence[InvoiceSnapshot]:
    """Four invoices of two clients; one is credited in part, one in another currency, one void."""
    return an_october()


# --- reports ------------------------------------------------------------------------------------


def test_receivables_are_the_open_list_by_age(business: int) -> None:
    today = reports.currencies().today
    one, two = a_client("One"), a_client("Two")
    for client, late, amount in (
        (one, -5, "10.00"), (one, 0, "20.00"), (one, 30, "30.00"), (two, 31, "40.00"),
        (two, 60, "50.00"), (two, 90, "60.00"), (two, 91, "70.00"),
    ):  # fmt: skip
        due = today - timedelta(days=late)
        sold(client, due - timedelta(days=10), amount, tax=Tax("Z", D(0)), due=due)
    sold(two, today, "999.00", currency="USD")
    month = Period(today.replace(day=1), today)
    table = built("receivables", month)
    assert table.rows == (
        ("Two", D(0), D(0), D("90.00"), D("60.00"), D("70.00"), D("220.00")),
        ("One", D("10.00"), D("50.00"), D(0), D(0), D(0), D("60.00")),
    )
    listed = [each for each in invoices.find(unpaid=True).items if each.currency == "EUR"]
    assert total(table, "total") == sum(each.balance_due for each in listed) == D("280.00")
    summary = dashboard.summary()
    assert [(band.count, band.amount) for band in summary.ageing] == [
        (1, D(10)), (2, D(50)), (2, D(90)), (1, D(60)), (1, D(70)),
    ]  # fmt: skip
    assert summary.outstanding == D("280.00")
    wish = reports.Wish(period=month, currency="EUR", band="31-60")
    single = reports.build("receivables", wish).tables[1]
    assert cells(single, "days-late", "open") == [(60, D("50.00")), (31, D("40.00"))]


def test_receivables_as_they_stood_before(business: int) -> None:
    client = a_client()
    first = sold(client, date(2026, 9, 1), "100.00", tax=Tax("Z", D(0)), due=date(2026, 9, 15))
    paid(first, date(2026, 9, 20), "40.00")
    credited(first, date(2026, 10, 5), "10.00", tax=Tax("Z", D(0)))
    voided = sold(client, date(2026, 9, 2), "5.00", tax=Tax("Z", D(0)), due=date(2026, 9, 30))
    invoices.void(invoice_id=voided.id, reason="wrong", by=BY)
    for day, opened in (
        (date(2026, 9, 19), "105.00"), (date(2026, 9, 20), "65.00"), (date(2026, 10, 4), "65.00"),
        (date(2026, 10, 5), "55.00"), (date(2026, 8, 31), "0"), (date(2027, 1, 1), "50.00"),
    ):  # fmt: skip
        table = built("receivables", Period(date(2026, 8, 1), day))
        assert total(table, "total") == D(opened), day


def test_taxes_by_category_and_rate_with_credits_taken_off(
    october: Sequence[InvoiceSnapshot],
) -> None:
    table = built("tax", OCTOBER)
    assert table.rows == (
        ("S", "VAT", D(20), D("130.00"), D("26.00")),
        ("S", "VAT", D(10), D("70.00"), D("7.00")),
    )
    assert total(table, "base") == built("clients", OCTOBER).rows[0][6] + D("70.00")
    assert total(table, "tax-amount") == D("33.00")
    assert built("tax", NOVEMBER).rows == ()


def test_cash_taxes_of_all_periods_add_up_to_the_stored_group(business: int) -> None:
    invoice = sold(a_client(), date(2026, 9, 1), "100.00")
    days = [date(2026, 9, 10), date(2026, 10, 10), date(2026, 11, 10)]
    for day, amount in zip(days, ("40.00", "39.99", "40.01"), strict=True):
        paid(invoice, day, amount)
    found = [
        built("tax", Period(day.replace(day=1), day.replace(day=28)), basis="cash").rows[0]
        for day in days
    ]
    assert [row[3:] for row in found] == [
        (D("33.33"), D("6.67")), (D("33.33"), D("6.66")), (D("33.34"), D("6.67")),
    ]  # fmt: skip
    assert sum(row[4] for row in found) == D("20.00")  # type: ignore[misc]
    august = Period(date(2026, 8, 1), date(2026, 8, 31))
    assert built("tax", august, basis="cash").rows == ()


def test_sales_by_client_are_the_list_of_the_period(october: Sequence[InvoiceSnapshot]) -> None:
    table = built("clients", OCTOBER)
    assert table.rows == (
        ("One", 2, D("160.00"), D("32.00"), D("192.00"), D("36.00"), D("130.00")),
        ("Two", 1, D("70.00"), D("7.00"), D("77.00"), D("0"), D("70.00")),
    )
    listed = [
        each
        for each in invoices.find(start=OCTOBER.start, end=OCTOBER.end).items
        if each.currency == "EUR" and each.state == "issued"
    ]
    assert total(table, "total") == sum(each.total_amount for each in listed)
    assert total(table, "invoices") == len(listed)
    products_table = built("products", OCTOBER)
    assert total(products_table, "revenue") == total(table, "revenue") == D("200.00")
    assert products_table.rows[0] == ("Table", "Furniture", D(2), D("150.00"))


def test_payments_and_what_went_back(business: int) -> None:
    client = a_client()
    paid(sold(client, date(2026, 10, 1), "100.00"), date(2026, 10, 5))
    surplus = payments.record(
        draft=PaymentDraft(amount=D(50), client_id=client, date=date(2026, 10, 31), method="cash"),
        by=BY,
    )
    payments.refund(payment_id=surplus.id, amount=D(20), reason="too much", by=BY)
    report = reports.build("payments", reports.Wish(period=OCTOBER, currency="EUR"))
    assert [row[4:] for row in report.tables[0].rows] == [
        (D("120.00"), D(0), D("120.00")), (D("50"), D("20"), D("30")),
    ]  # fmt: skip
    assert total(report.tables[0], "kept") == total(report.tables[1], "kept") == D("150.00")
    one = reports.build("payments", reports.Wish(period=OCTOBER, currency="EUR", limit=1))
    assert (len(one.tables[0].rows), one.tables[0].left_out) == (1, 1)
    assert total(one.tables[0], "kept") == D("150.00")


def test_the_number_check_names_every_series(october: Sequence[InvoiceSnapshot]) -> None:
    rows = built("numbers", OCTOBER).rows
    assert [(row[1], row[3], row[4], row[5]) for row in rows] == [
        ("document:invoice", 5, 5, "none"), ("document:credit_note", 1, 1, "none"),
    ]  # fmt: skip


# --- the first page -----------------------------------------------------------------------------


def test_the_dashboard_compares_periods_and_switches_currency(business: int) -> None:
    today = reports.currencies().today
    month = today.replace(day=1)
    client = a_client()
    first = sold(client, month, "100.00")
    paid(first, month, "20.00")
    paid(first, month - timedelta(days=1), "30.00")
    sold(client, month, "55.00", currency="USD")
    found = dashboard.summary()
    assert (found.paid, found.paid_before) == (D("20.00"), D("30.00"))
    assert (found.outstanding, found.outstanding_count) == (D("70.00"), 1)
    assert found.months[-1].amount == D("100.00")
    assert [each.amount for each in found.top_clients] == [D("100.00")]
    dollars = dashboard.summary(currency="USD", span="year")
    assert (dollars.outstanding, dollars.paid) == (D("66.00"), D("0"))
    assert dollars.period.name == "year"
    assert not found.is_new


def test_low_stock_and_messages_that_failed(business: int) -> None:
    fields = {"name": "Oil", "unit_price": D(3), "stock_quantity": D(2), "low_stock_level": D(5)}
    products.create(fields=fields, by=BY)
    products.create(fields={**fields, "name": "Wax", "stock_quantity": D(6)}, by=BY)
    client = a_client()
    for token, state, kind in (
        ("1", "failed", "invoice"), ("2", "sent", "invoice"), ("3", "bounced", "reminder"),
        ("4", "failed", "password_reset"),
    ):  # fmt: skip
        db.session.add(
            Message(
                business_id=business,
                kind=kind,
                channel="email",
                recipient="x@y.test",
                state=state,
                token=token,
                client_id=client,
                text="t",
                error="no such user",
            )
        )
    db.session.commit()
    found = dashboard.summary()
    assert [(each.name, each.stock) for each in found.attention.low_stock] == [("Oil", D(2))]
    assert [each.kind for each in found.attention.unsent] == ["reminder"]
    assert (found.attention.unsent_count, found.attention.low_stock_count) == (1, 1)


def test_figures_are_of_one_business(
    app: Flask, october: Sequence[InvoiceSnapshot], other_business: int
) -> None:
    db.session.rollback()
    with enter_business(other_business):
        assert analytics.overview(OCTOBER).figures.revenue == 0
        assert built("clients", OCTOBER).rows == ()
        assert dashboard.summary().is_new
        assert businesses.current().id == other_business
