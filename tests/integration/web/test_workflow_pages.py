"""Runs of workflows in the browser and over the API: seen by all, decided on by those who may."""

import json
import re

import pytest
from sqlalchemy import text

from invoicer_core.models import db
from invoicer_core.services import audit, workflows
from tests.factories import BY, make_caller
from tests.integration.web.conftest import Visitor

FAIL = text("UPDATE workflow_runs SET status = 'failed', error = 'Paper', ended_at = now()")
STEP = text("UPDATE workflow_steps SET status = 'failed', error = 'no <b>', ended_at = now()")


@pytest.fixture
def run(do):
    return do(workflows.start, workflow="invoice-delivery", given={"id": 7}, by=BY)


def failing(run) -> None:
    for statement in (FAIL, STEP):
        where = "id" if statement is FAIL else "run_id"
        db.session.execute(text(f"{statement.text} WHERE {where} = :run"), {"run": run.id})
    db.session.commit()


def test_the_list_and_the_page_show_where_a_run_stands(owner: Visitor, run):
    page = owner.get("/workflows")
    assert f"Invoice delivery {run.id}" in page.text
    assert "aria-current=true" in owner.get("/workflows?status=running").text
    assert "No run is in this state" in owner.get("/workflows?status=failed").text
    assert "No run is in this state" in owner.get("/workflows?workflow=nothing").text
    page = owner.get(f"/workflows/{run.id}")
    assert 'class="flow-box flow-step flow-here"' in page.text
    assert "stateDiagram-v2" in page.text
    assert not re.search(r"<svg[^>]*>.*\sstyle=", page.text)
    assert owner.get(f"/workflows/{run.id + 1000}").status_code == 404


def test_a_run_is_skipped_corrected_and_given_up_with_a_reason(owner: Visitor, run, do):
    page = f"/workflows/{run.id}"
    empty = owner.send(f"{page}/skip", page, reason=" ")
    assert empty.status_code == 422
    assert "Say why" in empty.text
    assert owner.send(f"{page}/skip", page, reason="By hand").status_code == 303
    assert do(workflows.get, run_id=run.id).state == "pdf"
    wrong = owner.send(f"{page}/correct", page, reason="x", state="pdf", output="[1")
    assert wrong.status_code == 422
    assert "[1" in wrong.text
    right = {"reason": "Made it", "state": "pdf", "output": '{"document_id": 1}'}
    assert owner.send(f"{page}/correct", page, **right).status_code == 303
    assert do(workflows.get, run_id=run.id).output["pdf"] == {"document_id": 1}
    assert "only a failed one" in owner.send(f"{page}/retry", page).text
    assert owner.send(f"{page}/cancel", page, reason="Never mind").status_code == 303
    shown = owner.get(page).text
    assert "Given up: Never mind" in shown
    assert 'data-dialog="skip"' not in shown
    said = str(do(audit.find).items)
    for word in ("By hand", "Made it", "Never mind"):
        assert word in said


def test_a_failed_run_says_why_and_is_tried_again(owner: Visitor, run, do, app):
    with app.app_context():
        do(failing, run)
    page = f"/workflows/{run.id}"
    assert "no &lt;b&gt;" in owner.get(page).text
    assert "It stopped at Recorded: Paper." in owner.get(page).text
    assert owner.send(f"{page}/retry", page, reason="Mended").status_code == 303
    assert do(workflows.get, run_id=run.id).status == "running"


def test_who_only_reads_sees_no_button(viewer: Visitor, run):
    page = f"/workflows/{run.id}"
    assert "data-dialog" not in viewer.get(page).text
    for action in ("retry", "skip", "correct", "cancel"):
        assert viewer.send(f"{page}/{action}", page, reason="x").status_code == 403, action


def test_who_only_reads_changes_nothing_over_the_api_either(app, owner: Visitor, run, do):
    reader = make_caller(app, role="viewer", business_id=owner.business_id)
    assert reader.get(f"/workflow-runs/{run.id}").status_code == 200
    for action in ("retry", "skip", "correct", "cancel"):
        refused = reader.post(f"/workflow-runs/{run.id}/{action}", {"reason": "x"})
        assert refused.status_code == 403, action
    assert do(workflows.get, run_id=run.id).state == run.state


def test_runs_over_the_api(app, owner: Visitor, run):
    api = make_caller(app, business_id=owner.business_id)
    (listed,) = api.get("/workflow-runs?workflow=invoice-delivery&status=running").json
    assert (listed["id"], listed["path"], listed["workflow_version"]) == (run.id, ["record"], 1)
    one = f"/workflow-runs/{run.id}"
    assert "ETag" not in api.get(one).headers
    assert api.get(f"{one}/asl").json["StartAt"] == "record"
    assert api.get(f"{one}/diagram").headers["Content-Type"] == "image/svg+xml"
    assert api.get(f"{one}/mermaid").text.startswith("stateDiagram-v2")
    assert api.post(f"{one}/retry").status_code == 409
    refused = api.post(f"{one}/skip", {"reason": " "})
    assert refused.status_code == 422
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert api.post(f"{one}/skip", {"reason": "By hand"}).json["state"] == "pdf"
    corrected = {"reason": "x", "output": {"document_id": 4, "note": "ä"}}
    assert api.post(f"{one}/correct", corrected).json["state"] == "store"
    ended = api.post(f"{one}/cancel", {"reason": "Enough"}).json
    assert (ended["status"], ended["reason"]) == ("cancelled", "Enough")
    assert api.get(f"/workflow-runs/{run.id + 1000}").status_code == 404


@pytest.mark.parametrize(
    "output", [{"a": "\0"}, {"a": ["\ud800"]}, {"\0": 1}, {"a": [[[[[[[[[[[[[[1]]]]]]]]]]]]]]}]
)
def test_what_cannot_be_stored_is_refused(app, owner: Visitor, run, output):
    api = make_caller(app, business_id=owner.business_id)
    body = json.dumps({"reason": "x", "output": output}).encode()
    answer = api.post(f"/workflow-runs/{run.id}/correct", body)
    assert answer.status_code == 422, answer.text


def test_definitions_over_the_api(app, owner: Visitor):
    api = make_caller(app, business_id=owner.business_id)
    found = {each["name"]: each for each in api.get("/workflows").json}
    assert found["invoice-delivery"]["started_by"] == ["invoice.issued"]
    states = api.get("/workflows/invoice-delivery/asl").json["States"]
    assert list(states) == ["record", "pdf", "store", "notify"]
    assert api.get("/workflows/invoice-delivery/asl?version=9").status_code == 404
    assert "<svg" in api.get("/workflows/invoice-delivery/diagram").text
    assert "[*] --> s0" in api.get("/workflows/invoice-delivery/mermaid").text
    assert api.get("/workflows/nothing/asl").status_code == 404


def test_another_business_sees_nothing_of_it(app, run):
    other = make_caller(app)
    assert other.get("/workflow-runs").json == []
    for path in ("", "/diagram", "/asl"):
        assert other.get(f"/workflow-runs/{run.id}{path}").status_code == 404
    assert other.post(f"/workflow-runs/{run.id}/skip", {"reason": "x"}).status_code == 404
