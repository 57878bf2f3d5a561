"""The words of messages to clients: each can be changed, looked at first, and put back."""

from typing import Final

from flask import request
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError, NotFound
from invoicer_core.services import templates
from invoicer_core.services.mail_texts import LANGUAGES, Letter
from invoicer_core.services.templates import TemplateSnapshot
from invoicer_core.web import access, composer
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.settings import frame

_PATH: Final = "/settings/texts/<kind>/<form>/<language>"


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/settings/texts", "settings_texts", show)
    site.add_url_rule(_PATH, "settings_texts_edit", edit, methods=["GET", "POST"])
    site.add_url_rule(f"{_PATH}/preview", "settings_texts_preview", preview, methods=["POST"])
    site.add_url_rule(f"{_PATH}/reset", "settings_texts_reset", reset, methods=["POST"])


def form_words() -> dict[str, str]:
    """What the two lengths are called."""
    return {"long": _("E-mail"), "short": _("Text message or call")}


@members("settings.write")
def show() -> Answer:
    """Every kind of message, and which words are the business's own."""
    by_kind: dict[str, dict[str, list[TemplateSnapshot]]] = {}
    for each in templates.find().items:
        by_kind.setdefault(each.kind, {}).setdefault(each.form, []).append(each)
    return frame.page(
        "texts", texts=by_kind, kind_choice=composer.kind_choice, form_words=form_words(),
        languages=composer.LANGUAGES,
    )  # fmt: skip


@members("settings.write")
def edit(kind: str, form: str, language: str) -> Answer:
    """Change the words of one kind, in one length and language."""
    found = _found(kind, form, language)
    if request.method == "GET":
        values = {
            "subject": found.subject or "", "text": found.text, "version": str(found.version),
        }  # fmt: skip
        return _page(found, Form(values))
    typed = frame.sent()
    version = typed.get("version")
    try:
        templates.save(
            kind=kind, form=form, language=language, subject=typed.get("subject"),
            text=typed.get("text"), by=access.actor(),
            expected_version=int(version) if version.isascii() and version.isdigit() else None,
        )  # fmt: skip
    except InvoicerError as error:
        status = frame.refusal(typed, error, subject="subject", text="text")
        return _page(found, typed), status
    return frame.told("settings_texts", _("Your words are used from now on."))


def _found(kind: str, form: str, language: str) -> TemplateSnapshot:
    known = kind in templates.KINDS and form in templates.FORMS and language in LANGUAGES
    if not known:
        raise NotFound(_("There are no such words."))
    return templates.get(kind=kind, form=form, language=language)


def _page(found: TemplateSnapshot, form: Form) -> str:
    letter: Letter | None
    try:
        letter = _letter(found, form)
    except InvoicerError:
        letter = None
    return frame.page(
        "text", form, text=found, letter=letter, kind_word=composer.kind_choice(found.kind),
        form_word=form_words()[found.form], language_name=composer.LANGUAGES[found.language],
        variables=[(name, variable_words()[name]) for name in found.variables],
        longest=templates.LONGEST[found.form],
    )  # fmt: skip


def _letter(found: TemplateSnapshot, form: Form) -> Letter:
    return templates.preview(
        kind=found.kind, form=found.form, language=found.language, subject=form.get("subject"),
        text=form.get("text"),
    )  # fmt: skip


def variable_words() -> dict[str, str]:
    """What stands in each place."""
    return {
        "client": _("the client's name"), "business": _("your business's name"),
        "signature": _("how your messages end"), "number": _("the invoice's number"),
        "total": _("its total"), "balance": _("what is open"), "due": _("the due date"),
        "issued": _("the date of the invoice"), "link": _("the link to see and pay it"),
        "amount": _("the amount paid"), "date": _("the day it came in"),
        "invoices": _("the numbers of the invoices paid"), "start": _("the first day"),
        "end": _("the last day"),
    }  # fmt: skip


@members("settings.write")
def preview(kind: str, form: str, language: str) -> Answer:
    """How typed words would look, with made-up values; what is wrong with them, in words."""
    found = _found(kind, form, language)
    typed = frame.sent()
    try:
        letter = _letter(found, typed)
    except InvoicerError as error:
        typed.refuse(error, {"/subject": "subject", "/text": "text"})
        return frame.page("text_preview", typed, letter=None), status_of(error)
    return frame.page("text_preview", typed, letter=letter)


@members("settings.write")
def reset(kind: str, form: str, language: str) -> Answer:
    """Go back to the words that came with Invoicer."""
    _found(kind, form, language)
    templates.reset(kind=kind, form=form, language=language, by=access.actor())
    return frame.told("settings_texts", _("The words that came with Invoicer are used again."))
