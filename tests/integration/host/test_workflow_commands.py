"""``invoicer workflows``: what the plugins define, in words and as files."""

import json
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from invoicer_core.cli import commands
from invoicer_core.config import ConfigError


@pytest.fixture
def told(variables: dict[str, str]):
    """What a command writes, with only the plugins of this house."""
    given = {**variables, "INVOICER_PLUGINS": "invoice_delivery"}

    def run(*words: str) -> str:
        done = CliRunner().invoke(commands, ["workflows", *words], env=given)
        if done.exception is not None:
            raise done.exception
        return done.stdout

    return run


def test_they_are_listed_and_shown_with_their_limits(told) -> None:
    (line,) = told("list").splitlines()
    assert line.split() == ["invoice-delivery", "1", "invoice_delivery", "Invoice", "delivery"]
    head, begins, *states = told("show", "invoice-delivery").splitlines()
    assert head == "Invoice delivery (invoice-delivery, version 1)"
    assert begins == "begins with invoice.issued"
    assert [line.split()[0] for line in states] == ["record", "pdf", "store", "notify"]
    assert states[0].split() == ["record", "step", "8", "x", "55", "s", "pdf"]
    assert states[3].endswith("the end")


def test_they_are_exported(told) -> None:
    machine = json.loads(told("export", "invoice-delivery"))
    assert machine["StartAt"] == "record"
    drawn = told("export", "invoice-delivery", "--format", "mermaid")
    assert drawn.startswith("stateDiagram-v2\n")
    assert ElementTree.fromstring(told("export", "invoice-delivery", "--format", "svg")).tag  # noqa: S314 - our own


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "nothing"), "There is no workflow nothing; there is: invoice-delivery."),
        (("export", "invoice-delivery", "--version", "9"), "has no version 9; it has: 1."),
    ],
)
def test_what_is_not_there_is_said(told, words, said) -> None:
    with pytest.raises(ConfigError, match=said):
        told(*words)
