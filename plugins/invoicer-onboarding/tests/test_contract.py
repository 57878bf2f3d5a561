"""The plugin keeps the contract."""

from invoicer_onboarding import OnboardingPlugin

from invoicer_core.plugin.testing import PluginContract


class TestOnboarding(PluginContract):
    plugin = OnboardingPlugin
