"""Clients from a file: the columns are looked at first, and every row is checked."""

from typing import Final

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.snapshots import FileSnapshot
from invoicer_core.services import files, tasks
from invoicer_core.services.clients import importing
from invoicer_core.services.clients.importing import Plan
from invoicer_core.services.table_import import AT_ONCE, read
from invoicer_core.web import access, formats, uploads
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.clients.words import field_word
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.importing import Import, guessed


def install(site: Site) -> None:
    """Add the pages of this file."""
    both = ["GET", "POST"]
    site.add_url_rule("/clients/import", "import_clients", import_clients, methods=both)
    site.add_url_rule(
        "/clients/import/<int:file_id>", "client_columns", client_columns, methods=both
    )


def _labels() -> dict[str, str]:
    return {name: field_word(name) for name in importing.FIELDS}


_IMPORT: Final = Import(
    folder="clients",
    columns="web.client_columns",
    labels=_labels,
    required=importing.REQUIRED,
)


@uploads.takes_files
@members("clients.write")
def import_clients() -> Answer:
    """Choose the file; it is kept until its rows are in."""
    return _IMPORT.choose_file()


@members("clients.write")
def client_columns(file_id: int) -> Answer:
    """Say what the columns hold; then all rows are checked and written, or none."""
    try:
        known = files.get(file_id=file_id)
    except NotFound:
        if request.method == "POST":  # a second click: its rows are in and the file is gone
            return redirect(url_for("web.clients"))
        raise
    table = read(file_id=file_id)
    if request.method == "GET":
        return _IMPORT.page(known, table, Form(guessed(importing.guess(table.header))))
    form = Form.sent(request.form, formats.locale())
    columns = _IMPORT.chosen(form, table)
    return _IMPORT.write(
        known, table, form,
        plan=lambda: importing.plan(table=table, columns=columns),
        made=lambda found: _imported(known, columns, found),
    )  # fmt: skip


def _imported(known: FileSnapshot, columns: dict[str, int], found: Plan) -> str:
    """Write the rows now when they are few, else let a worker do it."""
    if len(found.entries) > AT_ONCE:
        task = tasks.start(
            kind=importing.KIND,
            data={"file_id": known.id, "columns": columns},
            by=access.actor(),
            title=_("Import of clients from %(file)s", file=known.name),
        )
        return url_for("web.task", task_id=task.id)
    importing.apply(found=found, file_id=known.id, by=access.actor())
    flash(importing.summary(found), "success")
    return url_for("web.clients")
