"""The greedy example keeps the contract but for one thing, and is caught at that."""

import pytest

from invoicer_core.plugin.testing import PluginContract
from tests.plugins.greedy.invoicer_greedy import GreedyPlugin


class TestGreedy(PluginContract):
    plugin = GreedyPlugin

    def test_it_leaves_the_cores_transaction_alone(self):
        with pytest.raises(AssertionError):
            super().test_it_leaves_the_cores_transaction_alone()
