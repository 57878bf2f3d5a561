"""The security log: sign-ins, failures, resets, revocations. Rows are only ever added."""

from dataclasses import dataclass
from typing import Final

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


def clean(text: str | None) -> str | None:
    """A text of a stranger, fit for one line of a log."""
    if text is None:
        return None
    return "".join(sign for sign in text[:LONGEST] if sign.isprintable())
