"""The crashing example keeps the contract."""

from invoicer_core.plugin.testing import PluginContract
from tests.plugins.crashing.invoicer_crashing import CrashingPlugin


class TestCrashing(PluginContract):
    plugin = CrashingPlugin
