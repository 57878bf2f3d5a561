"""The plugin keeps the contract."""

from invoicer_email_providers import EmailProvidersPlugin

from invoicer_core.plugin.testing import PluginContract


class TestEmailProviders(PluginContract):
    plugin = EmailProvidersPlugin
