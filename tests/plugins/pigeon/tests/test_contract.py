"""The pigeon keeps the contract."""

from invoicer_core.plugin.testing import PluginContract
from tests.plugins.pigeon.invoicer_pigeon import PigeonPlugin


class TestPigeon(PluginContract):
    plugin = PigeonPlugin
