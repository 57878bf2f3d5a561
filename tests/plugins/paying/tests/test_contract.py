"""The paying example keeps the contract."""

from invoicer_core.plugin.testing import PluginContract
from tests.plugins.paying.invoicer_paying import PayingPlugin


class TestPaying(PluginContract):
    plugin = PayingPlugin
