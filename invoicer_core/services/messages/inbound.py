"""What clients answer: kept in the same history, beside what was said to them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import MessageSnapshot
from invoicer_core.models import db
from invoicer_core.models.documents import Message
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.messages import addresses, carriers, message_rows
from invoicer_core.services.messages.message_rows import PRIVATE
from invoicer_core.services.transaction import transaction

EVENT: Final = "message.received"
ANSWERED_WITHIN: Final = timedelta(days=60)
"""An answer belongs to the last message to its sender, unless that is longer ago."""

_FIXED: Final = {"direction": "in", "state": "delivered", "kind": "reply"}
LONGEST: Final = {"sender": 320, "provider_ref": 500, "text": 100_000}


def receive(
    *,
    channel: str,
    sender: str,
    text: str,
    provider_ref: str,
    by: Actor,
    attachments: Sequence[Mapping[str, Any]] = (),
    at: datetime | None = None,
    subject: str | None = None,
) -> MessageSnapshot | None:
    """Keep what came in. It is joined to the client whose address it is, and to the conversation
    and invoice of the last message to that address.

    Args:
        provider_ref: the provider's id: what comes again under it is not kept twice.
        attachments: ``{"document": id}``.
        at: when it was written; now unless told.

    Returns None where it was there already. Raises InvalidInput: no sender, no id, or too long.
    """
    _check({"sender": sender, "provider_ref": provider_ref, "text": text})
    kind = carriers.kind_of(channel)
    values: dict[str, Any] = {
        **_FIXED, "business_id": current_business_id(), "channel": kind, "text": _clean(text),
        "recipient": sender.strip(), "provider_ref": provider_ref,
        "subject": None if subject is None else " ".join(_clean(subject).split())[:500],
        "token": f"in-{kind}-{provider_ref}", "attachments": [dict(each) for each in attachments],
        "created_at": min(at or datetime.now(UTC), datetime.now(UTC)),
    }  # fmt: skip
    with transaction(by=by) as unit:
        values |= _place(kind, sender)
        statement = insert(Message).values(**values).on_conflict_do_nothing().returning(Message)
        row = db.session.scalars(statement).first()
        if row is None:
            return None
        message_rows.tell(unit, row, EVENT)
        return message_rows.snapshot(row)


def _place(kind: str, sender: str) -> dict[str, int | None]:
    """Whose words they are, and what they answer."""
    before = _last(kind, sender, "out")
    owners = addresses.owners_of(kind, sender)
    if before is None:
        return {"client_id": owners[0] if owners else None}
    if owners and before.client_id not in owners:
        return {"client_id": owners[0]}
    return {
        "client_id": before.client_id,
        "invoice_id": before.invoice_id,
        "thread_id": before.thread_id or before.id,
    }


def last_inbound(*, channel: str, sender: str) -> datetime | None:
    """When the one with this address wrote last over a channel, UTC; None: never."""
    found = _last(carriers.kind_of(channel), sender, "in")
    return None if found is None else found.created_at


def mark_read(*, message_ids: Sequence[int], by: Actor) -> int:
    """Somebody of the business looked at what came in; how many were new to them."""
    with transaction(by=by) as unit:
        statement = (
            update(Message)
            .where(
                Message.business_id == current_business_id(),
                Message.id.in_(list(message_ids)),
                message_rows.unread(),
            )
            .values(read_at=func.now())
            .returning(Message.id)
        )
        found = db.session.scalars(statement).all()
        if found:
            unit.record("message.read", messages=sorted(found))
        return len(found)


def unread_count() -> int:
    """Messages that came in and nobody looked at."""
    statement = select(func.count()).where(
        Message.business_id == current_business_id(), message_rows.unread()
    )
    return db.session.scalar(statement) or 0


def _last(kind: str, address: str, direction: str) -> Message | None:
    """The newest message from or to an address, however it is written."""
    statement = (
        select(Message)
        .where(
            Message.business_id == current_business_id(),
            Message.direction == direction,
            Message.channel == kind,
            Message.kind.not_in(PRIVATE),
        )
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(1)
    )
    value = addresses.plain(kind, address)
    if value.isdigit():
        digits = func.regexp_replace(Message.recipient, "[^0-9]", "", "g")
        statement = statement.where(func.right(digits, len(value)) == value)
    else:
        statement = statement.where(func.lower(func.btrim(Message.recipient)) == value)
    if direction == "out":
        statement = statement.where(Message.created_at > func.now() - ANSWERED_WITHIN)
    return db.session.scalars(statement).first()


def _check(given: Mapping[str, str]) -> None:
    for name, most in LONGEST.items():
        if len(given[name]) > most:
            raise InvalidInput.at(f"/{name}", say("At most %(most)s characters.", most=most))
    for name in ("sender", "provider_ref"):
        value = given[name]
        if not value.strip() or not value.isprintable():
            raise InvalidInput.at(f"/{name}", say("This needs a value without control characters."))


def _clean(text: str) -> str:
    """As it can be stored and shown: no control characters but the ends of lines."""
    whole = text.encode("utf-8", "replace").decode().replace("\r\n", "\n")
    return "".join(sign if sign.isprintable() or sign in "\n\t" else " " for sign in whole)
