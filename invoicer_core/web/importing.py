"""Rows from a file, for every kind of thing: the file is chosen, its columns are looked at, and
what is wrong in a row is shown before any is written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.snapshots import FileSnapshot
from invoicer_core.services import files, table_import
from invoicer_core.services.table_import import Fault
from invoicer_core.services.table_reading import ROWS_MOST, Cell, Table, in_utf8
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats, once, uploads
from invoicer_core.web.access import Answer
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form

SAMPLES: Final = 4
LONGEST_SAMPLE: Final = 60


class Checked(Protocol):
    """Rows that were looked at."""

    @property
    def faults(self) -> Sequence[Fault]:
        """What is wrong in them."""


Plan = TypeVar("Plan", bound=Checked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What tells one import from another.

    Args:
        folder: of its templates, ``import.html`` and ``import_columns.html``.
        columns: the endpoint of its second page.
        labels: the fields that may be chosen, as people call them.
        required: fields that every row needs.
    """

    folder: str
    columns: str
    labels: Callable[[], Mapping[str, str]]
    required: Sequence[str]

    def choose_file(self) -> Answer:
        """The first page: the file is kept, and must hold a table."""
        if request.method == "GET":
            return self._start(Form())
        form = Form.sent(request.form, formats.locale())
        sent = uploads.sent_files()
        if not sent:
            form.fail("file", _("Choose a file first."))
            return self._start(form), 422
        data, name = in_utf8(sent[0].stream.read()), sent[0].filename or ""

        def store() -> str:
            kept = files.upload(name=name, data=data, by=access.actor())
            table_import.read(file_id=kept.id)
            return url_for(self.columns, file_id=kept.id)

        try:
            return redirect(once.made(store))
        except InvoicerError as error:
            form.fail("file", told(error.detail))
            return self._start(form), status_of(error)

    def _start(self, form: Form) -> str:
        return render_template(f"{self.folder}/import.html", form=form, most=ROWS_MOST)

    def chosen(self, form: Form, table: Table) -> dict[str, int]:
        """Field -> number of its column, as they were chosen; faults are put into the form."""
        columns: dict[str, int] = {}
        labels = self.labels()
        for column in range(len(table.header)):
            name = f"column-{column}"
            field = form.choice(name, labels, required=False)
            if field is None:
                continue
            if field in columns:
                form.fail(name, _("Another column holds this already."))
            columns.setdefault(field, column)
        return columns

    def missing(self, error: InvoicerError) -> str:
        """Which field the rules miss a column for."""
        labels = self.labels()
        names = [labels[each.pointer.rsplit("/", 1)[1]] for each in error.fields]
        return str(_("Choose the column that holds: %(names)s.", names=", ".join(names)))

    def write(
        self,
        known: FileSnapshot,
        table: Table,
        form: Form,
        *,
        plan: Callable[[], Plan],
        made: Callable[[Plan], str],
        **more: Any,
    ) -> Answer:
        """After the second page: all rows are checked and written, or none.

        Args:
            plan: checks them. made: has what was planned written; the address to go to then.
            more: for the page, where it is shown again.
        """
        if not form.ok:
            return self.page(known, table, form, **more), 422
        try:
            found = plan()
        except InvoicerError as error:
            form.problem = self.missing(error)
            return self.page(known, table, form, **more), 422
        if found.faults:
            return self.page(known, table, form, found.faults, **more), 422
        try:
            return redirect(once.made(lambda: made(found)))
        except InvoicerError as error:
            form.refuse(error)
            return self.page(known, table, form, **more), status_of(error)

    def page(
        self,
        known: FileSnapshot,
        table: Table,
        form: Form,
        faults: Sequence[Fault] = (),
        **more: Any,
    ) -> str:
        """The second page: the columns with their first rows, and what is wrong."""
        columns = [
            (column, heading, [_sample(row[column]) for row in table.rows[:SAMPLES]])
            for column, heading in enumerate(table.header)
        ]
        return render_template(
            f"{self.folder}/import_columns.html",
            file=known,
            table=table,
            form=form,
            faults=[(each.line, each.column, told(each.message)) for each in faults],
            columns=columns,
            labels=self.labels(),
            required=self.required,
            **more,
        )


def guessed(found: Mapping[str, int]) -> dict[str, str]:
    """The values of a form in which these columns are chosen."""
    return {f"column-{column}": field for field, column in found.items()}


def _sample(cell: Cell) -> str:
    text = cell if isinstance(cell, str) else f"{cell:f}"
    return text if len(text) <= LONGEST_SAMPLE else f"{text[:LONGEST_SAMPLE]}…"
