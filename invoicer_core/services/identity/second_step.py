"""The second step of signing in with a browser: the password was right, now comes the code."""

from datetime import UTC, datetime

from sqlalchemy import func, select

from invoicer_core.domain.errors import NotAuthenticated
from invoicer_core.domain.saying import say
from invoicer_core.models import db
from invoicer_core.models.identity import OneTimeToken, User
from invoicer_core.services import rate_limits
from invoicer_core.services.identity import opaque_tokens, sessions, two_factor
from invoicer_core.services.identity.security_log import Visitor
from invoicer_core.services.identity.sessions import SignedIn

TOO_LATE = say("This took too long. Sign in again.")


class TooLate(NotAuthenticated):
    """The password has to be typed again."""


def stands(*, token: str) -> bool:
    """Whether a code may still be typed."""
    found = _find(token)
    db.session.rollback()
    return found is not None


def finish(
    *, token: str, code: str, ip: str | None = None, user_agent: str | None = None
) -> SignedIn:
    """Begin the session, if the code is right.

    Args:
        token: of the `two_factor.CodeNeeded` that signing in ended with.

    Raises:
        TooLate: more than ten minutes went by, or the token was used.
        NotAuthenticated: the code is wrong.
        TooManyRequests: too many tries.
    """
    row = _find(token)
    user = None if row is None else db.session.get(User, row.user_id)
    if row is None or user is None or not user.is_active:
        db.session.rollback()
        raise TooLate(TOO_LATE)
    row_id, user_id, address = row.id, user.id, user.email
    db.session.rollback()
    rate_limits.check_sign_in(address, ip)
    visitor = Visitor(ip, user_agent)
    two_factor.pass_code(user_id, code, visitor)
    _spend(row_id)
    return sessions.begin(user_id=user_id, kind="web", visitor=visitor)


def _find(token: str) -> OneTimeToken | None:
    return db.session.scalars(
        select(OneTimeToken).where(
            OneTimeToken.token_hash == opaque_tokens.hash_of(token),
            OneTimeToken.purpose == two_factor.PURPOSE,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > func.now(),
        )
    ).first()


def _spend(row_id: int) -> None:
    row = db.session.get(OneTimeToken, row_id, populate_existing=True)
    if row is not None:
        row.used_at = datetime.now(UTC)
    db.session.commit()
