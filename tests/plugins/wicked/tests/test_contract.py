"""The wicked example keeps the contract."""

from invoicer_core.plugin.testing import PluginContract
from tests.plugins.wicked.invoicer_wicked import WickedPlugin


class TestWicked(PluginContract):
    plugin = WickedPlugin
