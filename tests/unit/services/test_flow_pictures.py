"""Diagrams and exports of workflows: well formed, marked, escaped; the export by the field rules
of the Amazon States Language, told here once more."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from invoicer_core.domain.work import RunSnapshot, StepSnapshot
from invoicer_core.hooks.machines import END, Impossible
from invoicer_core.hooks.workflows import Choice, Fail, Retry, Step, Wait, Workflow
from invoicer_core.services.workflows import asl, mermaid, svg
from invoicer_core.services.workflows.layout import HEIGHT, WIDTH, lay_out
from tests.hostile import HOSTILE
from tests.peers.probe_flows import flows
from tests.peers.processes import ROOT

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def step(name, then=None, **more):
    return Step(name=name, title=more.pop("title", name), run=lambda c, r: None, then=then, **more)


def circle(title="Ask again"):
    """With a way back, a choice that says nowhere where its answer stands, and odd names."""
    return Workflow(
        name="circle", title=title, start="Ask him",
        states=(
            step("Ask him", "Enough?", title=title, retry=Retry(3, timedelta(seconds=2)),
                 catch={"Timeout": "Rest", "Rude": "Over"}, limit=timedelta(seconds=90)),
            Choice(name="Enough?", title="Enough?", decide=lambda c, r: "", otherwise="Over",
                   branches={"yes": "done", "no": "Rest"}),
            Wait(name="Rest", title="Rest", resume="x.y", then="Ask him", late="Over",
                 limit=timedelta(days=2)),
            Fail(name="Over", title="It's over", error="RudeError"),
            step("done"),
        ),
    )  # fmt: skip


DEFINITIONS = [*flows(), circle()]


def a_run(definition, status="failed", error="RudeError"):
    names = ("Ask him", "Enough?", "Over")
    kinds = ("succeeded", "succeeded", "failed")
    return RunSnapshot(
        id=7, workflow=definition.name, version=1, title="x", state=names[-1], status=status,
        error=error, path=names, created_at=NOW,
        steps=tuple(
            StepSnapshot(name=name, title=name, status=kind, attempts=1, started_at=NOW)
            for name, kind in zip(names, kinds, strict=True)
        ),
    )  # fmt: skip


# --- the machine ---------------------------------------------------------------------------------


def test_the_machine_knows_where_an_outcome_leads():
    machine = circle().machine
    assert machine.leads("Ask him", "done") == "Enough?"
    assert machine.leads("Ask him", "error:Rude") == "Over"
    assert machine.leads("Enough?", "answer:no") == "Rest"
    assert machine.leads("Rest", "late") == "Over"
    assert machine.leads("done", "done") == END
    assert machine.outcomes("Over") == ()


@pytest.mark.parametrize(
    ("state", "outcome"),
    [("Ask him", "late"), ("Over", "done"), ("Rest", "error:Rude"), ("Nowhere", "done"),
     ("done", "answer:no"), ("Ask him", "never heard of")],
)  # fmt: skip
def test_the_machine_refuses_what_is_impossible(state, outcome):
    with pytest.raises(Impossible):
        circle().machine.leads(state, outcome)


def test_the_library_refuses_a_definition_without_sense():
    with pytest.raises(ValueError, match=r"\(end\)"):
        Workflow(name="w", title="W", start=END, states=(step(END),))


def test_the_machine_works_in_a_process_patched_by_gevent():
    """As the web process is; there the library's own engine does not run."""
    asked = (
        "from gevent import monkey; monkey.patch_all()\n"
        "from tests.unit.services.test_flow_pictures import circle\n"
        "print(circle().machine.leads('Ask him', 'done'))"
    )
    found = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert found.stdout.strip() == "Enough?", found.stderr


# --- diagrams ------------------------------------------------------------------------------------


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda each: f"{each.name}{each.version}")
def test_boxes_do_not_touch_and_stay_inside(definition):
    names = [state.name for state in definition.states]
    made = lay_out(definition.start, names, [(a, b) for a, b, _ in definition.edges()])
    for one, other in combinations(made.places.values(), 2):
        assert abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT
    for place in made.places.values():
        assert WIDTH / 2 <= place.x <= made.width - WIDTH / 2
        assert HEIGHT / 2 <= place.y <= made.height - HEIGHT / 2


def test_the_drawing_marks_the_path_and_the_place():
    definition = circle()
    plain, marked = svg(definition), svg(definition, a_run(definition))
    assert "flow-taken" not in plain
    root = ElementTree.fromstring(marked)  # noqa: S314 - our own
    boxes = {box.find(f"{SVG}title").text: box.get("class") for box in root.iter(f"{SVG}g")}
    assert "flow-failed" in boxes["It's over"]
    assert "flow-done" in boxes["Enough?"]
    assert boxes["done"] == "flow-box flow-step"
    assert sum("flow-taken" in way.get("class") for way in root.iter(f"{SVG}path")) == 3
    assert {tag.tag.removeprefix(SVG) for tag in root.iter()} == {
        "svg", "defs", "marker", "path", "text", "circle", "g", "title", "rect",
    }  # fmt: skip


