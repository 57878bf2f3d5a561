"""Files of a business: `records` keeps them, `attachments` hangs them on things."""

from invoicer_core.services.files.records import (
    EXTENSION,
    KINDS,
    RESULTS,
    content,
    content_by_public_id,
    delete,
    find,
    get,
    limit,
    link,
    rename,
    upload,
)

__all__ = [
    "EXTENSION",
    "KINDS",
    "RESULTS",
    "content",
    "content_by_public_id",
    "delete",
    "find",
    "get",
    "limit",
    "link",
    "rename",
    "upload",
]
