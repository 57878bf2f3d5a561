"""The good example keeps the contract."""

from invoicer_core.plugin.testing import PluginContract
from tests.plugins.good.invoicer_good import GoodPlugin


class TestGood(PluginContract):
    plugin = GoodPlugin
