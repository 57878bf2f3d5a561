"""Uploaded files: from rows to snapshots, and who may know of them."""

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import aliased

from invoicer_core.domain.snapshots import FileSnapshot
from invoicer_core.models.documents import File
from invoicer_core.models.trade import Attachment


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
