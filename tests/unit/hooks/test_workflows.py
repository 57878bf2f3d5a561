"""A workflow that could get lost is refused when it is declared."""

import pytest

from invoicer_core.hooks.workflows import Choice, Fail, Step, Wait, Workflow


def step(name, then=None, **more):
    return Step(name=name, title=name, run=lambda ctx, run: None, then=then, **more)


def workflow(*states, start="A"):
    return Workflow(name="w", title="W", start=start, states=states)


def test_the_arrows_of_a_diagram():
    made = workflow(
        step("A", "B", catch={"Broken": "D"}),
        Choice(name="B", title="B", decide=lambda c, r: "x", branches={"x": "C"}, otherwise="D"),
        Wait(name="C", title="C", resume="invoice.paid", then="E", late="D"),
        Fail(name="D", title="D", error="Broken"),
        step("E"),
    )
    assert list(made.edges()) == [
        ("A", "B", ""),
        ("A", "D", "Broken"),
        ("B", "C", "x"),
        ("B", "D", "otherwise"),
        ("C", "E", "invoice.paid"),
        ("C", "D", "late"),
    ]
    assert made.state("D").name == "D"
    with pytest.raises(KeyError):
        made.state("Z")


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ([step("A"), step("A")], "same name"),
        ([step("A", "B")], "no state is named B"),
        ([step("B")], "no state is named A"),
        ([step("A"), step("B")], "never reached: B"),
        ([step("A", catch={"E": "C"})], "no state is named C"),
    ],
)
def test_a_workflow_that_leads_nowhere_is_refused(states, words):
    with pytest.raises(ValueError, match=words):
        workflow(*states)
