"""Files on other things: the scan of a bill, the plan of an order, the picture of a product.

A file is one row and may be attached to many things; taking it off one leaves the file where it
is. Deleting a file that is still attached is refused, see `services.files.delete`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from sqlalchemy import and_, select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import InvalidInput, NotFound
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import FileSnapshot
from invoicer_core.models import db
from invoicer_core.models.base import Row
from invoicer_core.models.catalog import Product
from invoicer_core.models.documents import File
from invoicer_core.models.invoices import Invoice
from invoicer_core.models.orders import Order
from invoicer_core.models.parties import Client, Supplier
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.models.trade import Attachment, Bill
from invoicer_core.services.files.file_rows import file_snapshot, of_no_bill
from invoicer_core.services.invoices.rows import LABEL
from invoicer_core.services.rows import find_row
from invoicer_core.services.transaction import transaction

Kind = Literal["invoice", "client", "product", "supplier", "bill", "order"]
To = tuple[Kind, int]

MOST: Final = 50
"""How many files one thing may have."""


@dataclass(frozen=True, slots=True)
class _Holder:
    """What files can be on: its table, the column of `Attachment`, what it is called."""

    model: Any
    column: str
    label: str
    """The column that people know it by."""


_HOLDERS: Final[Mapping[str, _Holder]] = {
    "invoice": _Holder(Invoice, "invoice_id", "number"),
    "client": _Holder(Client, "client_id", "name"),
    "product": _Holder(Product, "product_id", "name"),
    "supplier": _Holder(Supplier, "supplier_id", "name"),
    "bill": _Holder(Bill, "bill_id", "number"),
    "order": _Holder(Order, "order_id", "order_number"),
}
KINDS: Final = tuple(_HOLDERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentSnapshot:
    """A file on one thing; ``actor`` put it there."""

    id: int
    kind: str
    to_id: int
    file: FileSnapshot
    actor: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One thing that a file is attached to, by the name that people know it by."""

    attachment_id: int
    kind: str
    id: int
    label: str


def attach(*, file_id: int, to: To, by: Actor) -> AttachmentSnapshot:
    """Put a file on something. Attaching it there again changes nothing.

    Raises:
        NotFound: no such file, no such thing.
        InvalidInput: an unknown kind, or as many files as it may have are there already.
    """
    holder = _holder(to[0])
    with transaction(by=by) as unit:
        file = find_row(File, file_id, "file", File.deleted_at.is_(None))
        _load(to, lock=True)
        there = _rows(to)
        found = next((row for row in there if row.file_id == file.id), None)
        if found is None:
            if len(there) >= MOST:
                raise InvalidInput.at(
                    "/file", say("At most %(most)s files can be attached here.", most=MOST)
                )
            found = Attachment(
                business_id=current_business_id(),
                file_id=file.id,
                actor=by.label,
                **{holder.column: to[1]},
            )
            db.session.add(found)
            db.session.flush()
            unit.record("file.attached", file=file.id, **{to[0]: to[1]})
        return _snapshot(found, file)


def detach(*, attachment_id: int, by: Actor) -> To:
    """Take a file off; the file itself stays. Returns what it was on. Raises NotFound."""
    with transaction(by=by) as unit:
        row = _row(attachment_id, lock=True)
        row.removed_at = datetime.now(UTC)
        db.session.flush()
        kind, to_id = _target(row)
        unit.record("file.detached", file=row.file_id, **{kind: to_id})
        return kind, to_id


def get(*, attachment_id: int) -> AttachmentSnapshot:
    """One attachment. Raises NotFound."""
    row = _row(attachment_id)
    return _snapshot(row, find_row(File, row.file_id, "file"))


def of(to: To, *, costs: bool = True) -> tuple[AttachmentSnapshot, ...]:
    """The files on something, the first one first. Empty for what is not there.

    Args:
        costs: whoever asks may see costs; without that, files of bills are left out.
    """
    rows = _rows(to)
    files = _files({row.file_id for row in rows}, costs)
    return tuple(_snapshot(row, files[row.file_id]) for row in rows if row.file_id in files)


