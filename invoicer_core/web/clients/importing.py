"""Clients from a file: the columns are looked at first, and every row is checked."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError, NotFound
from invoicer_core.domain.snapshots import FileSnapshot
from invoicer_core.services import client_import, files, tasks
from invoicer_core.services.client_import import Plan
from invoicer_core.services.table_reading import ROWS_MOST, Table, in_utf8
from invoicer_core.web import access, formats, once, uploads
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.clients.words import field_word
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form

SAMPLES = 4


def install(site: Site) -> None:
    """Add the pages of this file."""
    both = ["GET", "POST"]
    site.add_url_rule("/clients/import", "import_clients", import_clients, methods=both)
    site.add_url_rule(
        "/clients/import/<int:file_id>", "client_columns", client_columns, methods=both
    )


@uploads.takes_files
@members("clients.write")
def import_clients() -> Answer:
    """Choose the file; it is kept until its rows are in."""
    if request.method == "GET":
        return _start(Form())
    form = Form.sent(request.form, formats.locale())
    sent = uploads.sent_files()
    if not sent:
        form.fail("file", _("Choose a file first."))
        return _start(form), 422
    data, name = in_utf8(sent[0].stream.read()), sent[0].filename or ""

    def store() -> str:
        kept = files.upload(name=name, data=data, by=access.actor())
        client_import.read(file_id=kept.id)
        return url_for("web.client_columns", file_id=kept.id)

    try:
        return redirect(once.made(store))
    except InvoicerError as error:
        form.fail("file", error.detail)
        return _start(form), status_of(error)


def _start(form: Form) -> str:
    return render_template("clients/import.html", form=form, most=ROWS_MOST)


@members("clients.write")
def client_columns(file_id: int) -> Answer:
    """Say what the columns hold; then all rows are checked and written, or none."""
    try:
        known = files.get(file_id=file_id)
    except NotFound:
        if request.method == "POST":  # a second click: its rows are in and the file is gone
            return redirect(url_for("web.clients"))
        raise
    table = client_import.read(file_id=file_id)
    if request.method == "GET":
        guess = client_import.guess(table.header)
        return _columns(known, table, Form({f"column-{at}": name for name, at in guess.items()}))
    form = Form.sent(request.form, formats.locale())
    columns = _chosen(form, table)
    if not form.ok:
        return _columns(known, table, form), 422
    try:
        found = client_import.plan(table=table, columns=columns)
        if found.faults:
            return _columns(known, table, form, found), 422
        return redirect(once.made(lambda: _imported(known, columns, found)))
    except InvoicerError as error:
        form.refuse(error)
        form.problem = error.detail
        return _columns(known, table, form), status_of(error)


def _imported(known: FileSnapshot, columns: dict[str, int], found: Plan) -> str:
    """Write the rows now when they are few, else let a worker do it."""
    if len(found.entries) > client_import.AT_ONCE:
        task = tasks.start(
            kind=client_import.KIND,
            data={"file_id": known.id, "columns": columns},
            by=access.actor(),
            title=_("Import of clients from %(file)s", file=known.name),
        )
        return url_for("web.task", task_id=task.id)
    client_import.apply(found=found, file_id=known.id, by=access.actor())
    flash(client_import.summary(found), "success")
    return url_for("web.clients")


def _labels() -> dict[str, str]:
    return {name: field_word(name) for name in client_import.FIELDS}


def _chosen(form: Form, table: Table) -> dict[str, int]:
    columns: dict[str, int] = {}
    for at in range(len(table.header)):
        name = f"column-{at}"
        field = form.choice(name, client_import.FIELDS, required=False)
        if field is None:
            continue
        if field in columns:
            form.fail(name, _("Another column holds this already."))
        columns.setdefault(field, at)
    return columns


def _columns(known: FileSnapshot, table: Table, form: Form, plan: Plan | None = None) -> str:
    columns = [
        (at, heading, [str(row[at])[:60] for row in table.rows[:SAMPLES]])
        for at, heading in enumerate(table.header)
    ]
    return render_template(
        "clients/import_columns.html",
        file=known,
        table=table,
        form=form,
        plan=plan,
        columns=columns,
        labels=_labels(),
        required=client_import.REQUIRED,
    )
