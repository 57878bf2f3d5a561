"""The audit log's actions as people say them: a thing, and what happened to it."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from invoicer_core.hooks.plugin import title_of
from invoicer_core.host import current as current_host
from invoicer_core.web.catalogs import spoken


def things() -> dict[str, str]:
    """What an action may be about, by the first part of its name."""
    return {
        "invoice": _("Invoice"), "credit_note": _("Credit note"), "payment": _("Payment"),
        "client": _("Client"), "contact": _("Contact"), "product": _("Product"),
        "products": _("Products"), "category": _("Category"), "order": _("Order"),
        "supplier": _("Supplier"), "bill": _("Supplier invoice"),
        "bill_payment": _("Payment to a supplier"), "file": _("File"), "document": _("Document"),
        "statement": _("Statement"), "message": _("Message"), "business": _("Business"),
        "series": _("Number series"), "tax_rate": _("Tax rate"), "member": _("Member"),
        "user": _("User"), "api_key": _("API key"), "plugin": _("Plugin"),
        "webhook": _("Webhook"), "delivery": _("Delivery"), "task": _("Task"),
        "view": _("Saved view"), "portal": _("Portal"), "workflow": _("Workflow"),
        "sign_in": _("Sign-in"), "two_factor": _("Second factor"),
    }  # fmt: skip


def _happenings() -> dict[str, str]:
    return {
        "created": _("created"), "updated": _("changed"), "changed": _("changed"),
        "deleted": _("deleted"), "archived": _("archived"), "erased": _("erased"),
        "merged": _("merged"), "consent": _("consent changed"), "issued": _("issued"),
        "sent": _("sent"), "voided": _("voided"), "written_off": _("written off"),
        "overdue": _("became overdue"), "viewed": _("seen"), "paid": _("paid"),
        "recorded": _("recorded"), "allocated": _("allocated"), "refunded": _("paid back"),
        "failed": _("failed"), "begun": _("begun"), "called_off": _("called off"),
        "unknown": _("outcome not certain"), "refund_asked": _("refund asked for"),
        "disputed": _("contested"), "stored": _("stored"), "made": _("made"),
        "uploaded": _("uploaded"), "renamed": _("renamed"), "attached": _("attached"),
        "detached": _("taken off"), "queued": _("written"), "delivered": _("delivered"),
        "completed": _("completed"), "cancelled": _("cancelled"), "invoiced": _("invoiced"),
        "given_back": _("given back"), "stock_moved": _("stock moved"),
        "imported": _("imported"), "low_stock": _("running low"), "added": _("added"),
        "invited": _("invited"), "removed": _("removed"), "registered": _("registered"),
        "logged_in": _("signed in"), "revoked": _("revoked"), "switched": _("switched"),
        "settings_changed": _("settings changed"), "paused": _("paused"),
        "resumed": _("resumed"), "secret_changed": _("secret changed"), "tested": _("tested"),
        "resent": _("sent again"), "given_up": _("given up"), "replayed": _("tried again"),
        "discarded": _("discarded"), "started": _("started"), "retried": _("tried again"),
        "done": _("done"), "saved": _("saved"), "moved": _("moved on"),
        "succeeded": _("succeeded"), "entered": _("entered"), "code_asked": _("code asked for"),
        "change_asked": _("change asked for"), "enabled": _("switched on"),
        "disabled": _("switched off"),
    }  # fmt: skip


def title(name: str) -> str:
    """An action in words: ``Invoice voided``."""
    thing, _dot, happened = name.partition(".")
    known, happening = things().get(thing), _happenings().get(happened.partition(":")[0])
    if known is None or happening is None:
        return name.replace("_", " ").replace(".", ": ").capitalize()
    return str(_("%(thing)s: %(what)s", thing=known, what=happening))


def who(by: Mapping[str, Any]) -> str:
    """Whoever acted."""
    return actor_word(str(by.get("label") or ""))


def actor_word(label: str | None) -> str:
    """Whoever acted, by the label that is stored: a person's address stays as it is."""
    if label == "system" or not label:
        return str(_("The system"))
    if label.startswith("plugin:"):
        name = label.removeprefix("plugin:")
        return str(_("The plugin %(name)s", name=_title_of(name)))
    return label


def _title_of(plugin: str) -> str:
    """What a plugin is called; one that is gone by its name."""
    loaded = current_host().registry.plugins.get(plugin)
    return spoken(title_of(type(loaded.plugin))) if loaded is not None else plugin


def through(kind: str) -> str:
    """Through which door."""
    words = {
        "user": _("on the pages"), "api": _("over the API"), "system": _("by itself"),
        "plugin": _("by a plugin"), "portal": _("in the portal"),
    }  # fmt: skip
    return str(words.get(kind, kind))