def check(to: To) -> None:
    """Raises NotFound when there is no such thing (any more), InvalidInput for another kind."""
    _load(to)


def places(*, file_id: int) -> tuple[Place, ...]:
    """Where a file is attached, in the order in which it was."""
    rows = db.session.scalars(
        select(Attachment)
        .where(
            Attachment.business_id == current_business_id(),
            Attachment.file_id == file_id,
            Attachment.removed_at.is_(None),
        )
        .order_by(Attachment.id)
    ).all()
    found = []
    for row in rows:
        kind, to_id = _target(row)
        label = _label(kind, to_id)
        if label is not None:
            found.append(Place(attachment_id=row.id, kind=kind, id=to_id, label=label))
    return tuple(found)


def pictures(*, kind: Kind, ids: Sequence[int], costs: bool = True) -> dict[int, int]:
    """The first picture of each of these things that has one: its id -> the file's id.

    Args:
        costs: as in `of`.
    """
    column = getattr(Attachment, _holder(kind).column)
    rows = db.session.execute(
        select(column, Attachment.file_id)
        .join(File, (File.business_id == Attachment.business_id) & (File.id == Attachment.file_id))
        .where(
            Attachment.business_id == current_business_id(),
            column.in_(ids),
            Attachment.removed_at.is_(None),
            File.deleted_at.is_(None),
            File.media_type.startswith("image/"),
            and_(True) if costs else of_no_bill(),
        )
        .order_by(Attachment.id.desc())
    )
    return {to_id: file_id for to_id, file_id in rows}  # noqa: C416 - typed


def _holder(kind: str) -> _Holder:
    if kind not in _HOLDERS:
        raise InvalidInput.at(
            "/to", say("Files can be attached to one of %(known)s.", known=", ".join(KINDS))
        )
    return _HOLDERS[kind]


def _load(to: To, *, lock: bool = False) -> Row:
    kind, to_id = to
    model = _holder(kind).model
    alive = [model.deleted_at.is_(None)] if hasattr(model, "deleted_at") else []
    row: Row = find_row(model, to_id, kind, *alive, lock=lock)
    return row


def _row(attachment_id: int, *, lock: bool = False) -> Attachment:
    there = Attachment.removed_at.is_(None)
    return find_row(Attachment, attachment_id, "attachment", there, lock=lock)


def _rows(to: To) -> Sequence[Attachment]:
    kind, to_id = to
    return db.session.scalars(
        select(Attachment)
        .where(
            Attachment.business_id == current_business_id(),
            getattr(Attachment, _holder(kind).column) == to_id,
            Attachment.removed_at.is_(None),
        )
        .order_by(Attachment.id)
    ).all()


def _files(ids: set[int], costs: bool) -> dict[int, File]:
    if not ids:
        return {}
    rows = db.session.scalars(
        select(File).where(
            File.business_id == current_business_id(),
            File.id.in_(ids),
            File.deleted_at.is_(None),
            and_(True) if costs else of_no_bill(),
        )
    )
    return {row.id: row for row in rows}


def _target(row: Attachment) -> To:
    for kind, holder in _HOLDERS.items():
        to_id = getattr(row, holder.column)
        if to_id is not None:
            return kind, to_id  # type: ignore[return-value]
    raise AssertionError("a check constraint wants exactly one of them")


def _label(kind: str, to_id: int) -> str | None:
    try:
        row = _load((kind, to_id))  # type: ignore[arg-type]
    except NotFound:
        return None
    label = getattr(row, _HOLDERS[kind].label)
    return str(label) if label else LABEL.format(to_id)


def _snapshot(row: Attachment, file: File) -> AttachmentSnapshot:
    kind, to_id = _target(row)
    return AttachmentSnapshot(
        id=row.id,
        kind=kind,
        to_id=to_id,
        file=file_snapshot(file),
        actor=row.actor,
        created_at=row.created_at,
    )
