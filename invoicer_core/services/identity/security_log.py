"""The security log: sign-ins, failures, resets, revocations. Rows are only ever added."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from invoicer_core.domain.account import SecurityEventSnapshot
from invoicer_core.models import db
from invoicer_core.models.identity import SecurityEvent

LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request comes from, as the security log notes it."""

    ip: str | None = None
    user_agent: str | None = None


NOBODY: Final = Visitor()


def note(
    name: str,
    *,
    visitor: Visitor = NOBODY,
    user_id: int | None = None,
    email: str | None = None,
    detail: str | None = None,
) -> None:
    """Add a row in the current transaction; the caller commits.

    Args:
        name: ``sign_in``, ``sign_in_failed``, ``password_reset`` ...
        email: what was typed, shortened; control characters are dropped.
    """
    db.session.add(
        SecurityEvent(
            name=name,
            user_id=user_id,
            email=clean(email),
            ip=clean(visitor.ip),
            user_agent=clean(visitor.user_agent),
            detail=clean(detail),
        )
    )


def recent(*, user_id: int, limit: int = 12) -> tuple[SecurityEventSnapshot, ...]:
    """What happened to a user's account of late, the newest first."""
    found = db.session.scalars(
        select(SecurityEvent)
        .where(SecurityEvent.user_id == user_id)
        .order_by(SecurityEvent.id.desc())
        .limit(limit)
    )
    return tuple(
        SecurityEventSnapshot(
            name=row.name, created_at=row.created_at, ip=row.ip, user_agent=row.user_agent
        )
        for row in found
    )


def clean(text: str | None) -> str | None:
    """A text of a stranger, fit for one line of a log."""
    if text is None:
        return None
    return "".join(sign for sign in text[:LONGEST] if sign.isprintable())
