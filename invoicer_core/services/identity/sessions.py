"""Who asks: signing in and out, refresh tokens, and the reading of both kinds of token.

A sign-in is a row; whether it still stands and which role its user has is read on every request, so
signing out, removing a member or disabling a user works at once, whatever happens to Redis.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import func, select, text, update

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import NotAuthenticated, NotFound
from invoicer_core.domain.permissions import BY_ROLE, allowed
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import UserSnapshot
from invoicer_core.models import db
from invoicer_core.models.direct import Statement
from invoicer_core.models.identity import SignIn, User
from invoicer_core.models.tenancy import (
    current_business_id,
    enter_business,
    entered_business_id,
    gate,
)
from invoicer_core.services import rate_limits
from invoicer_core.services.identity import (
    opaque_tokens,
    passwords,
    security_log,
    two_factor,
    users,
)
from invoicer_core.services.identity.opaque_tokens import FamilyToken
from invoicer_core.services.identity.security_log import NOBODY, Visitor
from invoicer_core.services.transaction import transaction

Kind = Literal["web", "api"]

REFRESH_LIFETIME: Final = timedelta(days=7)
WEB_LIFETIME: Final = timedelta(days=30)
WEB_IDLE: Final = timedelta(days=7)
_SEEN_EVERY: Final = timedelta(minutes=10)
REFRESH: Final = "refresh-token"
"""What the keys of refresh tokens are derived for."""
_WRONG: Final = say("The e-mail address or the password is wrong.")
GONE: Final = say("This session has ended. Sign in again.")


@dataclass(frozen=True, slots=True)
class Identity:
    """The one who asks, as it stands now: role and permissions are those of this moment.

    For an API key ``key`` is its name, ``scopes`` all that it may do of what its user may, and
    there is no sign-in (0).
    """

    user: UserSnapshot
    sign_in_id: int
    business_id: int | None
    role: str | None
    key: str | None = None
    scopes: frozenset[str] | None = None

    @property
    def user_id(self) -> int:
        """The user's id."""
        return self.user.id

    @property
    def public_id(self) -> UUID:
        """The user's id for outsiders."""
        return self.user.public_id

    @property
    def email(self) -> str:
        """The user's address."""
        return self.user.email

    @property
    def permissions(self) -> frozenset[str]:
        """What the role may do, as far as the scopes of an API key leave it."""
        held = BY_ROLE.get(self.role or "", frozenset())
        return held if self.scopes is None else held & self.scopes

    def may(self, permission: str) -> bool:
        """True when role and scopes hold the permission."""
        return allowed(self.role, permission) and self.in_scope(permission)

    def in_scope(self, permission: str) -> bool:
        """True unless an API key's scopes leave the permission out."""
        return self.scopes is None or permission in self.scopes

    def actor(self, kind: Literal["user", "api"] = "user") -> Actor:
        """The one who acts, for services."""
        label = self.user.email if self.key is None else f"api:{self.key}"
        return Actor(kind, self.user.id, self.role, label, self.scopes)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh sign-in. ``token`` is the cookie's content (web) or the refresh token (api); it is
    shown once, only its hash is kept."""

    identity: Identity
    token: str
    expires_at: datetime


def sign_in(
    *, email: str, password: str, kind: Kind, code: str | None = None, ip: str | None = None,
    user_agent: str | None = None,
) -> SignedIn:  # fmt: skip
    """Check the password, and the code of a user with two-step sign-in, and begin a session.

    Raises:
        NotAuthenticated: in the same words and time for an unknown address and a wrong password;
            the code is wrong.
        two_factor.CodeNeeded: the password is right, the code was left out.
        TooManyRequests: too many tries for this account or from this address.
    """
    address = email.strip().lower()[:254]
    visitor = Visitor(ip, user_agent)
    rate_limits.check_sign_in(address, ip)
    user = users.by_email(address)
    stored = user.password_hash if user is not None else None
    db.session.rollback()
    right = passwords.verify(password, stored)
    if user is None or not right or not user.is_active:
        security_log.note(
            "sign_in_failed", visitor=visitor, email=address,
            user_id=None if user is None else user.id,
        )  # fmt: skip
        db.session.commit()
        raise NotAuthenticated(_WRONG)
    two_factor.demand(user.id, code, visitor)
    new_hash = None
    if passwords.needs_rehash(user.password_hash):
        new_hash = passwords.hash_password(password)
    return begin(user_id=user.id, kind=kind, visitor=visitor, new_hash=new_hash)


def begin(
    *, user_id: int, kind: Kind, visitor: Visitor = NOBODY, new_hash: str | None = None
) -> SignedIn:
    """Begin a session for a user who has proved who they are."""
    seat = _first_seat(user_id)
    if seat is None:
        user, row, token = _add_sign_in(user_id, kind, None, visitor, new_hash)
        db.session.commit()
        return SignedIn(
            Identity(users.snapshot_of(user), row.id, None, None), token, row.expires_at
        )
    business_id, role = seat
    with enter_business(business_id):
        with transaction(by=Actor("user", user_id, role, "")) as unit:
            user, row, token = _add_sign_in(user_id, kind, business_id, visitor, new_hash)
            who = users.snapshot_of(user)
            unit.by = Actor("user", user_id, role, user.email)
            unit.publish("user.logged_in", who)
            unit.record("user.logged_in", user=user_id, sign_in=row.id, kind=kind)
    return SignedIn(Identity(who, row.id, business_id, role), token, row.expires_at)


def _add_sign_in(
    user_id: int, kind: Kind, business_id: int | None, visitor: Visitor, new_hash: str | None
) -> tuple[User, SignIn, str]:
    user = db.session.get(User, user_id)
    if user is None or not user.is_active:
        raise NotAuthenticated(_WRONG)
    if new_hash is not None:
        user.password_hash = new_hash
    token = opaque_tokens.random_token()
    row = SignIn(
        user_id=user_id,
        kind=kind,
        token_hash=opaque_tokens.hash_of(token),
        business_id=business_id,
        ip=security_log.clean(visitor.ip),
        user_agent=security_log.clean(visitor.user_agent),
        expires_at=_now() + (WEB_LIFETIME if kind == "web" else REFRESH_LIFETIME),
    )
    db.session.add(row)
    db.session.flush()
    if kind == "api":
        family = FamilyToken.first(row.id, REFRESH)
        row.token_hash, token = family.hash, str(family)
    security_log.note("sign_in", visitor=visitor, user_id=user_id, email=user.email, detail=kind)
    db.session.flush()
    return user, row, token


def _first_seat(user_id: int) -> tuple[int, str] | None:
    """The business the user worked in last, else the first one, with the role there."""
    last = db.session.scalar(select(User.last_business_id).where(User.id == user_id))
    db.session.rollback()
    seats = seats_of(user_id)
    if not seats:
        return None
    business_id = last if last in seats else min(seats)
    return business_id, seats[business_id]


def seats_of(user_id: int) -> dict[int, str]:
    """Business id -> role, of every business that still exists."""
    with gate() as connection:
        found = connection.execute(
            text(
                "SELECT m.business_id, m.role FROM memberships m JOIN businesses b"
                " ON b.id = m.business_id WHERE m.user_id = :user AND b.deleted_at IS NULL"
            ),
            {"user": user_id},
        )
        return {int(business_id): str(role) for business_id, role in found}


# --- reading tokens ------------------------------------------------------------------------------

_ACCESS: Final = Statement(
    "SELECT u.id, u.public_id, u.email, u.name, u.locale, u.created_at, m.role"
    " FROM sign_ins s JOIN users u ON u.id = s.user_id"
    " LEFT JOIN (memberships m JOIN businesses b ON b.id = m.business_id"
    " AND b.deleted_at IS NULL) ON m.user_id = u.id AND m.business_id = %(business)s"
    " WHERE s.id = %(sign_in)s AND u.id = %(user)s AND s.revoked_at IS NULL"
    " AND s.expires_at > now() AND u.is_active"
)


def authenticate_access(claims: Mapping[str, Any]) -> Identity:
    """The identity behind a verified access token, in the business that was entered.

    Call it inside ``enter_business``: it is one read in the request's own transaction.

    Raises:
        NotAuthenticated: signed out, disabled, or the sign-in ended.
        NotFound: no seat in this business, in the same words as for a business that is missing.
    """
    business_id = current_business_id()
    found = _read_access(claims, business_id)
    if found.role is None:
        raise NotFound(say("There is no business with the id %(id)s.", id=business_id))
    return found


def authenticate_user(claims: Mapping[str, Any]) -> Identity:
    """As `authenticate_access`, for what needs no business: the seat may be missing."""
    found = _read_access(claims, entered_business_id())
    return found if found.role is not None else replace(found, business_id=None)


def _read_access(claims: Mapping[str, Any], business_id: int | None) -> Identity:
    asked = {"business": business_id, "sign_in": claims["sid"], "user": int(claims["sub"])}
    row = _ACCESS.first(asked)
    if row is None:
        raise NotAuthenticated(GONE)
    user = UserSnapshot(
        id=row.id, public_id=row.public_id, email=row.email, name=row.name, locale=row.locale,
        created_at=row.created_at,
    )  # fmt: skip
    role = None if business_id is None else row.role
    return Identity(user, int(claims["sid"]), business_id, role)


def authenticate_web(token: str) -> Identity | None:
    """The identity behind a browser's cookie; None when it means nothing (any more).

    Its business is the one chosen last; None for a user without any seat.
    """
    found = db.session.execute(
        select(SignIn, User)
        .join(User, User.id == SignIn.user_id)
        .where(
            SignIn.token_hash == opaque_tokens.hash_of(token),
            SignIn.kind == "web",
            SignIn.revoked_at.is_(None),
            SignIn.expires_at > func.now(),
            SignIn.last_seen_at > _now() - WEB_IDLE,
            User.is_active,
        )
    ).first()
    if found is None:
        db.session.rollback()
        return None
    row, user = found
    who = Identity(users.snapshot_of(user), row.id, row.business_id, None)
    if _now() - row.last_seen_at > _SEEN_EVERY:
        row.last_seen_at = _now()
        db.session.commit()
    else:
        db.session.rollback()
    return _with_seat(who)


def _with_seat(who: Identity) -> Identity:
    """The seat in the business of the sign-in; another one where that is gone."""
    seats = seats_of(who.user_id)
    if not seats:
        return replace(who, business_id=None)
    business_id = who.business_id if who.business_id in seats else min(seats)
    return replace(who, business_id=business_id, role=seats[business_id])


def choose_business(*, identity: Identity, business_id: int) -> Identity:
    """Work in another of the user's businesses from now on. Raises NotFound without a seat."""
    role = seats_of(identity.user_id).get(business_id)
    if role is None:
        raise NotFound(say("There is no business with the id %(id)s.", id=business_id))
    db.session.execute(
        update(SignIn).where(SignIn.id == identity.sign_in_id).values(business_id=business_id)
    )
    db.session.execute(
        update(User).where(User.id == identity.user_id).values(last_business_id=business_id)
    )
    db.session.commit()
    return replace(identity, business_id=business_id, role=role)


# --- ending --------------------------------------------------------------------------------------


def sign_out(token: str) -> None:
    """End the session of a browser's cookie or of a refresh token; nothing for an unknown one."""
    family = FamilyToken.parse(token, REFRESH)
    if family is None:
        wanted = SignIn.token_hash == opaque_tokens.hash_of(token)
    else:
        wanted = SignIn.id == family.family
    row = db.session.scalars(select(SignIn).where(wanted)).first()
    if row is not None:
        revoke_row(row, "sign_out", NOBODY)
    db.session.commit()


def end(*, identity: Identity, ip: str | None = None) -> None:
    """End the session that asks."""
    row = db.session.get(SignIn, identity.sign_in_id)
    if row is not None:
        revoke_row(row, "sign_out", Visitor(ip))
    db.session.commit()


def revoke_row(row: SignIn, reason: str, visitor: Visitor) -> None:
    """End a sign-in in the current transaction; one that ended stays as it is."""
    if row.revoked_at is None:
        row.revoked_at = _now()
        row.revoke_reason = reason
        security_log.note(reason, visitor=visitor, user_id=row.user_id, detail=f"sign-in {row.id}")


def _now() -> datetime:
    return datetime.now(UTC)
