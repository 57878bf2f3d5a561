"""How a client gets into its own pages: a one-time code by mail, then a session of its own.

Who asks for a code holds the link of one of the client's invoices. Whether the address that was
typed is one of the client's is told to nobody: the answer, its time and the tries are the same.
"""

import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import NotAuthenticated
from invoicer_core.domain.saying import say
from invoicer_core.models import db
from invoicer_core.models.parties import Client, Contact
from invoicer_core.models.portal import PortalCode, PortalSession
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import secret_keys
from invoicer_core.services.identity import passwords, security_log
from invoicer_core.services.identity.opaque_tokens import FamilyToken
from invoicer_core.services.identity.security_log import Visitor
from invoicer_core.services.portal import mail
from invoicer_core.services.rate_limits import check_sign_in
from invoicer_core.services.transaction import transaction

CODE_LIFETIME: Final = timedelta(minutes=10)
DIGITS: Final = 8
MOST_TRIES: Final = 5
LIFETIME: Final = timedelta(hours=8)
IDLE: Final = timedelta(hours=1)
_SEEN_EVERY: Final = timedelta(minutes=5)
_SESSION: Final = "portal-session"
_CODE: Final = "portal-code"
_LIVE: Final = "portal-live"
FOR_LIVE: Final = "visit."
"""How a pass for the live channel begins; no link of an invoice holds a dot."""
_ENDED: Final = say("This session has ended. Sign in again.")
_WRONG: Final = say("This code is wrong, was used already, or is older than 10 minutes.")


@dataclass(frozen=True, slots=True)
class Visit:
    """A client on its own pages."""

    session_id: int
    client_id: int
    email: str
    expires_at: datetime

    def actor(self) -> Actor:
        """The one who acts, for services."""
        return Actor("portal", label=self.email)


@dataclass(frozen=True, slots=True)
class PortalSessionSnapshot:
    """A browser in which a client's pages are open, as the business sees it."""

    id: int
    email: str
    ip: str | None
    user_agent: str | None
    created_at: datetime
    last_seen_at: datetime


def ask(*, client_id: int, email: str, visitor: Visitor) -> UUID:
    """Mail a code to the address, if it is one of the client's; tell nobody whether it is.

    Codes asked for earlier are worth nothing any more. Returns the id of the question.

    Raises:
        TooManyRequests: too many tries for this address or from this place.
    """
    address = email.strip().lower()[:254]
    check_sign_in(f"portal {current_business_id()} {address}", visitor.ip)
    with passwords.even_time(0.25), transaction(by=Actor("portal", label="client")) as unit:
        known = address in _addresses(client_id)
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        _end_codes(client_id)
        row = PortalCode(
            business_id=current_business_id(),
            client_id=client_id,
            email=address if known else None,
            code_hash=secrets.token_bytes(32),
            expires_at=_now() + CODE_LIFETIME,
        )
        db.session.add(row)
        db.session.flush()
        if known:
            row.code_hash = hash_of_code(row.public_id, code)
            db.session.flush()
            mail.code(client_id=client_id, email=address, code=code, by=unit.by)
        security_log.note(
            "portal_code_asked", visitor=visitor, email=address, detail=None if known else "-"
        )
        unit.record("portal.code_asked", client=client_id)
        return row.public_id


def enter(*, client_id: int, question: UUID, code: str, visitor: Visitor) -> str:
    """Open the client's pages for who types the right code; returns the browser's token.

    Raises:
        NotAuthenticated: wrong, used, too old, or tried five times; in the same words.
        TooManyRequests: too many tries from this place.
    """
    check_sign_in(f"portal {question}", visitor.ip)
    typed = "".join(sign for sign in code if sign.isascii() and sign.isdigit())[:20]
    row = db.session.scalars(
        select(PortalCode)
        .where(
            PortalCode.business_id == current_business_id(),
            PortalCode.public_id == question,
            PortalCode.client_id == client_id,
        )
        .with_for_update()
    ).first()
    if row is None or not _is_right(row, typed):
        security_log.note("portal_code_wrong", visitor=visitor, email=row.email if row else None)
        db.session.commit()
        raise NotAuthenticated(_WRONG)
    return _open(row, visitor)


def business_of(token: str | None) -> int | None:
    """Which business a browser's token belongs to; None for one that is not ours."""
    given = FamilyToken.parse(token, _SESSION) if token and len(token) < 200 else None
    return None if given is None else given.family


def authenticate(token: str) -> Visit | None:
    """Who a browser's token stands for, in the business that was entered; None when the session
    ended, the client is gone, or the address is none of the client's any more."""
    given = FamilyToken.parse(token, _SESSION)
    if given is None:
        return None
    row = db.session.scalars(
        select(PortalSession).where(
            PortalSession.business_id == current_business_id(),
            PortalSession.token_hash == given.hash,
            PortalSession.revoked_at.is_(None),
            PortalSession.expires_at > func.now(),
            PortalSession.last_seen_at > _now() - IDLE,
        )
    ).first()
    if row is None or row.email not in _addresses(row.client_id):
        return None
    visit = Visit(row.id, row.client_id, row.email, row.expires_at)
    if _now() - row.last_seen_at > _SEEN_EVERY:
        row.last_seen_at = _now()
        db.session.commit()
    return visit


def live_pass(*, visit: Visit) -> str:
    """With what the client's pages follow changes: the cookie is for their addresses only."""
    return f"{FOR_LIVE}{current_business_id()}.{FamilyToken.of_id(visit.session_id, _LIVE)}"


