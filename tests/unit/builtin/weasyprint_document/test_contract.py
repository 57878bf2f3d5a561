from invoicer_core.builtin.weasyprint_document import WeasyPrintDocumentPlugin
from invoicer_core.plugin.testing import PluginContract


class TestWeasyPrintDocument(PluginContract):
    plugin = WeasyPrintDocumentPlugin
