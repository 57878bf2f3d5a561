"""Uploaded files: from rows to snapshots."""

from invoicer_core.domain.snapshots import FileSnapshot
from invoicer_core.models.documents import File


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
