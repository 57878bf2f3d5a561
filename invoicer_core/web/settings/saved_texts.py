"""Texts that are put into documents again and again: notes, terms of payment."""

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from invoicer_core.services import saved_texts
from invoicer_core.services.saved_texts import KINDS, SavedTextSnapshot
from invoicer_core.web import access, saving
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.settings import frame
from invoicer_core.web.words import Options


def install(site: Site) -> None:
    """Add the pages of this file."""
    both, start = ["GET", "POST"], "/settings/saved-texts"
    site.app_template_global("saved_texts")(of_kind)
    site.add_url_rule(start, "settings_saved_texts", show, methods=both)
    site.add_url_rule(f"{start}/<int:text_id>", "settings_saved_text", edit, methods=both)
    site.add_url_rule(
        f"{start}/<int:text_id>/delete", "delete_saved_text", delete, methods=["POST"]
    )


def of_kind(kind: str) -> list[SavedTextSnapshot]:
    """What can be put into a field of an editor."""
    return [each for each in saved_texts.find() if each.kind == kind]


def kind_options() -> Options:
    """Into which field a text goes."""
    return [("notes", _("Text on the invoice")), ("terms", _("Payment terms"))]


def _fields(form: Form) -> dict[str, Any]:
    return {
        "kind": form.choice("kind", KINDS),
        "name": form.text("name", required=True, longest=100),
        "body": form.text("body", required=True, longest=4000),
    }


def _values(stored: SavedTextSnapshot) -> dict[str, str]:
    return {
        "kind": stored.kind,
        "name": stored.name,
        "body": stored.body,
        "version": str(stored.version),
    }


@members("settings.write")
def show() -> Answer:
    """All texts, and the form for one more."""
    if request.method == "GET":
        return _list(Form({"kind": "notes"}))
    form = frame.sent()
    fields = _fields(form)

    def store() -> str:
        saved_texts.create(fields=fields, by=access.actor())
        return url_for("web.settings_saved_texts")

    return saving.made(form, store, _list)


def _list(form: Form) -> str:
    return frame.page("saved_texts", form, texts=saved_texts.find(), kinds=kind_options())


@members("settings.write")
def edit(text_id: int) -> Answer:
    """Change one of them."""
    return saving.Edit(
        load=lambda: saved_texts.get(text_id=text_id),
        values=_values,
        read=_fields,
        store=lambda fields, version: saved_texts.update(
            text_id=text_id, fields=fields, by=access.actor(), expected_version=version
        ),
        page=_page,
        address=url_for("web.settings_saved_texts"),
        labels={"kind": _("For"), "name": _("Name"), "body": _("Text")},
        options={"kind": dict(kind_options())},
    ).answer()


def _page(form: Form, stored: SavedTextSnapshot, *, differences: Any = None) -> str:
    return frame.page(
        "saved_text", form, text=stored, kinds=kind_options(), differences=differences
    )


@members("settings.write")
def delete(text_id: int) -> Answer:
    """Forget one of them."""
    saved_texts.delete(text_id=text_id, by=access.actor())
    return frame.told("settings_saved_texts", _("The text is deleted."))
