"""The audit log: read, and walked from its beginning to prove that nothing was changed."""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, cast, func, select, true
from sqlalchemy.dialects.postgresql import JSONB

from invoicer_core.domain.account import AuditCheck, AuditEntrySnapshot
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import Page
from invoicer_core.models import db
from invoicer_core.models.outbox import AuditEntry, AuditHead
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import businesses
from invoicer_core.services.listing import Ordering, matches, read_page, storable, within_days

_ORDERING: Final = Ordering(AuditEntry.__table__.c.seq, {"at": AuditEntry.__table__.c.at})
_PIECE: Final = 1000
_LONGEST_NAME: Final = 100


def find(
    *,
    who: str | None = None,
    what: str | None = None,
    start: date | None = None,
    end: date | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[AuditEntrySnapshot]:
    """The entries, the newest first.

    Args:
        who: a part of the actor's name, e.g. of an e-mail address.
        what: the beginning of an action's name: ``invoice.``, ``invoice.voided``.
        start, end: days of the business's time zone.
    """
    statement = select(AuditEntry).where(
        AuditEntry.business_id == current_business_id(),
        _by(who),
        _doing(what),
        within_days(AuditEntry.__table__.c.at, start, end, businesses.current().time_zone),
    )
    return read_page(statement, _ORDERING, _snapshots, sort=sort, limit=limit, cursor=cursor)


def _by(who: str | None) -> ColumnElement[bool]:
    label = cast(AuditEntry.payload, JSONB)["by"]["label"].astext
    return matches(func.lower(label, type_=Text), who)


def _doing(what: str | None) -> ColumnElement[bool]:
    """Entries with such an action, found in the text that was hashed."""
    if not what:
        return true()
    if len(what) > _LONGEST_NAME or not storable(what):
        raise InvalidInput.at("/what", say("There is no such action."))
    return AuditEntry.payload.contains(f'"do": "{what}', autoescape=True) | (
        AuditEntry.payload.contains(f'"do":"{what}', autoescape=True)
    )


def verify() -> AuditCheck:
    """Walk the whole chain: numbers without a gap, each hash of the former one and its text, and
    the end where the head says it is."""
    head = db.session.get(AuditHead, current_business_id())
    end_seq = 0 if head is None else head.seq
    end_hash = b"" if head is None else bytes(head.hash)
    seq, last = 0, b""
    while True:
        piece = _after(seq)
        for entry in piece:
            seq += 1
            reason = _fault(entry, seq, last)
            if reason is not None:
                return _result(seq - 1, end_hash, seq, reason)
            last = bytes(entry.hash)
        if len(piece) < _PIECE:
            break
    if (seq, last) != (end_seq, end_hash):
        return _result(seq, end_hash, seq + 1, "the last entries are missing")
    return _result(seq, end_hash, None, None)


def _after(seq: int) -> Sequence[AuditEntry]:
    statement = (
        select(AuditEntry)
        .where(AuditEntry.business_id == current_business_id(), AuditEntry.seq > seq)
        .order_by(AuditEntry.seq)
        .limit(_PIECE)
    )
    found = db.session.scalars(statement).all()
    for each in found:
        db.session.expunge(each)
    return found


def _fault(entry: AuditEntry, seq: int, last: bytes) -> str | None:
    if entry.seq != seq:
        return "an entry is missing"
    if bytes(entry.prev) != last:
        return "the entry does not follow the one before it"
    if sha256(last + entry.payload.encode()).digest() != bytes(entry.hash):
        return "the entry's text was changed"
    return None


def _result(entries: int, head: bytes, broken_at: int | None, reason: str | None) -> AuditCheck:
    return AuditCheck(
        valid=broken_at is None,
        entries=entries,
        head=head.hex(),
        broken_at=broken_at,
        reason=reason,
    )


def _snapshots(rows: Sequence[Any]) -> list[AuditEntrySnapshot]:
    return [
        AuditEntrySnapshot(
            seq=row.seq,
            at=row.at,
            payload=row.payload,
            prev=bytes(row.prev).hex(),
            hash=bytes(row.hash).hex(),
        )
        for row in rows
    ]
