"""Who is loaded, in which order, and what happens to those who cannot be."""

import sys

import pytest
from flask import Flask

from invoicer_core.hooks.faces import ApiResource
from invoicer_core.hooks.marks import hookimpl
from invoicer_core.hooks.offers import OFFERS, MessageChannel, SendResult
from invoicer_core.hooks.plugin import HOOKS, BrokenPlugin, Plugin
from invoicer_core.host import Host, current, discover, install, objections, subscribers
from tests.plugins.crashing.invoicer_crashing import CrashingPlugin
from tests.plugins.good.invoicer_good import GoodPlugin
from tests.plugins.greedy.invoicer_greedy import GreedyPlugin
from tests.plugins.slow.invoicer_slow import SlowPlugin

EXAMPLES = (SlowPlugin, GreedyPlugin, GoodPlugin, CrashingPlugin)


class Pigeons(Plugin):
    """Offers a channel that the good example offers too."""

    name = "pigeons"

    @hookimpl
    def message_channels(self):
        yield MessageChannel("pigeon", "Pigeon", lambda ctx, message: SendResult())


class Hello(Plugin):
    """Claims an alias of the API that is taken."""

    name = "hello"

    @hookimpl
    def api_resources(self):
        yield ApiResource("other", None, "invoices.read", alias="hello")


class First(Plugin):
    """Wants to be asked before the others."""

    name = "zz_first"

    @hookimpl(tryfirst=True)
    def before_invoice_issued(self, ctx, invoice):
        return []


def examples(*more, selection="all", strict=False):
    return discover(selection, extra=(*EXAMPLES, *more), entry_points=False, strict=strict)


def asked(registry, hook):
    return [each.plugin for each in registry.implementations[hook]]


def test_hooks_are_asked_by_name_except_who_wants_to_be_first():
    assert asked(examples(), "before_invoice_issued") == ["crashing", "good", "greedy", "slow"]
    assert asked(examples(First), "before_invoice_issued")[0] == "zz_first"


def test_the_order_of_finding_does_not_matter():
    backwards = discover("all", extra=reversed(EXAMPLES), entry_points=False)
    assert list(backwards.plugins) == list(examples().plugins)
    assert {h: asked(backwards, h) for h in backwards.implementations} == {
        h: asked(examples(), h) for h in examples().implementations
    }


def test_the_examples_use_every_family_and_offer_everything():
    registry = examples()
    families = {HOOKS[hook] for hook in registry.implementations}
    assert families == {"offer", "objection", "proposal", "event"}
    assert set(registry.offers) == set(OFFERS.values())
    assert [kind.__name__ for kind in registry.offers if not registry.offered(kind)] == []
    assert [each.plugin for each in registry.slots["invoice.panels"]] == [
        "crashing", "greedy", "good", "good", "slow"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("selection", "loaded"),
    [
        ("none", []),
        (("good", "slow"), ["good", "slow"]),
        ("all", ["crashing", "good", "greedy", "slow"]),
    ],
)
def test_the_selection_decides(selection, loaded):
    assert list(examples(selection=selection).plugins) == loaded


def test_a_selected_plugin_that_is_not_installed_is_said():
    registry = examples(selection=("good", "missing"))
    assert [(each.name, each.reason) for each in registry.quarantined] == [
        ("missing", "missing: no installed package has this plugin")
    ]


@pytest.mark.parametrize(
    ("kind", "what"), [(Pigeons, "message_channels pigeon"), (Hello, "API alias hello")]
)
def test_a_name_that_is_taken_names_both(kind, what):
    registry = examples(kind)
    assert list(registry.plugins) == ["crashing", "good", "greedy", "slow"]
    (kept_out,) = registry.quarantined
    assert kept_out.name == kind.name
    for words in (what, "offered twice", GoodPlugin.__module__, kind.__module__):
        assert words in kept_out.reason


def test_a_second_plugin_of_the_same_name_is_kept_out():
    other = type("Other", (Plugin,), {"name": "good"})
    registry = examples(other)
    assert [each.name for each in registry.quarantined] == ["good"]


def test_strict_makes_it_fatal():
    with pytest.raises(BrokenPlugin, match="offered twice"):
        examples(Pigeons, strict=True)


def test_the_installed_ones_are_found_by_entry_point():
    names = {each.name for each in discover().quarantined} | discover().plugins.keys()
    assert {"email", "local_store", "weasyprint_document"} <= names


@pytest.fixture
def app():
    app = Flask("sample")
    install(app, Host(registry=examples()))
    with app.app_context():
        yield app


def test_who_hears_an_event(app):
    assert subscribers("invoice.paid") == (("live", True), ("plugin:crashing", True))
    assert subscribers("client.created") == (("live", True),)


def test_without_an_application_there_are_no_plugins():
    assert current().registry.plugins == {}
    assert subscribers("invoice.paid") == (("live", True),)
    assert objections(None, "before_invoice_issued", None, business_id=1) == ()


def test_a_hook_that_nobody_implements_costs_nothing(app):
    """A look-up, and no session: there is none here."""
    called: list[str] = []

    def note(frame, event, _argument):
        if event == "call":
            called.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        found = objections(None, "before_nothing_at_all", None, business_id=1)
    finally:
        sys.setprofile(None)
    assert found == ()
    assert len(called) <= 10, called