def open_pass(given: str) -> tuple[int, int]:
    """The business and the session that a pass was made for; whether the session stands is for
    `standing`. Raises NotAuthenticated."""
    business_id, _dot, token = given.removeprefix(FOR_LIVE).partition(".")
    found = FamilyToken.parse(token, _LIVE) if len(token) < 200 else None
    if found is None or not business_id.isascii() or not business_id.isdecimal():
        raise NotAuthenticated(_ENDED)
    return int(business_id[:18]), found.family


def standing(*, session_ids: Collection[int]) -> dict[int, UUID]:
    """Which of these sessions stand, each with the public id of its client."""
    rows = db.session.execute(
        select(PortalSession.id, Client.public_id)
        .join(
            Client,
            (Client.business_id == PortalSession.business_id)
            & (Client.id == PortalSession.client_id),
        )
        .where(
            PortalSession.business_id == current_business_id(),
            PortalSession.id.in_(session_ids),
            PortalSession.revoked_at.is_(None),
            PortalSession.expires_at > func.now(),
            PortalSession.last_seen_at > _now() - IDLE,
        )
    )
    return {int(session_id): client for session_id, client in rows}


def sign_out(*, visit: Visit) -> None:
    """End this browser's session."""
    _revoke(PortalSession.id == visit.session_id)
    db.session.commit()


def find(*, client_id: int) -> tuple[PortalSessionSnapshot, ...]:
    """The sessions of a client that stand, newest first."""
    rows = db.session.scalars(
        select(PortalSession)
        .where(
            PortalSession.business_id == current_business_id(),
            PortalSession.client_id == client_id,
            PortalSession.revoked_at.is_(None),
            PortalSession.expires_at > func.now(),
            PortalSession.last_seen_at > _now() - IDLE,
        )
        .order_by(PortalSession.id.desc())
        .limit(100)
    )
    names = PortalSessionSnapshot.__dataclass_fields__
    return tuple(
        PortalSessionSnapshot(**{name: getattr(row, name) for name in names}) for row in rows
    )


def revoke_all(*, client_id: int, by: Actor) -> None:
    """End every session and code of a client."""
    with transaction(by=by) as unit:
        _end_codes(client_id)
        _revoke(PortalSession.client_id == client_id)
        unit.record("portal.revoked", client=client_id)


def forget(*, client_id: int) -> None:
    """Throw a client's codes and sessions away, in the running transaction."""
    for table in (PortalCode, PortalSession):
        db.session.execute(
            delete(table)
            .where(table.business_id == current_business_id(), table.client_id == client_id)
            .execution_options(synchronize_session=False)
        )


# --- inside --------------------------------------------------------------------------------------


def _addresses(client_id: int) -> frozenset[str]:
    """Where the client's people read mail, in small letters; none of a client that is gone."""
    mine = current_business_id()
    own = select(Client.email).where(
        Client.business_id == mine, Client.id == client_id, Client.deleted_at.is_(None)
    )
    people = (
        select(Contact.email)
        .join(
            Client, (Client.business_id == Contact.business_id) & (Client.id == Contact.client_id)
        )
        .where(
            Contact.business_id == mine,
            Contact.client_id == client_id,
            Client.deleted_at.is_(None),
        )
    )
    return frozenset(
        each.lower() for each in db.session.scalars(own.union_all(people)) if each is not None
    )


def _is_right(row: PortalCode, typed: str) -> bool:
    """Counts the try; the sixth is not even compared."""
    usable = row.used_at is None and row.expires_at > _now() and row.tries < MOST_TRIES
    row.tries = row.tries + 1
    right = hmac.compare_digest(row.code_hash, hash_of_code(row.public_id, typed))
    return usable and right and row.email is not None


def _open(row: PortalCode, visitor: Visitor) -> str:
    assert row.email is not None  # noqa: S101 - `_is_right` says so
    token = FamilyToken.first(current_business_id(), _SESSION)
    with transaction(by=Actor("portal", label=row.email)) as unit:
        row.used_at = _now()
        session = PortalSession(
            business_id=row.business_id,
            client_id=row.client_id,
            email=row.email,
            token_hash=token.hash,
            ip=security_log.clean(visitor.ip),
            user_agent=security_log.clean(visitor.user_agent),
            expires_at=_now() + LIFETIME,
        )
        db.session.add(session)
        db.session.flush()
        security_log.note("portal_entered", visitor=visitor, email=row.email)
        unit.record("portal.entered", client=row.client_id, session=session.id)
    return str(token)


def hash_of_code(question: UUID, code: str) -> bytes:
    """Keyed, so that who reads the table cannot try all codes."""
    return hmac.new(secret_keys.newest(_CODE), question.bytes + code.encode(), sha256).digest()


def _end_codes(client_id: int) -> None:
    db.session.execute(
        update(PortalCode)
        .where(
            PortalCode.business_id == current_business_id(),
            PortalCode.client_id == client_id,
            PortalCode.used_at.is_(None),
        )
        .values(used_at=func.now())
        .execution_options(synchronize_session=False)
    )


def _revoke(condition: ColumnElement[bool]) -> None:
    db.session.execute(
        update(PortalSession)
        .where(
            PortalSession.business_id == current_business_id(),
            PortalSession.revoked_at.is_(None),
            condition,
        )
        .values(revoked_at=func.now())
        .execution_options(synchronize_session=False)
    )


def _now() -> datetime:
    return datetime.now(UTC)
