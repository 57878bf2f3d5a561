"""Changing the address one signs in with: asked for with the password, counted when the link that
was mailed to the new address is opened.

Whether somebody else has the new address is told to nobody: then no link is mailed, and the page
says the same.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from invoicer_core.domain.errors import FieldError, InvalidInput, NotFound
from invoicer_core.domain.saying import say
from invoicer_core.models import db
from invoicer_core.models.identity import OneTimeToken, User
from invoicer_core.services.identity import account_mail, security_log, users
from invoicer_core.services.identity.opaque_tokens import FamilyToken
from invoicer_core.services.identity.security_log import NOBODY, Visitor

PURPOSE: Final = "email_change"
LIFETIME: Final = timedelta(hours=1)
_LINK: Final = "email-change-link"
_SPENT: Final = say("This link was used already, is too old, or incomplete. Ask for a new one.")


def ask(*, user_id: int, password: str, email: str, visitor: Visitor = NOBODY) -> None:
    """Mail a link to the new address; links that were mailed before count no more.

    Raises:
        Forbidden: the password is wrong (``/password``).
        InvalidInput: this is no address, or the one they have (``/email``).
    """
    users.confirm_password(user_id=user_id, password=password, visitor=visitor)
    wanted = users.normal_email(email)
    user = db.session.get_one(User, user_id)
    if wanted == user.email:
        raise InvalidInput.at("/email", say("This is your address already."))
    _end_links(user_id)
    row = None
    if users.by_email(wanted) is None:
        row = OneTimeToken(
            user_id=user_id,
            purpose=PURPOSE,
            email=wanted,
            token_hash=secrets.token_bytes(32),
            expires_at=datetime.now(UTC) + LIFETIME,
        )
        db.session.add(row)
        db.session.flush()
        row.token_hash = FamilyToken.of_id(row.id, _LINK).hash
    security_log.note("email_change_asked", visitor=visitor, user_id=user_id, email=user.email)
    who, row_id = users.snapshot_of(user), row.id if row is not None else None
    db.session.commit()
    if row_id is not None:
        account_mail.confirm_address(who, wanted, str(FamilyToken.of_id(row_id, _LINK)))


def pending(*, token: str) -> str:
    """The address that a link confirms. Raises NotFound for one that counts no more."""
    row = _row(token)
    if row is None or row.email is None:
        raise _spent()
    return row.email


def confirm(*, token: str, visitor: Visitor = NOBODY) -> str:
    """Change the address by the mailed link, once, and tell the old one; links for a new password
    that were mailed there count no more. Returns the new address.

    Raises:
        NotFound: the link is wrong, used or older than an hour, or the address is taken by now.
    """
    row = _row(token, lock=True)
    if row is None or row.email is None:
        security_log.note("email_change_refused", visitor=visitor)
        db.session.commit()
        raise _spent()
    user = db.session.get_one(User, row.user_id)
    former, new = users.snapshot_of(user), row.email
    row.used_at = datetime.now(UTC)
    user.email = new
    try:
        db.session.flush()
    except IntegrityError as taken:
        db.session.rollback()
        raise _spent() from taken
    _end_links(user.id, "password_reset")
    security_log.note("email_changed", visitor=visitor, user_id=user.id, email=former.email)
    db.session.commit()
    account_mail.address_changed(former, new)
    return new


def _end_links(user_id: int, purpose: str = PURPOSE) -> None:
    db.session.execute(
        update(OneTimeToken)
        .where(
            OneTimeToken.user_id == user_id,
            OneTimeToken.purpose == purpose,
            OneTimeToken.used_at.is_(None),
        )
        .values(used_at=func.now())
    )


def _row(token: str, *, lock: bool = False) -> OneTimeToken | None:
    given = FamilyToken.parse(token, _LINK)
    if given is None:
        return None
    statement = select(OneTimeToken).where(
        OneTimeToken.id == given.family,
        OneTimeToken.token_hash == given.hash,
        OneTimeToken.purpose == PURPOSE,
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > func.now(),
    )
    return db.session.scalars(statement.with_for_update() if lock else statement).first()


def _spent() -> NotFound:
    return NotFound(_SPENT, [FieldError("/token", _SPENT)])
