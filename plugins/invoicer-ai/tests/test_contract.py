"""The plugin keeps the contract."""

from invoicer_ai import AiPlugin

from invoicer_core.plugin.testing import PluginContract


class TestAi(PluginContract):
    plugin = AiPlugin
