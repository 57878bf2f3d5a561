"""The plugin keeps the contract."""

from invoicer_vector_search import VectorSearchPlugin

from invoicer_core.plugin.testing import PluginContract


class TestVectorSearch(PluginContract):
    plugin = VectorSearchPlugin
