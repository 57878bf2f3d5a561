"""The slow example keeps the contract."""

from invoicer_core.plugin.testing import PluginContract
from tests.plugins.slow.invoicer_slow import SlowPlugin


class TestSlow(PluginContract):
    plugin = SlowPlugin
