"""Uploaded files: from rows to snapshots and bytes, and who may know of them."""

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import aliased

from invoicer_core.domain.snapshots import FileSnapshot
from invoicer_core.models import db
from invoicer_core.models.documents import File
from invoicer_core.models.trade import Attachment
from invoicer_core.services.documents import stores


def of_no_bill() -> ColumnElement[bool]:
    """Files that are on no bill: what suppliers charge is not for everybody."""
    on = aliased(Attachment)
    return ~exists().where(
        on.business_id == File.business_id,
        on.file_id == File.id,
        on.bill_id.is_not(None),
        on.removed_at.is_(None),
    )


def file_snapshot(row: File) -> FileSnapshot:
    """What is known of a file."""
    return FileSnapshot(
        id=row.id,
        public_id=row.public_id,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        created_at=row.created_at,
    )


def bytes_of(row: File) -> bytes:
    """What a file holds, compared with the hash of the day it came.

    Raises:
        Unavailable: its store is off or does not answer, or has lost or changed it.
    """
    kept = {"key": row.key, "sha256": row.sha256, "name": row.name}
    where = row.store
    try:
        return stores.read(store=where, **kept)
    except stores.Lost:
        db.session.refresh(row)
        if row.store == where:
            raise
        return stores.read(store=row.store, **kept)  # it moved while we looked
