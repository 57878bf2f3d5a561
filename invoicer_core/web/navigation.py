"""The entries of the side bar, in groups: each leads to a room of the web app."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flask import current_app, request, url_for
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from invoicer_core.web import access, plugin_pages


@dataclass(frozen=True, slots=True)
class Entry:
    """One room: its first page, and the words that name its other pages' endpoints."""

    endpoint: str
    icon: str
    label: LazyString
    permission: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """One line of the side bar."""

    address: str
    icon: str
    label: str
    current: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under a small heading, or under none."""

    label: str
    entries: tuple[Link, ...]


# The first entry whose word is in the endpoint's name has the page.
ENTRIES: Final[dict[str, tuple[Entry, ...]]] = {
    "": (Entry("dashboard", "home", lazy("Dashboard"), "invoices.read", ("dashboard",)),),
    "sales": (
        Entry("invoices", "file-invoice", lazy("Invoices"), "invoices.read", ("invoice",)),
        Entry("credit_notes", "receipt-refund", lazy("Credit notes"), "invoices.read",
              ("credit_note",)),
        Entry("orders", "clipboard-list", lazy("Orders"), "orders.read", ("order",)),
        Entry("payments", "coins", lazy("Payments"), "payments.read",
              ("payment", "receipt", "refund")),
        Entry("clients", "users", lazy("Clients"), "clients.read",
              ("client", "contact", "statement")),
        Entry("products", "package", lazy("Products"), "products.read",
              ("product", "categor", "stock")),
    ),
    "purchases": (
        Entry("bills", "file-dollar", lazy("Bills"), "costs.read", ("bill",)),
        Entry("suppliers", "truck", lazy("Suppliers"), "suppliers.read", ("supplier",)),
    ),
    "office": (
        Entry("messages", "mail", lazy("Messages"), "messages.read", ("message",)),
        Entry("files", "folder", lazy("Files"), "files.read", ("file",)),
        Entry("analytics", "chart-bar", lazy("Analytics"), "reports.read", ("analytics",)),
        Entry("reports", "report", lazy("Reports"), "reports.read", ("report",)),
        Entry("tasks", "checklist", lazy("Tasks"), "business.read", ("task",)),
        Entry("workflows", "route", lazy("Workflows"), "workflows.read", ("workflow",)),
    ),
    "last": (
        Entry("settings", "settings", lazy("Settings"), "settings.write",
              ("setting", "plugin", "webhook", "audit", "member", "api_key", "business")),
    ),
}  # fmt: skip


def section() -> str | None:
    """The endpoint of the entry that this page belongs to."""
    name = (request.endpoint or "").removeprefix("web.")
    entries = (entry for group in ENTRIES.values() for entry in group)
    found = next((each for each in entries if any(word in name for word in each.words)), None)
    return f"web.{found.endpoint}" if found else None


def groups() -> Iterator[Group]:
    """What this visitor may open; plugins' pages stand with the office's."""
    labels = {"sales": _("Sales"), "purchases": _("Purchases"), "office": _("Office")}
    here = section()
    for name, entries in ENTRIES.items():
        links = [_link(entry, here) for entry in entries if _is_open(entry)]
        if name == "office":
            links += [
                Link(each.address, each.icon, each.title, request.path.startswith(each.address))
                for each in plugin_pages.menu()
            ]
        if links:
            yield Group(labels.get(name, ""), tuple(links))


def _is_open(entry: Entry) -> bool:
    known = f"web.{entry.endpoint}" in current_app.view_functions
    return known and access.may(entry.permission)


def _link(entry: Entry, here: str | None) -> Link:
    endpoint = f"web.{entry.endpoint}"
    return Link(url_for(endpoint), entry.icon, str(entry.label), here == endpoint)
