"""What an assistant may look up and propose: who owes, invoices, clients, products, reminders."""

from collections.abc import Iterable

from invoicer_core.builtin.office_tools import looking, proposing
from invoicer_core.plugin import AiTool, Plugin, hookimpl


class OfficeToolsPlugin(Plugin):
    """Lets assistants look up invoices, clients and products, and propose reminders and drafts."""

    name = "office_tools"
    title = "Tools for assistants"
    default_on = True

    @hookimpl
    def ai_tools(self) -> Iterable[AiTool]:
        """Those that only read, and those that a person has to confirm."""
        yield from looking.TOOLS
        yield from proposing.TOOLS
