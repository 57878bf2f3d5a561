"""What all pages of the settings share: the way between them, a form shown again, an answer."""

from dataclasses import dataclass
from typing import Any, Final

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.web import access, formats
from invoicer_core.web.access import Answer
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form


@dataclass(frozen=True, slots=True)
class Part:
    """One page of the settings. ``words`` are parts of its endpoints' names."""

    endpoint: str
    icon: str
    label: LazyString
    about: LazyString
    permission: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A line of the menu of the settings, or a card of their first page."""

    endpoint: str
    address: str
    icon: str
    label: str
    about: str
    current: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Parts under one heading."""

    label: str
    links: tuple[Link, ...]


PARTS: Final[dict[str, tuple[Part, ...]]] = {
    "business": (
        Part("settings_business", "building-store", lazy("Business"),
             lazy("Name, address, tax ids, bank account, logo and colour."),
             "settings.write", ("settings_business",)),
        Part("settings_documents", "file-text", lazy("Documents"),
             lazy("What your invoices look like and say, in each language."),
             "settings.write", ("settings_documents",)),
        Part("settings_numbering", "list-numbers", lazy("Numbers"),
             lazy("How documents are numbered, and proof that none is missing."),
             "settings.write", ("settings_numbering",)),
        Part("settings_taxes", "receipt-tax", lazy("Taxes"),
             lazy("The rates you charge, and the reasons where you charge none."),
             "settings.write", ("settings_taxes", "settings_tax")),
        Part("settings_channels", "mail-cog", lazy("Mail and channels"),
             lazy("Which mails clients get, over which channels, with a test."),
             "settings.write", ("settings_channels",)),
        Part("settings_texts", "message", lazy("Texts of messages"),
             lazy("What your mails and text messages say, in each language."),
             "settings.write", ("settings_texts",)),
        Part("settings_saved_texts", "file-text", lazy("Saved texts"),
             lazy("Notes and terms that you put into documents again and again."),
             "settings.write", ("settings_saved_text",)),
    ),
    "people": (
        Part("members", "users-group", lazy("Team"), lazy("Who works here, and what they may do."),
             "members.read", ("member",)),
        Part("team", "users-group", lazy("Team"), lazy("Who works here, and what they may do."),
             "members.read", ("team",)),
        Part("api_keys", "key", lazy("API keys"), lazy("For programs that work with your data."),
             "settings.write", ("api_key",)),
    ),
    "connections": (
        Part("settings_plugins", "plug", lazy("Plugins"),
             lazy("Switch them on or off, fill in their settings, see how they are."),
             "settings.write", ("settings_plugin",)),
        Part("settings_webhooks", "webhook", lazy("Webhooks"),
             lazy("Tell other programs what happens here."),
             "settings.write", ("settings_webhook",)),
    ),
    "care": (
        Part("settings_storage", "folder", lazy("Storage"),
             lazy("Where PDFs and uploads are kept, and moving them elsewhere."),
             "settings.write", ("settings_storage",)),
        Part("settings_audit", "shield-check", lazy("Audit log"),
             lazy("Who did what and when, with proof that nothing was changed later."),
             "audit.read", ("settings_audit",)),
        Part("settings_export", "database-export", lazy("Data export"),
             lazy("Everything you have here, in files that other programs read."),
             "settings.write", ("settings_export",)),
        Part("settings_jobs", "activity-heartbeat", lazy("Jobs and health"),
             lazy("What works in the background, what waits, what failed."),
             "settings.write", ("settings_jobs",)),
    ),
}  # fmt: skip


def groups() -> list[Group]:
    """What this member may open; parts of rooms that are not there are left out."""
    labels = {
        "business": _("Business"), "people": _("People"), "connections": _("Connections"),
        "care": _("Care"),
    }  # fmt: skip
    found = []
    for name, parts in PARTS.items():
        links = tuple(_link(part) for part in parts if _is_open(part))
        if links:
            found.append(Group(labels[name], links))
    return found


def _is_open(part: Part) -> bool:
    return f"web.{part.endpoint}" in current_app.view_functions and access.may(part.permission)


def _link(part: Part) -> Link:
    here = (request.endpoint or "").removeprefix("web.")
    current = any(here.startswith(word) for word in part.words)
    address = url_for(f"web.{part.endpoint}")
    return Link(part.endpoint, address, part.icon, str(part.label), str(part.about), current)


def page(template: str, form: Form | None = None, **more: Any) -> str:
    """One page of the settings."""
    return render_template(
        f"settings/{template}.html", form=form if form is not None else Form(), parts=groups(),
        **more,
    )  # fmt: skip


def sent() -> Form:
    """The form that came with this request."""
    return Form.sent(request.form, formats.locale())


def saved(endpoint: str, **values: Any) -> Answer:
    """Say so, and show the page anew."""
    flash(_("Saved."), "success")
    return redirect(url_for(f"web.{endpoint}", **values))


def told(endpoint: str, text: str, kind: str = "success", **values: Any) -> Answer:
    """Say this, and show the page anew."""
    flash(text, kind)
    return redirect(url_for(f"web.{endpoint}", **values))


def refusal(form: Form, error: InvoicerError, **names: str) -> int:
    """Put a refusal beside its fields; the status to answer with.

    Args:
        names: field name by the last part of the pointer.
    """
    form.refuse(error, {f"/{pointer}": name for pointer, name in names.items()})
    return status_of(error)
