"""Everything that a business has here, in one ZIP: tables as JSON and CSV, documents, files.

No secret is in it: hashes, tokens, sealed values and sign-ins stay behind. What is not of this
business cannot be in it: the rows are read inside the walls.
"""

import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, Final
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import Column, Table, select

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.hooks import codec
from invoicer_core.models import Base, db
from invoicer_core.models.documents import File, Message, StoredDocument
from invoicer_core.models.identity import Business
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import documents, sheets, tasks
from invoicer_core.services import files as stored_files
from invoicer_core.services.files import results
from invoicer_core.services.identity import members
from invoicer_core.services.messages import message_rows
from invoicer_core.services.tasks import Running
from invoicer_core.services.wording import told

KIND: Final = "data_export"
ZIP: Final = "application/zip"
LEFT_OUT: Final = frozenset(
    {"idempotency_keys", "sign_ins", "portal_codes", "portal_sessions", "memberships"}
)
"""Tables that only say how somebody got in, or what was answered already."""

SECRET_ENDS: Final = ("_hash", "sealed", "token", "secret")
INTERNAL: Final = frozenset({("files", "key"), ("files", "store"), ("documents", "key"),
                             ("documents", "store"), ("events", "xid"),
                             ("workflow_runs", "told_before")})  # fmt: skip
_CHUNK: Final = 500


@tasks.work(KIND)
def export(task: Running) -> None:
    """Pack everything, tell how far it is, and keep the file for whoever asked."""
    tables = exported_tables()
    papers, files = _ids(StoredDocument), _ids(File)
    total = len(tables) + len(papers) + len(files)
    done, missing = 0, []
    with tempfile.TemporaryFile() as out:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            _about(archive)
            for table in tables:
                _table(archive, table)
                done += 1
                task.progress(done, total)
            for kind, number in (*(("document", i) for i in papers), *(("file", i) for i in files)):
                problem = _paper(archive, number) if kind == "document" else _file(archive, number)
                missing += [problem] if problem else []
                done += 1
                task.progress(done, total)
            archive.writestr("missing.txt", "\n".join(missing) + "\n" if missing else "")
        file_id = results.keep(
            name=f"{task.data['name']}.zip", data=_all_of(out), media_type=ZIP, by=task.by
        )
    words = _("Everything is in the file.")
    if missing:
        words = _("%(count)s files are not in their store: missing.txt names them.",
                  count=len(missing))  # fmt: skip
    task.finish(file_id=file_id, message=words)


def _all_of(out: IO[bytes]) -> bytes:
    out.seek(0)
    return out.read()


def exported_tables() -> list[Table]:
    """The tables of a business that are in the file, what others refer to first."""
    return [
        table
        for table in Base.metadata.sorted_tables
        if "business_id" in table.c and table.name not in LEFT_OUT
    ]


def exported_columns(table: Table) -> list[Column[Any]]:
    """Its columns, but for secrets and for what only we can use."""
    return [
        column
        for column in table.c
        if column.name != "business_id"
        and (table.name, column.name) not in INTERNAL
        and not column.name.endswith(SECRET_ENDS)
    ]


def _about(archive: zipfile.ZipFile) -> None:
    business = db.session.get_one(Business, current_business_id())
    shown = {column.name: getattr(business, column.name) for column in Business.__table__.c}
    archive.writestr("business.json", codec.dumps(_plain(shown), indent=2))
    archive.writestr("members.json", codec.dumps(list(members.find()), indent=2))
    archive.writestr("README.txt", _README)
    db.session.rollback()


def _table(archive: zipfile.ZipFile, table: Table) -> None:
    columns = exported_columns(table)
    with archive.open(f"data/{table.name}.json", "w") as out:
        out.write(b"[")
        for at, row in enumerate(_rows(table, columns)):
            out.write(b",\n" if at else b"\n")
            out.write(codec.dumps(_plain(row)).encode())
        out.write(b"\n]\n")
    names = [column.name for column in columns]
    cells = ([_cell(row[name]) for name in names] for row in _rows(table, columns))
    archive.writestr(f"data/{table.name}.csv", sheets.csv_bytes(names, cells))


def _rows(table: Table, columns: Sequence[Column[Any]]) -> Iterator[Mapping[str, Any]]:
    """All rows in the order of their keys, some at a time; never those of another business."""
    keys = [column for column in table.primary_key if column.name != "business_id"]
    statement = select(*columns).where(table.c.business_id == current_business_id())
    if table.name == Message.__tablename__:
        statement = statement.where(table.c.kind.not_in(message_rows.PRIVATE))
    result = db.session.execute(
        statement.order_by(*keys).execution_options(yield_per=_CHUNK)
    ).mappings()
    for row in result:
        yield dict(row)
    db.session.rollback()


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON; what has no value is left out."""
    return {
        name: value.hex() if isinstance(value, bytes) else value
        for name, value in row.items()
        if value is not None
    }


def _cell(value: Any) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict | list):
        return codec.dumps(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | int | bool | Decimal | date):
        return value
    return str(value)


def _ids(kind: Any) -> list[int]:
    statement = select(kind.id).where(kind.business_id == current_business_id()).order_by(kind.id)
    if kind is File:
        statement = statement.where(
            File.deleted_at.is_(None), ~File.key.contains("/results/", autoescape=True)
        )
    return list(db.session.scalars(statement))


def _paper(archive: zipfile.ZipFile, document_id: int) -> str | None:
    """Put a stored document in; what is wrong when it cannot be read."""
    document = documents.get(document_id=document_id)
    name = f"documents/{document.kind}/{document.id}-{_safe(document.filename)}"
    try:
        archive.writestr(name, documents.content_of(document=document))
    except InvoicerError as problem:
        return f"{name}: {told(problem.detail)}"
    return None


def _file(archive: zipfile.ZipFile, file_id: int) -> str | None:
    try:
        found, data = stored_files.content(file_id=file_id)
    except InvoicerError as problem:
        return f"files/{file_id}: {told(problem.detail)}"
    archive.writestr(f"files/{found.id}-{_safe(found.name)}", data)
    return None


def _safe(name: str) -> str:
    """A name without folders."""
    return "".join(char if char.isalnum() or char in "-_. " else "-" for char in name).strip(". ")


_README: Final = """\
All data of one business.

business.json, members.json   the business itself and who works in it
data/<table>.json, .csv       every row, as JSON and as a table (UTF-8)
documents/<kind>/             invoices, credit notes, receipts, statements as they were given out
files/                        what was uploaded
missing.txt                   files that could not be read; empty when all are here

Amounts are exact decimals. Instants are UTC. Cells of a CSV file that a spreadsheet would compute
have an apostrophe in front. Secrets (passwords, tokens, keys of plugins) are not in here.
"""
