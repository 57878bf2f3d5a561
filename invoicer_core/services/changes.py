"""The changes feed: every event once and in order, for clients that were away.

Ids are given before the commit, so the last id seen would lose rows of slower transactions. Events
are ordered by the number of their transaction instead, and only those are shown before which no
transaction is still running: what is behind a cursor never grows.
"""

import base64
import binascii
from typing import Any, Final

from sqlalchemy import text

from invoicer_core.domain.account import Change, Changes
from invoicer_core.domain.errors import InvalidInput, InvoicerError
from invoicer_core.domain.saying import say
from invoicer_core.hooks import codec
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.listing import ID_MOST, checked_limit

_READ: Final = text(
    "SELECT id, xid, name, created_at, schema_version, data::text AS data FROM events"
    " WHERE business_id = :business AND (xid, id) > (:xid, :id)"
    " AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    " ORDER BY xid, id LIMIT :limit"
)
_HIDDEN: Final = ("message.queued", "message.watch", "job.requested")
"""Internal: of interest to the one who sends only."""


def feed(*, after: str | None = None, limit: int | None = None) -> Changes:
    """What happened after the cursor ``after``, the oldest first; everything without one.

    Raises:
        InvalidInput: no cursor of this feed.
    """
    size = checked_limit(limit)
    xid, event_id = (0, 0) if after is None else _decode(after)
    rows = db.session.execute(
        _READ, {"business": current_business_id(), "xid": xid, "id": event_id, "limit": size + 1}
    ).all()
    more, rows = len(rows) > size, rows[:size]
    if rows:
        xid, event_id = rows[-1].xid, rows[-1].id
    items = tuple(_change(row) for row in rows if row.name not in _HIDDEN)
    return Changes(items=items, next=_encode(xid, event_id), more=more)


def _change(row: Any) -> Change:
    return Change(
        id=row.id,
        name=row.name,
        business_id=current_business_id(),
        occurred_at=row.created_at,
        version=row.schema_version,
        data=codec.loads(row.data),
    )


def _encode(xid: int, event_id: int) -> str:
    packed = f"{current_business_id()}.{xid}.{event_id}"
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[int, int]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        raw = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
        parts = [int(part) for part in raw.decode("ascii").split(".") if part.isdigit()]
        business_id, xid, event_id = parts
    except (binascii.Error, ValueError):
        raise _refusal() from None
    if business_id != current_business_id() or max(xid, event_id) > ID_MOST:
        raise _refusal()
    return xid, event_id


def _refusal() -> InvoicerError:
    return InvalidInput.at(
        "/after", say("This is no cursor of this feed: take `next` of an answer.")
    )
