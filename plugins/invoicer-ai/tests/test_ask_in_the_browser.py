"""The owner asks, sees the statement, changes it, runs it and keeps it, in a real browser."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import (
    Owner,
    Watch,
    app,
    browser_type_launch_args,
    context,
    owner,
    running,
    shop_of,
    signed_in,
    site,
    watch,
)
from tests.e2e.running import Running
from tests.factories import Api, make_caller
from tests.peers.openai_peer import ModelPeer, openai_peer
from tests.peers.processes import until

__all__ = [
    "app", "browser_type_launch_args", "context", "owner", "running", "signed_in", "site", "watch",
]  # fmt: skip
STATEMENT = "SELECT name, id * 10 AS amount FROM clients ORDER BY name"

PROPOSED = (
    "SELECT date_trunc('month', issue_date)::date AS month, sum(total_amount) AS billed"
    " FROM invoices GROUP BY 1 ORDER BY 1"
)
ANSWER = {"sql": PROPOSED, "explanation": "What was billed in each month."}
EDITED = PROPOSED.replace("AS billed", "AS billed, count(*) AS number, sum(total_amount) AS total")
MONTHS = ("2026-01-15", "2026-02-15", "2026-04-15")
HAS_INK = """canvas => canvas.width > 0 && canvas.getContext("2d")
    .getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0)"""

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def service(running: Running) -> Iterator[ModelPeer]:
    with openai_peer(running.model_port) as peer:
        yield peer


@pytest.fixture
def caller(app, owner: Owner) -> Api:
    """The owner's business with three months of invoices, the plugin on and a key in it."""
    made = make_caller(app, business_id=shop_of(app, owner).business_id)
    settings = {"api_key": "sk-test-0123456789abcdef"}
    assert made.put("/plugins/ai", {"enabled": True, "settings": settings}).status_code == 200
    client = made.made("/clients", {"name": "Anker", "country": "DE"})
    for number, day in enumerate(MONTHS, 1):
        item = {"description": "Work", "quantity": "1", "unit_price": f"{number}00.00"}
        body = {"client_id": client["id"], "items": [item], "issue_date": day}
        invoice = made.made("/invoices", body)
        assert made.post(f"/invoices/{invoice['id']}/issue").status_code == 200
    return made


@pytest.fixture
def asking(signed_in: Page, app, owner: Owner) -> Page:
    """The page, with the plugin on."""
    shop = shop_of(app, owner)
    caller = make_caller(app, business_id=shop.business_id)
    assert caller.put("/plugins/ai", {"enabled": True}).status_code == 200
    for name in ("Anker <b>& Co</b>", "Birke"):
        caller.made("/clients", {"name": name})
    signed_in.goto("/plugins/ai/ask")
    return signed_in


def test_a_statement_is_run_refused_mended_and_kept(asking: Page, watch: Watch) -> None:
    watch.expect("422")
    expect(asking.get_by_text("No model is set up")).to_be_visible()
    expect(asking.get_by_label("In your own words")).to_have_count(0)
    box = asking.get_by_label("SQL, which you may change")
    box.fill("SELECT nme FROM clients")
    asking.get_by_role("button", name="Run").click()
    expect(asking.get_by_role("alert")).to_contain_text("There is no column nme here")
    box.fill(STATEMENT)
    asking.get_by_role("button", name="Run").click()
    expect(asking.get_by_role("cell", name="Anker <b>& Co</b>")).to_be_visible()
    expect(box).to_have_value(STATEMENT)
    asking.get_by_label("Keep it as a report called").fill("Clients")
    asking.get_by_role("button", name="Save").click()
    expect(asking.get_by_role("link", name="Clients", exact=True).last).to_be_visible()
    with asking.expect_download() as loaded:
        asking.get_by_role("button", name="CSV").click()
    assert loaded.value.suggested_filename == "answer.csv"
    asking.get_by_role("button", name="Run").click()
    expect(asking.get_by_role("cell", name="Birke")).to_be_visible()


def test_a_question_becomes_sql_that_is_edited_run_kept_and_exported(
    signed_in: Page, caller: Api, service: ModelPeer, watch: Watch
) -> None:
    watch.expect("422")
    service.clear()
    service.script.append(json.dumps(ANSWER))
    signed_in.goto("/plugins/ai/ask")
    signed_in.get_by_label("In your own words").fill("How much did we bill each month?")
    signed_in.get_by_role("button", name="Write the SQL").click()
    box = signed_in.get_by_label("SQL, which you may change")
    expect(box).to_have_value(PROPOSED)
    expect(signed_in.get_by_text("What was billed in each month.")).to_be_visible()
    expect(signed_in.get_by_text("It reads invoices, and changes nothing.")).to_be_visible()
    expect(signed_in.locator("#rows")).to_have_count(0)  # nothing has run by itself
    assert len(service.asked()) == 1
    box.fill(EDITED)
    signed_in.get_by_role("button", name="Run").click()
    expect(signed_in.get_by_role("heading", name="3 rows")).to_be_visible()
    for month in MONTHS:
        expect(signed_in.get_by_role("cell", name=f"{month[:8]}01")).to_be_visible()
    drawn = signed_in.get_by_role("img", name="total by month")
    expect(drawn).to_be_visible()
    expect(drawn).to_have_attribute("data-kind", "lines")
    until(lambda: drawn.evaluate(HAS_INK))  # it is drawn by and by
    expect(signed_in.get_by_label("In your own words")).to_have_value(
        "How much did we bill each month?"
    )
    signed_in.get_by_label("Keep it as a report called").fill("Billed by month")
    signed_in.get_by_role("button", name="Save").click()
    expect(signed_in.get_by_role("link", name="Billed by month").last).to_be_visible()
    with signed_in.expect_download() as loaded:
        signed_in.get_by_role("button", name="CSV").click()
    lines = Path(loaded.value.path()).read_text("utf-8-sig").splitlines()
    assert lines[0].replace(";", ",") == "month,billed,number,total"
    assert [line[:10] for line in lines[1:]] == [f"{month[:8]}01" for month in MONTHS]
    box.fill("DELETE FROM invoices")
    signed_in.get_by_role("button", name="Run").click()
    expect(signed_in.get_by_role("alert")).to_contain_text("SELECT")
    expect(box).to_have_value("DELETE FROM invoices")
    assert len(service.asked()) == 1
