"""What other plugins bring: a voice to call with, and a search that finds what is alike."""

from collections.abc import Iterable

import pytest
from flask import Flask
from invoicer_onboarding import OnboardingPlugin

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.plugin import (
    MessageChannel,
    Plugin,
    SearchBackend,
    SearchHit,
    SendResult,
    hookimpl,
)
from invoicer_core.plugin.use_cases import consents, suppliers
from invoicer_core.services import messages, plugins
from tests.factories import BY

NUMBER = "+493012345678"


class BellsPlugin(Plugin):
    """Rings."""

    name, title = "bells", "Bells"

    @hookimpl
    def message_channels(self) -> Iterable[MessageChannel]:
        yield MessageChannel(
            "voice", "Bells", lambda ctx, message: SendResult("sent", "rung"),
            address=lambda client: client.phone, carries_files=False, needs_consent=True,
        )  # fmt: skip


class NosePlugin(Plugin):
    """Finds every supplier alike that shares its first letter."""

    name, title = "nose", "Nose"

    @hookimpl
    def search_backends(self) -> Iterable[SearchBackend]:
        yield SearchBackend("nose", "Nose", _alike, frozenset({"supplier"}))


def _alike(ctx: object, kind: str, words: str, limit: int) -> list[SearchHit]:
    found = suppliers.find(limit=limit).items
    return [SearchHit(each.id, 0.9) for each in found if each.name[0] == words[0]]


@pytest.fixture(scope="module")
def app(variables: dict[str, str]) -> Flask:
    """An application with the plugin and these two."""
    every = [OnboardingPlugin, BellsPlugin, NosePlugin]
    return create_app(Config.from_environ(variables), plugins=every)


def on(desk, name):
    desk.do(plugins.change, name=name, enabled=True, settings={}, by=BY)


def onboarded(desk, name, **fields):
    run_id = desk.begin(name, **fields)
    desk.steps()
    return desk.run(run_id)


def calls(desk):
    found = desk.do(messages.find, limit=50).items
    return [(each.recipient, each.text) for each in found if each.channel == "voice"]


def note(run):
    return next(each.note for each in run.steps if each.name == "HandleNewProvider")


def test_a_welcome_call_rings_where_it_is_wanted(desk):
    on(desk, "bells")
    desk.do(consents.give, channel="voice", address=NUMBER, how="on a form", by=BY)
    run = onboarded(desk, "Bell Makers", phone=NUMBER, email="b@bell.test")
    assert run.output["HandleNewProvider"]["call"] == "asked for"
    assert note(run) is None
    ((number, words),) = calls(desk)
    assert number == NUMBER
    assert "Welcome to Guild" in words


@pytest.mark.parametrize(
    ("is_on", "phone", "outcome", "words"),
    [
        (False, NUMBER, "not on", "no voice channel is on"),
        (True, None, "no address", "there is no phone number"),
        (True, NUMBER, "no consent", "no consent to calls is noted"),
    ],
)
def test_otherwise_the_call_is_skipped_and_the_run_says_why(desk, is_on, phone, outcome, words):
    if is_on:
        on(desk, "bells")
    run = onboarded(desk, "Quiet Makers", **({"phone": phone} if phone else {}))
    assert run.status == "succeeded"
    assert run.output["HandleNewProvider"]["call"] == outcome
    assert note(run) == f"The welcome call is skipped: {words}."
    assert calls(desk) == []


def test_what_is_alike_is_evidence_where_something_finds_it(desk):
    known = desk.do(suppliers.create, fields={"name": "Timber Yard", "email": "t@y.test"}, by=BY)
    before = onboarded(desk, "Tree Trunks & more")
    assert before.output["DetermineProviderState"] == {
        "type": "new", "supplier_id": None, "evidence": [],
    }  # fmt: skip
    on(desk, "nose")
    run = onboarded(desk, "Timberyard of the north")
    found = run.output["DetermineProviderState"]
    assert {"supplier_id": known.id, "name": "Timber Yard", "by": "similarity", "score": 90,
            "against": []} in found["evidence"]  # fmt: skip
    # Two are as alike: which one it is, a person says.
    assert (found["type"], run.error) == ("unclear", "ProviderTypeError")


def test_likeness_leads_to_the_known_one_unless_something_differs(desk):
    on(desk, "nose")
    fields = {"name": "Quarry House", "email": "q@house.test"}
    known = desk.do(suppliers.create, fields=fields, by=BY)
    run = onboarded(desk, "Quarryhouse of the south", city="Graz")
    assert run.output["DetermineProviderState"]["supplier_id"] == known.id
    assert run.path[-1] == "GenerateAndSendInvoiceOld"
    other = onboarded(desk, "Quarry Hill", email="hill@quarry.test")
    (reason,) = other.output["DetermineProviderState"]["evidence"]
    assert (reason["by"], reason["against"]) == ("similarity", ["email"])
    assert other.path[-1] == "GenerateAndSendInvoiceNew"
