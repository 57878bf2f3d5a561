"""The plugin keeps the contract."""

from invoicer_whatsapp import WhatsAppPlugin

from invoicer_core.plugin.testing import PluginContract


class TestWhatsApp(PluginContract):
    plugin = WhatsAppPlugin
