"""The user's own sign-ins: where one is signed in, and ending that from afar."""

from sqlalchemy import func, select

from invoicer_core.domain.account import SignInSnapshot
from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.saying import say
from invoicer_core.models import db
from invoicer_core.models.identity import SignIn
from invoicer_core.services.identity import sessions
from invoicer_core.services.identity.security_log import Visitor
from invoicer_core.services.identity.sessions import Identity


def find(*, identity: Identity) -> tuple[SignInSnapshot, ...]:
    """The user's own sessions that stand, the newest first."""
    found = db.session.scalars(
        select(SignIn)
        .where(
            SignIn.user_id == identity.user_id,
            SignIn.revoked_at.is_(None),
            SignIn.expires_at > func.now(),
        )
        .order_by(SignIn.id.desc())
        .limit(200)
    )
    return tuple(
        SignInSnapshot(
            id=row.id,
            kind="web" if row.kind == "web" else "api",
            ip=row.ip,
            user_agent=row.user_agent,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            current=row.id == identity.sign_in_id,
        )
        for row in found
    )


def revoke(*, identity: Identity, sign_in_id: int, ip: str | None = None) -> None:
    """End one of the user's own sessions. Raises NotFound for others'."""
    row = db.session.scalars(
        select(SignIn).where(
            SignIn.id == sign_in_id,
            SignIn.user_id == identity.user_id,
            SignIn.revoked_at.is_(None),
        )
    ).first()
    if row is None:
        raise NotFound(say("There is no session with the id %(id)s.", id=sign_in_id))
    sessions.revoke_row(row, "revoked", Visitor(ip))
    db.session.commit()


def revoke_others(*, identity: Identity, ip: str | None = None) -> int:
    """End all of the user's own sessions but the one that asks; how many that were."""
    rows = db.session.scalars(
        select(SignIn).where(
            SignIn.user_id == identity.user_id,
            SignIn.revoked_at.is_(None),
            SignIn.expires_at > func.now(),
            SignIn.id != identity.sign_in_id,
        )
    ).all()
    for row in rows:
        sessions.revoke_row(row, "revoked", Visitor(ip))
    db.session.commit()
    return len(rows)
