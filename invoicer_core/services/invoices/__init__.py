"""The main job: drafts, issuing, and what may still be done to an issued invoice.

`rows` stores and reads, `drafts` writes what is not issued, `issuing` numbers and freezes,
`reading` answers, `changes` holds what stays possible afterwards.
"""

from invoicer_core.services.invoices.changes import (
    check_version,
    mark_sent,
    mark_viewed,
    require_balance,
    told,
    update_details,
    void,
    write_off,
)
from invoicer_core.services.invoices.drafts import (
    create,
    delete,
    document_of,
    duplicate,
    issue,
    preview,
    update_draft,
)
from invoicer_core.services.invoices.reading import STATUSES, counts, find, get, get_public

__all__ = [
    "STATUSES",
    "check_version",
    "counts",
    "create",
    "delete",
    "document_of",
    "duplicate",
    "find",
    "get",
    "get_public",
    "issue",
    "mark_sent",
    "mark_viewed",
    "preview",
    "require_balance",
    "told",
    "update_details",
    "update_draft",
    "void",
    "write_off",
]
