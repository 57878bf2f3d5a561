"""Many invoices in one file: their PDFs in a zip, or a table of them."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Date, cast, func, select

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.models import db
from invoicer_core.models.identity import Business
from invoicer_core.models.invoices import Invoice
from invoicer_core.models.tasks import TaskRow
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import bulk, documents, invoices, sheets, tasks
from invoicer_core.services.files import results
from invoicer_core.services.invoices import standing
from invoicer_core.services.tasks import Running, task_rows
from invoicer_core.services.transaction import transaction
from invoicer_core.services.wording import told

AT_ONCE: Final = 10
CHUNK: Final = 1_000
ZIP: Final = "application/zip"
COLUMNS: Final = (
    "number", "client", "status", "issue_date", "due_date", "currency", "net", "tax", "total",
    "balance", "paid_at", "sent_at", "viewed_at",
)  # fmt: skip
"""Of an exported table, in this order; whoever asks gives their headings."""


@tasks.work(bulk.ZIP)
def zip_all(task: Running) -> None:
    """Make the PDFs that are missing, row by row; then put all of them into one file."""
    while rows := task_rows.waiting(task_id=task.id, most=AT_ONCE):
        for position, invoice_id in rows:
            outcome = _made(invoice_id)
            with transaction(by=task.by):
                task_rows.close(task_id=task.id, position=position, **outcome)
        done, total = task_rows.counts(task_id=task.id)
        task.state["made"] = done
        task.progress(done, total)
    packed = _packed(task)
    if packed is None:
        task.finish()
        return
    name = f"{task.data['name']}.zip"
    file_id = results.keep(name=name, data=packed, media_type=ZIP, by=task.by)
    task.finish(file_id=file_id)


def _made(invoice_id: int) -> dict[str, str]:
    """What became of one invoice's PDF, which is stored afterwards."""
    found = invoices.get(invoice_id=invoice_id)
    if found.state == "draft":
        return {"outcome": "skipped", "reason": "not_issued"}
    try:
        documents.render(invoice_id=invoice_id)
    except InvoicerError as refused:
        db.session.rollback()
        return {"outcome": "failed", "detail": told(refused.detail)}
    return {"outcome": "done", "reason": "packed"}


def _packed(task: Running) -> bytes | None:
    """The zip of all PDFs, each under its own name; None when there is none."""
    out = io.BytesIO()
    names: set[str] = set()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for invoice_id in _done_rows(task.id):
            document, data = documents.get_pdf(invoice_id=invoice_id)
            archive.writestr(_free_name(document.filename, names), data)
    return out.getvalue() if names else None


def _done_rows(task_id: int) -> Sequence[int]:
    statement = (
        select(TaskRow.invoice_id)
        .where(
            TaskRow.business_id == current_business_id(),
            TaskRow.task_id == task_id,
            TaskRow.outcome == "done",
        )
        .order_by(TaskRow.position)
    )
    return db.session.scalars(statement).all()


def _free_name(wanted: str, names: set[str]) -> str:
    """The name, or one with a number behind it; names of different series may be the same."""
    stem, _, ending = wanted.rpartition(".")
    name, turn = wanted, 1
    while name in names:
        turn += 1
        name = f"{stem} ({turn}).{ending}"
    names.add(name)
    return name


@tasks.work(bulk.EXPORT)
def export_all(task: Running) -> None:
    """Write the rows' invoices into a table, as they are at this moment."""
    total = task_rows.counts(task_id=task.id)[1]
    words = dict(task.data["statuses"])
    table = []
    for at, row in enumerate(_table_rows(task.id), 1):
        table.append([words.get(value, value) if column == "status" else value
                      for column, value in zip(COLUMNS, row, strict=True)])  # fmt: skip
        if at % CHUNK == 0:
            task.progress(at, total)
    header, name = list(task.data["header"]), str(task.data["name"])
    if task.data["format"] == "xlsx":
        data = sheets.xlsx_bytes(str(task.data["title"]), header, table)
        kept = results.keep(name=f"{name}.xlsx", data=data, media_type=sheets.XLSX, by=task.by)
    else:
        data = sheets.csv_bytes(header, table)
        kept = results.keep(name=f"{name}.csv", data=data, media_type=sheets.CSV, by=task.by)
    task.progress(total, total)
    task.finish(file_id=kept)


def _day(column: Any) -> Any:
    """The day of an instant where the business is."""
    zone = select(Business.time_zone).where(Business.id == current_business_id()).scalar_subquery()
    return cast(func.timezone(zone, column), Date)


def _table_rows(task_id: int) -> Iterator[Sequence[Any]]:
    """The cells of `COLUMNS` for each row, in chunks by position."""
    last = 0
    while True:
        statement = (
            select(
                TaskRow.position,
                Invoice.number,
                Invoice.client_name,
                standing.status_sql(),
                Invoice.issue_date,
                Invoice.due_date,
                Invoice.currency,
                Invoice.net_total,
                Invoice.tax_total,
                Invoice.total_amount,
                Invoice.amount_due - Invoice.settled,
                _day(Invoice.paid_at),
                _day(Invoice.sent_at),
                _day(Invoice.viewed_at),
            )
            .join(
                Invoice,
                (Invoice.business_id == TaskRow.business_id) & (Invoice.id == TaskRow.invoice_id),
            )
            .where(
                TaskRow.business_id == current_business_id(),
                TaskRow.task_id == task_id,
                TaskRow.position > last,
            )
            .order_by(TaskRow.position)
            .limit(CHUNK)
        )
        found = db.session.execute(statement).all()
        for row in found:
            yield row[1:]
        if len(found) < CHUNK:
            return
        last = found[-1][0]
