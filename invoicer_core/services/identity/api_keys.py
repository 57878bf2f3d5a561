"""API keys: for programs, in one business, with less than their creator may do.

A key is 256 random bits and shown once; its hash is kept. Every request reads the key, its
creator's account and seat anew: what the role loses, the key loses with the next request.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, text, update

from invoicer_core.domain.account import ApiKeySnapshot
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import FieldError, Forbidden, InvalidInput, NotAuthenticated
from invoicer_core.domain.permissions import ALL
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import UserSnapshot
from invoicer_core.models import db
from invoicer_core.models.access import ApiKey
from invoicer_core.models.identity import Membership, User
from invoicer_core.models.tenancy import current_business_id, gate
from invoicer_core.services import fields as check
from invoicer_core.services import plugins, rows
from invoicer_core.services.identity import opaque_tokens, security_log
from invoicer_core.services.identity.sessions import Identity
from invoicer_core.services.transaction import transaction

PREFIX: Final = "inv_"
MOST: Final = 100
"""Keys of a business that are not revoked."""

LONGEST_DAYS: Final = 3650
PRESETS: Final[dict[str, frozenset[str]]] = {
    "read": frozenset(name for name in ALL if name.endswith(".read")),
    "invoicing": frozenset(
        (
            "business.read", "clients.read", "clients.write", "products.read", "invoices.read",
            "invoices.write", "invoices.issue", "invoices.send", "payments.read",
        )
    ),
    "payments": frozenset(("clients.read", "invoices.read", "payments.read", "payments.write")),
    "shop": frozenset(
        (
            "clients.read", "clients.write", "products.read", "stock.write", "orders.read",
            "orders.write", "invoices.read", "invoices.write", "invoices.issue", "payments.read",
            "payments.write",
        )
    ),
}  # fmt: skip
"""Sets of scopes for usual ends; what the creator does not hold is left out."""

_HINT_SIGNS: Final = 10
_LOCATE: Final = text("SELECT id, business_id FROM api_keys WHERE token_hash = :hash")
_READ: Final = text(
    "SELECT k.name AS key_name, k.scopes, k.revoked_at, coalesce(k.expires_at <= now(), false)"
    " AS expired, coalesce(k.last_used_at < now() - interval '1 minute', true) AS stale,"
    " u.id, u.public_id, u.email, u.name, u.locale, u.created_at, u.is_active, m.role"
    " FROM api_keys k JOIN users u ON u.id = k.user_id"
    " LEFT JOIN (memberships m JOIN businesses b ON b.id = m.business_id"
    " AND b.deleted_at IS NULL) ON m.user_id = u.id AND m.business_id = k.business_id"
    " WHERE k.business_id = :business AND k.id = :key"
)
_USED: Final = text(
    "UPDATE api_keys SET last_used_at = now() WHERE business_id = :business AND id = :key"
)
_UNKNOWN: Final = say("This API key is wrong. Make one under Settings, API keys.")


@dataclass(frozen=True, slots=True)
class Located:
    """A key that there is, and whose; nothing is known yet of whether it still opens anything."""

    id: int
    business_id: int


def is_key(token: str) -> bool:
    """Whether a bearer token looks like an API key, and so not like an access token."""
    return token.startswith(PREFIX)


def locate(token: str) -> Located:
    """The key's business. Raises NotAuthenticated for an unknown key."""
    with gate() as connection:
        hashed = opaque_tokens.hash_of(token)
        row = connection.execute(_LOCATE, {"hash": hashed}).first()
    if row is None:
        raise NotAuthenticated(_UNKNOWN)
    return Located(int(row.id), int(row.business_id))


def authenticate(key: Located) -> Identity:
    """Whom the key stands for now, within its scopes. Call it inside the key's business.

    Raises:
        NotAuthenticated: revoked, expired, or its creator has no seat or account any more.
    """
    asked = {"business": key.business_id, "key": key.id}
    row = db.session.execute(_READ, asked).first()
    if row is None:
        raise NotAuthenticated(_UNKNOWN)
    _check_stands(row)
    if row.stale:
        db.session.execute(_USED, asked)
        db.session.commit()
    user = UserSnapshot(
        id=row.id, public_id=row.public_id, email=row.email, name=row.name, locale=row.locale,
        created_at=row.created_at,
    )  # fmt: skip
    scopes = frozenset(row.scopes)
    return Identity(user, 0, key.business_id, row.role, key=row.key_name, scopes=scopes)


def _check_stands(row: Any) -> None:
    if row.revoked_at is not None:
        raise NotAuthenticated(say("This API key was revoked. Make another one."))
    if row.expired:
        raise NotAuthenticated(say("This API key has expired. Make another one."))
    if row.role is None or not row.is_active:
        raise NotAuthenticated(
            say("Who made this API key is no member any more. Make another one.")
        )


