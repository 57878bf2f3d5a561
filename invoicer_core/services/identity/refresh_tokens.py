"""Refresh tokens: each is good once, and using an old one gives a thief away."""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import select

from invoicer_core.domain.errors import NotAuthenticated
from invoicer_core.models import db
from invoicer_core.models.identity import SignIn, User
from invoicer_core.services.identity import security_log, users
from invoicer_core.services.identity.opaque_tokens import FamilyToken
from invoicer_core.services.identity.security_log import Visitor
from invoicer_core.services.identity.sessions import (
    GONE,
    REFRESH,
    REFRESH_LIFETIME,
    Identity,
    SignedIn,
    revoke_row,
    seats_of,
)

FAMILY_LIFETIME: Final = timedelta(days=90)
GRACE: Final = timedelta(seconds=30)


def refresh(*, token: str, ip: str | None = None, user_agent: str | None = None) -> SignedIn:
    """Exchange a refresh token for the next one.

    A token is good once. Used a second time within 30 s by the same client (a lost answer, two
    tabs) it gives the same successor; later, it ends the whole family: somebody else has a copy.

    Raises:
        NotAuthenticated: unknown, used, expired or ended, always in the same words.
    """
    given = FamilyToken.parse(token, REFRESH)
    visitor = Visitor(ip, user_agent)
    if given is None:
        raise NotAuthenticated(GONE)
    row = db.session.scalars(
        select(SignIn).where(SignIn.id == given.family, SignIn.kind == "api").with_for_update()
    ).first()
    if row is None or row.revoked_at is not None or row.expires_at <= datetime.now(UTC):
        db.session.rollback()
        raise NotAuthenticated(GONE)
    following = _following(row, given, visitor)
    if following is None:
        revoke_row(row, "refresh_reused", visitor)
        db.session.commit()
        raise NotAuthenticated(GONE)
    user = db.session.get(User, row.user_id)
    if user is None or not user.is_active:
        revoke_row(row, "disabled", visitor)
        db.session.commit()
        raise NotAuthenticated(GONE)
    who, sign_in_id, business_id = users.snapshot_of(user), row.id, row.business_id
    expires_at = row.expires_at
    db.session.commit()
    seats = seats_of(who.id)
    if business_id not in seats:
        business_id = min(seats, default=None)
    role = None if business_id is None else seats[business_id]
    return SignedIn(Identity(who, sign_in_id, business_id, role), str(following), expires_at)


def _following(row: SignIn, given: FamilyToken, visitor: Visitor) -> FamilyToken | None:
    """The successor of a token that may still be used; None for one that may not."""
    now = datetime.now(UTC)
    if given.hash == row.token_hash:
        following = given.successors()[0]
        row.former_hash, row.token_hash = row.token_hash, following.hash
        row.rotated_at = row.last_seen_at = now
        row.expires_at = min(now + REFRESH_LIFETIME, row.created_at + FAMILY_LIFETIME)
        return following
    same_client = row.user_agent == security_log.clean(visitor.user_agent)
    late = row.rotated_at is None or now - row.rotated_at > GRACE
    if given.hash != row.former_hash or late or not same_client:
        return None
    known = (each for each in given.successors() if each.hash == row.token_hash)
    return next(known, None)
