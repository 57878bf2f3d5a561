"""Products as tables: import with a look at the columns first, and export."""

from typing import Final, cast

from babel.numbers import get_decimal_symbol
from flask import Response, flash, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.snapshots import FileSnapshot
from invoicer_core.services import files, sheets, tasks
from invoicer_core.services.products import exporting, importing
from invoicer_core.services.products.importing import Mark, Plan, Wish
from invoicer_core.services.table_import import AT_ONCE, read
from invoicer_core.services.table_reading import Table
from invoicer_core.web import access, formats, uploads
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.forms.products import field_labels
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.importing import Import, guessed

MARKS: Final = (".", ",")
_SHOWN_MARKS: Final = ((".", "1,234.50"), (",", "1.234,50"))


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
    fields = exporting.columns(costs=access.may("costs.read"))
    labels = field_labels()
    header = [labels[field] for field in fields]
    known = status if status in ("low_stock", "inactive") else "active"
    rows = exporting.rows(fields=fields, status=known)
    if format == "xlsx":
        response = Response(sheets.xlsx_bytes(_("Products"), header, rows), mimetype=sheets.XLSX)
    else:
        response = Response(sheets.csv_bytes(header, rows), content_type=sheets.CSV)
    ending = "xlsx" if format == "xlsx" else "csv"
    response.headers.set("Content-Disposition", "attachment", filename=f"products.{ending}")
    return response


def _labels() -> dict[str, str]:
    """The fields that may be chosen: what products cost is for those who may see it."""
    return {
        field: label
        for field, label in field_labels().items()
        if field != "cost_price" or access.may("costs.read")
    }


_IMPORT: Final = Import(
    folder="products",
    columns="web.product_columns",
    labels=_labels,
    required=importing.REQUIRED,
)


@uploads.takes_files
@members("products.write")
def import_products() -> Answer:
    """Choose the file; it is kept among the files."""
    return _IMPORT.choose_file()


@members("products.write")
def product_columns(file_id: int) -> Answer:
    """Say what the columns hold; then check all rows and write them, or say what is wrong."""
    known = files.get(file_id=file_id, costs=access.may("costs.read"))
    table = read(file_id=file_id)
    if request.method == "GET":
        return _IMPORT.page(known, table, _guessed(table), marks=_SHOWN_MARKS)
    form = Form.sent(request.form, formats.locale())
    wish = _wish(form, table)
    return _IMPORT.write(
        known, table, form,
        plan=lambda: importing.plan(table=table, wish=wish, by=access.actor()),
        made=lambda found: _imported(known, wish, found),
        marks=_SHOWN_MARKS,
    )  # fmt: skip


def _imported(known: FileSnapshot, wish: Wish, found: Plan) -> str:
    """Write the rows now when they are few, else let a worker do it."""
    if len(found.entries) > AT_ONCE:
        task = tasks.start(
            kind=importing.KIND,
            data={"file_id": known.id, "wish": wish.as_json()},
            by=access.actor(),
            title=_("Import of products from %(file)s", file=known.name),
        )
        return url_for("web.task", task_id=task.id)
    importing.apply(plan=found, by=access.actor())
    flash(importing.summary(found), "success")
    return url_for("web.products")


def _guessed(table: Table) -> Form:
    """What the headings say the columns hold."""
    labels = _labels()
    found = importing.guess(table.header, labels)
    values = guessed({field: column for field, column in found.items() if field in labels})
    values["mark"] = "," if get_decimal_symbol(formats.locale()) == "," else "."
    return Form(values)


def _wish(form: Form, table: Table) -> Wish:
    columns = _IMPORT.chosen(form, table)
    mark = form.choice("mark", MARKS)
    return Wish(columns=columns, mark=cast(Mark, mark or "."), update=bool(form.get("update")))