# --- making and revoking ------------------------------------------------------------------------


def grantable(by: Actor) -> frozenset[str]:
    """The scopes that a member can give to a key: all that the member may do."""
    held = plugins.held_by(by.role)
    return held if by.scopes is None else held & by.scopes


def create(
    *, name: str, scopes: Collection[str], by: Actor, days: int | None = None
) -> tuple[ApiKeySnapshot, str]:
    """Make a key; the text that is returned with it is shown once.

    Args:
        days: until it expires; None: never.

    Raises:
        InvalidInput: no name (``/name``), no or unknown scopes (``/scopes``), ``/days``.
        Forbidden: a scope that the creator does not hold, or no user.
    """
    values = check.check_fields({"name": name}, {"name": check.text(100)}, required=["name"])
    _check_scopes(scopes, by)
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput.at(
            "/days", say("A key holds from 1 to %(most)s days.", most=LONGEST_DAYS)
        )
    token = PREFIX + opaque_tokens.random_token()
    with transaction(by=by) as unit:
        if len([each for each in find() if each.state != "revoked"]) >= MOST:
            raise InvalidInput.at(
                "/name", say("There are %(most)s keys: revoke some first.", most=MOST)
            )
        row = ApiKey(
            business_id=current_business_id(),
            user_id=by.user_id,
            name=values["name"],
            hint=token[:_HINT_SIGNS],
            token_hash=opaque_tokens.hash_of(token),
            scopes=sorted(scopes),
            expires_at=None if days is None else datetime.now(UTC) + timedelta(days=days),
        )
        db.session.add(row)
        db.session.flush()
        unit.record("api_key.created", key=row.id, name=row.name, scopes=row.scopes)
        security_log.note("api_key_created", user_id=by.user_id, detail=row.hint)
        return _snapshot(row, by.label, True), token


def _check_scopes(scopes: Collection[str], by: Actor) -> None:
    if by.user_id is None:
        raise Forbidden(say("Only a member can make an API key."))
    if not scopes:
        raise InvalidInput.at("/scopes", say("Choose at least one thing that the key may do."))
    beyond = sorted(set(scopes) - grantable(by))
    if beyond:
        words = say(
            "You cannot give what you do not hold: %(beyond)s.", beyond=", ".join(beyond)[:200]
        )
        raise Forbidden(words, [FieldError("/scopes", words)])


def find() -> tuple[ApiKeySnapshot, ...]:
    """All keys of the business, the newest first; those revoked long ago are left out."""
    month = datetime.now(UTC) - timedelta(days=30)
    statement = (
        select(ApiKey, User, Membership.id)
        .join(User, User.id == ApiKey.user_id)
        .outerjoin(
            Membership,
            (Membership.user_id == User.id) & (Membership.business_id == ApiKey.business_id),
        )
        .where(
            ApiKey.business_id == current_business_id(),
            ApiKey.revoked_at.is_(None) | (ApiKey.revoked_at > month),
        )
        .order_by(ApiKey.id.desc())
    )
    return tuple(
        _snapshot(row, user.email, seat is not None and user.is_active)
        for row, user, seat in db.session.execute(statement)
    )


def revoke(*, key_id: int, by: Actor) -> None:
    """End a key at once. Raises NotFound."""
    with transaction(by=by) as unit:
        row = rows.find_row(ApiKey, key_id, "API key", lock=True)
        if row.revoked_at is not None:
            return
        row.revoked_at = datetime.now(UTC)
        db.session.flush()
        unit.record("api_key.revoked", key=row.id, name=row.name)
        security_log.note("api_key_revoked", user_id=by.user_id, detail=row.hint)


def revoke_all_of(user_id: int) -> list[int]:
    """End every key of a member who goes, in the current transaction: coming back later must not
    wake them. Returns their ids."""
    statement = (
        update(ApiKey)
        .where(
            ApiKey.business_id == current_business_id(),
            ApiKey.user_id == user_id,
            ApiKey.revoked_at.is_(None),
        )
        .values(revoked_at=func.now())
        .returning(ApiKey.id)
        .execution_options(synchronize_session=False)
    )
    return sorted(db.session.scalars(statement))


def _snapshot(row: ApiKey, creator: str, has_seat: bool) -> ApiKeySnapshot:
    expired = row.expires_at is not None and row.expires_at <= datetime.now(UTC)
    return ApiKeySnapshot(
        id=row.id,
        name=row.name,
        hint=row.hint,
        scopes=tuple(row.scopes),
        creator=creator,
        state=(
            "revoked" if row.revoked_at is not None
            else "expired" if expired
            else "active" if has_seat
            else "orphaned"
        ),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )  # fmt: skip
