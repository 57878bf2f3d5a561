"""Where documents and files are kept, and moving them to another store."""

from flask import redirect, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.services.documents import moving
from invoicer_core.web import access, once
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.catalogs import spoken
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.settings import frame


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/settings/storage", "settings_storage", show)
    site.add_url_rule("/settings/storage", "settings_storage_save", save, methods=["POST"])
    site.add_url_rule("/settings/storage/move", "settings_storage_move", move, methods=["POST"])


@members("settings.write")
def show() -> Answer:
    """The stores, what is in each, and the last move."""
    return _page(Form())


def _page(form: Form) -> str:
    found = moving.overview()
    form.values.setdefault("store", next((each.name for each in found if each.chosen), ""))
    running = [each for each in found if each.runs]
    others = {
        each.name: [
            (other.name, spoken(other.title)) for other in running if other.name != each.name
        ]
        for each in running
    }
    return frame.page(
        "storage", form, stores=found, running=running, others=others, task=moving.latest()
    )


@members("settings.write")
def save() -> Answer:
    """Choose the store for what is new."""
    form = frame.sent()
    try:
        moving.choose(name=form.get("store"), by=access.actor())
    except InvoicerError as error:
        status = frame.refusal(form, error, store="store")
        return _page(form), status
    return frame.saved("settings_storage")


@members("settings.write")
def move() -> Answer:
    """Move everything from one store to another, in the background; its page shows how far."""
    form = frame.sent()
    titles = {each.name: spoken(each.title) for each in moving.overview()}
    source, target = form.get("source"), form.get("target")

    def ask() -> str:
        task = moving.start(
            source=source,
            target=target,
            forget=bool(request.form.get("forget")),
            by=access.actor(),
            title=_("Documents and files move to %(store)s", store=titles.get(target, target)),
        )
        return url_for("web.task", task_id=task.id)

    try:
        return redirect(once.made(ask))
    except InvoicerError as error:
        status = frame.refusal(form, error, target="target")
        return _page(form), status
