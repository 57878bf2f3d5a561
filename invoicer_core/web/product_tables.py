"""Products as tables: import with a look at the columns first, and export."""

from typing import Final, cast

from babel.numbers import get_decimal_symbol
from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.snapshots import FileSnapshot
from invoicer_core.services import files, product_export, product_import, sheets, tasks
from invoicer_core.services.product_import import Mark, Plan, Wish
from invoicer_core.services.table_reading import ROWS_MOST, Table, in_utf8
from invoicer_core.web import access, formats, once, uploads
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.products import field_labels
from invoicer_core.web.forms.reading import Form

SAMPLES: Final = 4
MARKS: Final = (".", ",")


def install(site: Site) -> None:
    """Add the pages of this file."""
    both = ["GET", "POST"]
    site.add_url_rule("/products/export.<format>", "export_products", export_products)
    site.add_url_rule("/products/import", "import_products", import_products, methods=both)
    site.add_url_rule(
        "/products/import/<int:file_id>", "product_columns", product_columns, methods=both
    )


@members("products.read")
def export_products(format: str) -> Answer:  # noqa: A002 - the word in the address
    """The catalogue as CSV or XLSX; the filter of the list holds."""
    status = request.args.get("status")
    fields = product_export.columns(costs=access.may("costs.read"))
    labels = field_labels()
    header = [labels[field] for field in fields]
    known = status if status in ("low_stock", "inactive") else "active"
    rows = product_export.rows(fields=fields, status=known)
    if format == "xlsx":
        response = Response(sheets.xlsx_bytes(_("Products"), header, rows), mimetype=sheets.XLSX)
    else:
        response = Response(sheets.csv_bytes(header, rows), content_type=sheets.CSV)
    ending = "xlsx" if format == "xlsx" else "csv"
    response.headers.set("Content-Disposition", "attachment", filename=f"products.{ending}")
    return response


@uploads.takes_files
@members("products.write")
def import_products() -> Answer:
    """Choose the file; it is kept among the files."""
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
        product_import.read(file_id=kept.id)
        return url_for("web.product_columns", file_id=kept.id)

    try:
        return redirect(once.made(store))
    except InvoicerError as error:
        form.fail("file", error.detail)
        return _start(form), status_of(error)


def _start(form: Form) -> str:
    return render_template("products/import.html", form=form, most=ROWS_MOST)


@members("products.write")
def product_columns(file_id: int) -> Answer:
    """Say what the columns hold; then check all rows and write them, or say what is wrong."""
    known = files.get(file_id=file_id, costs=access.may("costs.read"))
    table = product_import.read(file_id=file_id)
    if request.method == "GET":
        return _columns(known, table, _guessed(table))
    form = Form.sent(request.form, formats.locale())
    wish = _wish(form, table)
    if not form.ok:
        return _columns(known, table, form), 422
    try:
        found = product_import.plan(table=table, wish=wish, by=access.actor())
    except InvoicerError as error:
        labels = field_labels()
        missing = [labels[each.pointer.rsplit("/", 1)[1]] for each in error.fields]
        form.problem = _("Choose the column that holds: %(names)s.", names=", ".join(missing))
        return _columns(known, table, form), 422
    if found.faults:
        return _columns(known, table, form, found), 422
    try:
        return redirect(once.made(lambda: _imported(known, wish, found)))
    except InvoicerError as error:
        form.refuse(error)
        return _columns(known, table, form), status_of(error)


def _imported(known: FileSnapshot, wish: Wish, found: Plan) -> str:
    """Write the rows now when they are few, else let a worker do it."""
    if len(found.entries) > product_import.AT_ONCE:
        task = tasks.start(
            kind=product_import.KIND,
            data={"file_id": known.id, "wish": wish.as_json()},
            by=access.actor(),
            title=_("Import of products from %(file)s", file=known.name),
        )
        return url_for("web.task", task_id=task.id)
    product_import.apply(plan=found, by=access.actor())
    flash(product_import.summary(found), "success")
    return url_for("web.products")


def _guessed(table: Table) -> Form:
    """What the headings say the columns hold."""
    labels = _labels()
    guess = {
        field: column
        for field, column in product_import.guess(table.header, labels).items()
        if field in labels
    }
    values = {f"column-{column}": field for field, column in guess.items()}
    values["mark"] = "," if get_decimal_symbol(formats.locale()) == "," else "."
    return Form(values)


def _labels() -> dict[str, str]:
    """The fields that may be chosen: what products cost is for those who may see it."""
    return {
        field: label
        for field, label in field_labels().items()
        if field != "cost_price" or access.may("costs.read")
    }


def _wish(form: Form, table: Table) -> Wish:
    columns: dict[str, int] = {}
    for column in range(len(table.header)):
        name = f"column-{column}"
        field = form.choice(name, _labels(), required=False)
        if field is None:
            continue
        if field in columns:
            form.fail(name, _("Another column holds this already."))
        columns.setdefault(field, column)
    mark = form.choice("mark", MARKS)
    return Wish(columns=columns, mark=cast(Mark, mark or "."), update=bool(form.get("update")))


def _columns(known: FileSnapshot, table: Table, form: Form, plan: Plan | None = None) -> str:
    columns = [
        (column, heading, [_sample(row[column]) for row in table.rows[:SAMPLES]])
        for column, heading in enumerate(table.header)
    ]
    return render_template(
        "products/import_columns.html",
        file=known,
        table=table,
        form=form,
        plan=plan,
        columns=columns,
        labels=_labels(),
        required=product_import.REQUIRED,
        marks=[(".", "1,234.50"), (",", "1.234,50")],
    )


def _sample(cell: object) -> str:
    text = str(cell) if isinstance(cell, str) else f"{cell:f}"
    return text if len(text) <= 60 else f"{text[:60]}…"
