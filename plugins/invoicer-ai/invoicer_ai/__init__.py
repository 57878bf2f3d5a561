"""AI: questions to your data, texts and banners, for Invoicer."""

from collections.abc import Iterable

from invoicer_core.plugin import (
    ApiResource,
    Asset,
    MenuItem,
    Page,
    Permission,
    Plugin,
    Slot,
    hookimpl,
)

from . import api, assistant_api, assistant_pages, beside, mcp, pages
from .settings import AiSettings
from .sql import api as sql_api
from .sql import pages as sql_pages


class AiPlugin(Plugin):
    """Questions to your data, texts and banners, for Invoicer."""

    name, title, settings, default_on = "ai", "AI", AiSettings, False
    migrations = "migrations"

    @hookimpl
    def permissions(self) -> Iterable[Permission]:
        """Who may ask: the answers hold what the whole business earns."""
        yield Permission("ask", "Ask your data", frozenset({"owner", "admin", "accountant"}))
        yield Permission("write", "Write with AI", frozenset({"owner", "admin", "staff"}))
        everybody = frozenset({"owner", "admin", "accountant", "staff"})
        yield Permission("assist", "Ask the assistant", everybody)

    @hookimpl
    def api_resources(self) -> Iterable[ApiResource]:
        """Questions and statements."""
        yield ApiResource("sql", sql_api.api, "ai.ask", alias="ai")
        yield ApiResource("writing", api.api, "ai.write", alias="ai")
        yield ApiResource("assistant", assistant_api.api, "ai.assist", alias="ai")
        yield ApiResource("mcp", mcp.api, "ai.assist", alias="ai")

    @hookimpl
    def pages(self) -> Iterable[Page]:
        """Ask your data."""
        yield Page("ask", sql_pages.pages, "ai.ask")
        yield Page("write", pages.pages, "ai.write")
        yield Page("assistant", assistant_pages.pages, "ai.assist")

    @hookimpl
    def menu_items(self) -> Iterable[MenuItem]:
        """The way there."""
        yield MenuItem("ask", "Ask your data", "ai_sql.ask", "ai.ask", icon="search")
        yield MenuItem("assistant", "Assistant", "ai_assistant.talk", "ai.assist", icon="message")
        yield MenuItem("write", "Write with AI", "ai_write.write", "ai.write", icon="pencil")

    @hookimpl
    def slots(self) -> Iterable[Slot]:
        """A text for a product's description and for a message, where they are written."""
        yield Slot("description", "product.edit", beside.description)
        yield Slot("message", "message.words", beside.message)

    @hookimpl
    def assets(self) -> Iterable[Asset]:
        """What shows texts as they are written."""
        yield Asset("write", pages.pages, "write.js", "script")
        yield Asset("write-style", pages.pages, "write.css", "style")
