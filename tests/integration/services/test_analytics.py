"""Analytics of small businesses whose figures were worked out by hand."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from invoicer_core.domain.document import Document, Item
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.periods import Period
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.domain.tables import Word
from invoicer_core.models import db
from invoicer_core.services import (
    analytics,
    invoices,
    reports,
    visits,
)
from tests.factories import BY
from tests.integration.services.figures_made import (
    OCTOBER,
    D,
    a_client,
    an_october,
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


def test_revenue_is_net_less_credits_of_the_days_in_the_period(
    october: Sequence[InvoiceSnapshot],
) -> None:
    found = analytics.overview(OCTOBER)
    by_day = {day.day.day: day.amount for day in found.days}
    assert len(by_day) == 31
    assert {day: amount for day, amount in by_day.items() if amount} == {
        1: D("150.00"), 15: D("70.00"), 20: D("-30.00"), 31: D("10.00"),
    }  # fmt: skip
    assert found.figures.revenue == D("200.00")
    assert found.figures.revenue_before == 0
    assert found.currencies == ("EUR", "USD")
    assert analytics.overview(OCTOBER, "USD").figures.revenue == D("999.00")
    assert analytics.overview(OCTOBER, "GBP").currency == "EUR"
    averages = [day.average for day in found.days]
    assert averages[0] == D("21.43")
    assert averages[20] == D("5.71")
    second = date(2026, 10, 2)
    assert analytics.overview(Period(second, second)).days[0].average == D("21.43")


def test_every_block_adds_up_to_the_revenue(october: Sequence[InvoiceSnapshot]) -> None:
    tables = analytics.overview(OCTOBER).tables
    for name in ("days", "by-client", "by-product", "by-category"):
        assert total(tables[name], "revenue") == D("200.00"), name
        assert total(analytics.block(name, OCTOBER, "EUR"), "revenue") == D("200.00")
    assert cells(tables["by-client"], "client", "invoices", "revenue", "share") == [
        ("One", 2, D("130.00"), D("65.0")), ("Two", 1, D("70.00"), D("35.0")),
    ]  # fmt: skip
    assert cells(tables["by-product"], "product", "revenue") == [
        ("Table", D("150.00")), ("Line of 80.00", D("80.00")), ("Line of 10.00", D("10.00")),
        ("Back", D("-30.00")), (Word("whole"), D("-10.00")),
    ]  # fmt: skip
    assert cells(tables["by-category"], "category", "revenue") == [
        ("Furniture", D("150.00")), ("no-category", D("60.00")), ("whole", D("-10.00")),
    ]  # fmt: skip
    with pytest.raises(NotFound):
        analytics.block("nothing", OCTOBER, "EUR")


def test_others_are_one_row_and_nothing_is_lost(business: int) -> None:
    for number in range(15):
        sold(a_client(f"Client {number:02}"), date(2026, 10, 5), f"{100 + number}.00")
    shown = analytics.overview(OCTOBER).tables["by-client"]
    assert len(shown.rows) == 13
    assert cells(shown, "client", "invoices", "revenue")[-1] == ("others", 3, D("303.00"))
    assert total(shown, "revenue") == D("1605.00")
    assert len(analytics.block("by-client", OCTOBER, "EUR").rows) == 15


def test_delays_times_and_conversion(business: int) -> None:
    client, day = a_client(), date(2026, 10, 1)
    made = [sold(client, day, "10.00", due=date(2026, 10, 15)) for _ in range(6)]
    paid(made[0], date(2026, 10, 1))
    paid(made[1], date(2026, 10, 15))
    paid(made[2], date(2026, 10, 10), "5.00")
    paid(made[2], date(2026, 10, 25), "7.00")
    paid(made[3], date(2026, 11, 20), "11.99")
    credited(made[4], day, "10.00")
    found = analytics.overview(OCTOBER)
    counts = dict(cells(found.tables["delays"], "delay", "invoices"))
    assert {name: count for name, count in counts.items() if count} == {
        "early": 1, "on-day": 1, "fortnight-late": 1,
    }  # fmt: skip
    assert total(found.tables["delays"], "invoices") == 3
    assert found.figures.days_to_pay == 14
    assert (found.figures.steps.issued, found.figures.steps.paid) == (6, 4)
    assert found.figures.conversion == D("66.7")


def test_the_funnel_counts_what_reached_each_step(business: int) -> None:
    client, day = a_client(), date(2026, 10, 1)
    document = Document("EUR", (Item("Work", D(1), D(10)),))
    for written in (day, None):
        draft = InvoiceDraft(document=document, client_id=client, issue_date=written)
        invoices.create(draft=draft, by=BY)
    made = [sold(client, day, "10.00") for _ in range(3)]
    invoices.void(invoice_id=sold(client, day, "10.00").id, reason="x", by=BY)
    for each in made[:2]:
        invoices.mark_viewed(invoice_id=each.id, by=BY)
    paid(made[2], day)
    steps = analytics.overview(OCTOBER).tables["funnel"]
    assert cells(steps, "step", "invoices", "share") == [
        ("step:created", 4, D("100.0")), ("step:issued", 3, D("75.0")),
        ("step:viewed", 2, D("50.0")), ("step:paid", 1, D("25.0")),
    ]  # fmt: skip


def test_new_clients_and_those_who_come_back(business: int) -> None:
    old, new, lost = a_client("Old"), a_client("New"), a_client("Lost")
    monday = date(2026, 10, 5)
    sold(old, date(2026, 1, 5), "10.00")
    sold(old, monday, "10.00")
    for day in (monday, monday + timedelta(days=6), monday + timedelta(days=15)):
        sold(new, day, "10.00")
    sold(lost, monday + timedelta(days=1), "10.00")
    found = analytics.overview(OCTOBER)
    assert (found.figures.clients.active, found.figures.clients.new) == (3, 2)
    (cohort,) = [each for each in found.cohorts if each.size]
    assert (cohort.week, cohort.size) == (monday, 2)
    assert cohort.active == (2, 0, 1, 0, None, None, None, None)
    assert len(found.cohorts) == 12
    row = next(row for row in found.tables["cohorts"].rows if row[0] == monday)
    assert row[1:6] == (2, D(100), D(0), D(50), D(0))


def test_views_by_channel_and_device(business: int) -> None:
    invoice = sold(a_client(), date(2026, 10, 1), "10.00")
    phone, desk = "Mozilla/5.0 (iPhone) Mobile Safari", "Mozilla/5.0 (X11; Linux) Firefox/140"
    for visitor, agent, channel in (
        ("a", phone, "email"), ("a", phone, "email"), ("b", phone, "sms"), ("c", desk, "email"),
    ):  # fmt: skip
        visits.note(invoice_id=invoice.id, channel=channel, user_agent=agent, visitor=visitor)
    visits.note(client_id=invoice.client_id, channel="portal", user_agent=desk, visitor="c")
    db.session.execute(
        text("UPDATE visits SET last_at = created_at + interval '90 seconds' WHERE views > 1")
    )
    db.session.commit()
    today = reports.currencies().today
    found = analytics.overview(Period(today - timedelta(days=1), today))
    assert cells(found.tables["channels"], "channel", "views", "share") == [
        ("channel:email", 3, D("75.0")), ("channel:sms", 1, D("25.0")),
    ]  # fmt: skip
    assert cells(found.tables["devices"], "device", "views") == [
        ("device:mobile", 3), ("device:desktop", 1),
    ]  # fmt: skip
    assert (found.figures.viewers_a_day, found.figures.looks.viewers_most) == (D("1.5"), 3)
    assert (found.figures.looks.sessions, found.figures.looks.session_seconds) == (1, 90)
    before = Period(today - timedelta(days=9), today - timedelta(days=8))
    assert analytics.overview(before).figures.viewers_a_day == 0


def test_nothing_yet_is_no_error(business: int) -> None:
    found = analytics.overview(OCTOBER)
    assert found.figures.revenue == 0
    assert found.figures.conversion is None
    assert found.figures.days_to_pay is None
    assert found.tables["by-client"].rows == ()