def test_a_waiting_and_an_ended_run_look_different():
    definition = circle()
    assert "flow-waits" in svg(definition, a_run(definition, "waiting", None))
    assert 'class="flow-end flow-done"' in svg(definition, a_run(definition, "succeeded", None))


@pytest.mark.parametrize("evil", HOSTILE)
def test_whatever_a_title_says_it_stays_a_title(evil):
    definition = circle(evil)
    root = ElementTree.fromstring(svg(definition, a_run(definition)))  # noqa: S314 - our own
    assert not [tag for tag in root.iter() if tag.tag.removeprefix(SVG) in ("script", "a", "image")]
    assert not [name for tag in root.iter() for name in tag.attrib if name.startswith("on")]
    (line,) = [each for each in mermaid(definition).splitlines() if each.endswith(" as s0")]
    assert line.count('"') == 2
    assert "<" not in line


def test_mermaid_has_every_state_and_way():
    definition = circle()
    said = mermaid(definition, a_run(definition)).splitlines()
    assert said[0] == "stateDiagram-v2"
    assert "    [*] --> s0" in said
    assert "    s1 --> s2 : no" in said
    assert "    s3 --> [*]" in said
    assert "    class s3 failed" in said
    ways = [line for line in said if " --> " in line and "[*]" not in line]
    assert len(ways) == len(list(definition.edges()))


# --- the Amazon States Language ------------------------------------------------------------------

FIELDS = {
    "Task": {"Type", "Comment", "Resource", "Parameters", "ResultPath", "TimeoutSeconds", "Retry",
             "Catch", "Next", "End"},
    "Choice": {"Type", "Comment", "Choices", "Default"},
    "Fail": {"Type", "Comment", "Error", "Cause"},
}  # fmt: skip
NEEDED = {"Task": {"Resource"}, "Choice": {"Choices"}, "Fail": set()}


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda each: f"{each.name}{each.version}")
def test_the_export_keeps_the_rules_of_the_language(definition):
    made = json.loads(json.dumps(asl(definition)))
    assert set(made) <= {"Comment", "Version", "StartAt", "States", "TimeoutSeconds"}
    assert made["Version"] == "1.0"
    states = made["States"]
    assert made["StartAt"] in states
    targets = {made["StartAt"]}
    for name, state in states.items():
        assert 0 < len(name) <= 80
        kind = state["Type"]
        assert NEEDED[kind] <= set(state) <= FIELDS[kind], name
        if kind == "Task":
            check_task(state)
        targets |= set(following(state))
    assert targets == set(states)


def following(state):
    yield from [state["Next"]] if "Next" in state else []
    yield from [state["Default"]] if "Default" in state else []
    for each in (*state.get("Catch", ()), *state.get("Choices", ())):
        yield each["Next"]


def check_task(state):
    assert ("Next" in state) != (state.get("End") is True)
    assert state["Resource"].startswith("arn:aws:")
    assert state["ResultPath"].startswith("$")
    for name, value in state["Parameters"].items():
        assert not name.endswith(".$") or value.startswith("$")
    if "TimeoutSeconds" in state:
        assert 1 <= state["TimeoutSeconds"] <= 99_999_999
    retriers, catchers = state.get("Retry", []), state.get("Catch", [])
    for each in retriers:
        assert set(each) <= {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate",
                             "MaxDelaySeconds", "JitterStrategy"}  # fmt: skip
        assert each.get("IntervalSeconds", 1) >= 1
        assert 0 <= each.get("MaxAttempts", 3) <= 99_999_999
        assert each.get("BackoffRate", 2.0) >= 1.0
        if "MaxDelaySeconds" in each:
            assert each["IntervalSeconds"] < each["MaxDelaySeconds"] < 31_622_400
    for each in catchers:
        assert {"ErrorEquals", "Next"} <= set(each) <= {"ErrorEquals", "Next", "ResultPath"}
    for group in (retriers, catchers):
        for at, each in enumerate(group):
            assert each["ErrorEquals"]
            if "States.ALL" in each["ErrorEquals"]:
                assert each["ErrorEquals"] == ["States.ALL"]
                assert at == len(group) - 1


def test_the_export_says_what_the_definition_says():
    states = asl(circle())["States"]
    asks = states["Ask him"]
    assert asks["TimeoutSeconds"] == 90
    assert asks["Next"] == "Enough? (answer)"
    assert asks["Retry"] == [
        {"ErrorEquals": ["Rude"], "MaxAttempts": 0},
        {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 2,
         "BackoffRate": 2.0, "MaxDelaySeconds": 86_400},
    ]  # fmt: skip
    assert [(each["ErrorEquals"], each["Next"]) for each in asks["Catch"]] == [
        (["States.Timeout"], "Rest"), (["Rude"], "Over"),
    ]  # fmt: skip
    assert states["Enough?"]["Choices"][0]["Variable"] == "$['Enough?'].answer"
    assert states["Rest"]["Catch"][0]["ErrorEquals"] == ["States.Timeout"]
    assert states["Rest"]["TimeoutSeconds"] == 172_800
    assert states["Over"] == {"Type": "Fail", "Error": "RudeError", "Cause": "It's over"}
    journey = asl(next(iter(flows())))["States"]
    assert journey["kind"]["Choices"][0]["Variable"] == "$.seat.kind"
    assert "kind (answer)" not in journey
