"""A plugin that does not keep the contract is told so in words, and harms nobody else."""

from importlib.metadata import EntryPoint

import pytest

from invoicer_core.hooks.marks import hookimpl
from invoicer_core.hooks.offers import Health, HealthCheck, MessageChannel, SendResult
from invoicer_core.hooks.plugin import BrokenPlugin, Plugin, description_of, title_of
from invoicer_core.host.loading import Candidate, check_class, load
from tests.plugins.crashing.invoicer_crashing import CrashingPlugin
from tests.plugins.good.invoicer_good import GoodPlugin
from tests.plugins.greedy.invoicer_greedy import GreedyPlugin
from tests.plugins.slow.invoicer_slow import SlowPlugin


def candidate(kind, name=None):
    return Candidate(name or kind.name, "some-package 1.0", kind)


def plugin(**members):
    return type("Sample", (Plugin,), {"name": "sample", **members})


@hookimpl
def misspelt(self, ctx, event):
    pass


@hookimpl
def wrong_argument(self, context, event):
    pass


@hookimpl(hookwrapper=True)
def wrapper(self, ctx, event):
    yield


def unmarked(self, ctx, event):
    pass


@hookimpl
def offers_text(self):
    return ["not a channel"]


@hookimpl
def offers_twice(self):
    yield MessageChannel("a", "A", lambda ctx, message: SendResult())
    yield MessageChannel("a", "A", lambda ctx, message: SendResult())


@hookimpl
def offers_nothing(self):
    return None


@hookimpl
def offers_without_end(self):
    number = 0
    while True:
        number += 1
        yield HealthCheck(f"check{number}", lambda ctx: Health(True))


@hookimpl
def offers_by_crashing(self):
    raise OSError("no such disk")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"name": "Bad-Name"}, "name must match"),
        ({"name": None}, "name must match"),
        ({"api": 2}, "version 2 of the contract"),
        ({"settings": dict}, "settings must be a class that inherits Settings"),
        ({"on_invoice_payed": misspelt}, "did you mean on_invoice_paid?"),
        ({"on_invoice_payed": unmarked}, "did you mean on_invoice_paid?"),
        ({"before_breakfast": unmarked}, "looks like a hook"),
        ({"on_invoice_paid": unmarked}, "lacks @hookimpl"),
        ({"on_invoice_paid": wrong_argument}, "takes ctx, event, not context"),
        ({"on_invoice_paid": wrapper}, "cannot wrap"),
        ({"message_channels": offers_text}, "must yield MessageChannel, not str"),
        ({"message_channels": offers_twice}, "two offers named a"),
        ({"message_channels": offers_nothing}, "TypeError"),
        ({"health_checks": offers_without_end}, "more than 200"),
        ({"health_checks": offers_by_crashing}, "OSError: no such disk"),
        ({"__init__": lambda self: 1 / 0}, "ZeroDivisionError"),
    ],
)
def test_a_broken_plugin_is_told_what_to_mend(members, words):
    with pytest.raises(BrokenPlugin) as caught:
        load(candidate(plugin(**members), "sample"))
    assert words in str(caught.value)
    assert "some-package 1.0" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("tests.no_such_module:Thing", "ModuleNotFoundError"),
        ("tests.plugins.good.invoicer_good:NoSuchName", "AttributeError"),
        ("decimal:Decimal", "is not a class that inherits Plugin"),
        ("tests.plugins.good.invoicer_good:GoodPlugin", "the entry point is named other"),
    ],
)
def test_an_entry_point_that_leads_nowhere(value, words):
    entry = EntryPoint("other", value, "invoicer.plugins")
    with pytest.raises(BrokenPlugin, match=words):
        load(Candidate("other", "some-package 1.0", entry))


@pytest.mark.parametrize("kind", [GoodPlugin, CrashingPlugin, GreedyPlugin, SlowPlugin])
def test_the_examples_keep_the_contract(kind):
    check_class(kind)
    assert load(candidate(kind)).plugin.name == kind.name


def test_a_plugin_without_hooks_is_fine():
    assert load(candidate(plugin())).offers == {}


def test_how_a_plugin_is_called_on_screen():
    assert title_of(GoodPlugin) == "Good example"
    assert title_of(CrashingPlugin) == "Crashing"
    assert title_of(plugin()) == "Sample"
    assert description_of(CrashingPlugin) == "Raises, and sends bad SQL."
    assert description_of(plugin()) == ""
