"""Two-step sign-in: codes of an authenticator app (TOTP, RFC 6238), and codes for when it is lost.

The app's secret is sealed as plugins' secrets are. A code is good once: the time step of the last
one taken is kept, under the lock of its row. Wrong codes are counted there, too, so that guessing
ends after five whatever happens to Redis.
"""

import hmac
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import time
from typing import Final, Literal

import pyotp
from sqlalchemy import delete, func, select

from invoicer_core import host
from invoicer_core.domain.account import TwoFactorSnapshot
from invoicer_core.domain.errors import (
    Conflict,
    FieldError,
    Forbidden,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    TooManyRequests,
)
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import UserSnapshot
from invoicer_core.host.vault import Place
from invoicer_core.models import db
from invoicer_core.models.access import RecoveryCode, SecondFactor
from invoicer_core.models.identity import OneTimeToken
from invoicer_core.services.identity import opaque_tokens, security_log, users
from invoicer_core.services.identity.security_log import NOBODY, Visitor

ISSUER: Final = "Invoicer"
STEP: Final = 30
"""Seconds that a code of the app stands for; the one before and the one after are taken, too."""

TRIES: Final = 5
PAUSE: Final = timedelta(minutes=15)
"""After so many wrong codes none is taken for so long; recovery codes are: nobody guesses them."""

CODES: Final = 10
PENDING_LIFETIME: Final = timedelta(minutes=10)
"""How long after the password the code may come."""

PURPOSE: Final = "second_step"
_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_CODE_SIGNS: Final = 16
_BLANKS: Final = re.compile(r"[\s\-]")
_WRONG: Final = say(
    "This code is wrong or was used already. Wait for the app's next one and try again."
)
_NEEDED: Final = say(
    "This account uses two-step sign-in: send the request again with the field "
    "`code`, the six digits that the authenticator app shows now, or one of the "
    "recovery codes."
)


class CodeNeeded(NotAuthenticated):
    """The password was right; a code is needed. ``token`` goes on from here, for ten minutes."""

    title = "A code is needed"

    def __init__(self, token: str) -> None:
        super().__init__(_NEEDED, [FieldError("/code", _NEEDED)])
        self.token = token


@dataclass(frozen=True, slots=True, repr=False)
class Enrolment:
    """What the authenticator app has to know: typed by hand, or read from a QR code."""

    secret: str
    uri: str


def state(*, user_id: int) -> TwoFactorSnapshot:
    """Whether it is on, since when, and how many recovery codes are left."""
    row = _row(user_id)
    left = select(func.count()).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    return TwoFactorSnapshot(
        is_on=row is not None and row.confirmed_at is not None,
        is_pending=row is not None and row.confirmed_at is None,
        since=None if row is None else row.confirmed_at,
        codes_left=int(db.session.scalar(left) or 0),
    )


def is_on(user_id: int) -> bool:
    """Whether a code is needed to sign in."""
    row = _row(user_id)
    return row is not None and row.confirmed_at is not None


# --- switching on and off -----------------------------------------------------------------------


def begin(*, user_id: int) -> None:
    """Make a new secret for an app that is to be set up. Raises Conflict when it is on."""
    row = _row(user_id, lock=True)
    if row is not None and row.confirmed_at is not None:
        raise Conflict(
            say("Two-step sign-in is on already. Switch it off first to use another app.")
        )
    if row is None:
        row = SecondFactor(user_id=user_id)
        db.session.add(row)
    row.sealed = host.current().vault.seal(_place(user_id), pyotp.random_base32())
    row.last_step = row.failures = 0
    db.session.commit()


def enrolment(*, user: UserSnapshot) -> Enrolment | None:
    """What the app needs to know, while it is being set up; None otherwise."""
    row = _row(user.id)
    if row is None or row.confirmed_at is not None:
        return None
    secret = _secret(row)
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=ISSUER)
    return Enrolment(secret, uri)


def enable(*, user_id: int, code: str, visitor: Visitor = NOBODY) -> tuple[str, ...]:
    """Switch it on with a code of the app; the recovery codes, which are shown this once.

    Raises:
        Conflict: nothing is being set up.
        InvalidInput: the code is wrong (``/code``).
        TooManyRequests: too many wrong codes.
    """
    row = _row(user_id, lock=True)
    if row is None or row.confirmed_at is not None:
        raise Conflict(say("Nothing is being set up: begin again."))
    if not _taken(row, code, visitor):
        raise InvalidInput.at("/code", _WRONG)
    row.confirmed_at = datetime.now(UTC)
    made = _new_codes(user_id)
    security_log.note("two_factor_on", visitor=visitor, user_id=user_id)
    db.session.commit()
    return made


def disable(*, user_id: int, password: str, code: str, visitor: Visitor = NOBODY) -> None:
    """Switch it off, with the password and a code.

    Raises:
        Forbidden: the password (``/password``) or the code (``/code``) is wrong.
        TooManyRequests: too many wrong codes.
    """
    users.confirm_password(user_id=user_id, password=password, visitor=visitor)
    _require(user_id, code, visitor)
    _forget(user_id)
    security_log.note("two_factor_off", visitor=visitor, user_id=user_id)
    db.session.commit()


def reset(*, email: str) -> None:
    """Switch it off for who has lost both phone and recovery codes; for whoever runs the server,
    who has made sure that it is them. Every sign-in ends.

    Raises:
        NotFound: no such user, or it is off.
    """
    user = users.by_email(email.strip())
    if user is None or _row(user.id, lock=True) is None:
        raise NotFound(say("There is no user %(email)s with two-step sign-in.", email=email))
    _forget(user.id)
    users.end_sign_ins(user.id, "two_factor_reset")
    security_log.note("two_factor_reset", user_id=user.id, email=user.email)
    db.session.commit()


def _forget(user_id: int) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    db.session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))


def renew_codes(*, user_id: int, code: str, visitor: Visitor = NOBODY) -> tuple[str, ...]:
    """New recovery codes in place of all old ones. Raises as `disable`."""
    _require(user_id, code, visitor)
    made = _new_codes(user_id)
    security_log.note("recovery_codes_renewed", visitor=visitor, user_id=user_id)
    db.session.commit()
    return made


def _require(user_id: int, code: str, visitor: Visitor) -> None:
    if _check(user_id, code, visitor) is None:
        raise Forbidden(_WRONG, [FieldError("/code", _WRONG)])


def _new_codes(user_id: int) -> tuple[str, ...]:
    """Codes of 80 random bits: their plain hashes tell nothing."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    made = tuple(
        "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_SIGNS)) for _ in range(CODES)
    )
    for code in made:
        db.session.add(RecoveryCode(user_id=user_id, code_hash=opaque_tokens.hash_of(code)))
    db.session.flush()
    return tuple("-".join(code[at : at + 4] for at in range(0, _CODE_SIGNS, 4)) for code in made)


# --- signing in ---------------------------------------------------------------------------------


def demand(user_id: int, code: str | None, visitor: Visitor) -> None:
    """Let a user on whose password was right, if no code is needed or the given one is right.

    Raises:
        CodeNeeded: one is needed and none was given.
        NotAuthenticated: the code is wrong.
        TooManyRequests: too many wrong codes.
    """
    if not is_on(user_id):
        return
    if not code:
        token = opaque_tokens.random_token()
        db.session.add(
            OneTimeToken(
                user_id=user_id,
                purpose=PURPOSE,
                token_hash=opaque_tokens.hash_of(token),
                expires_at=datetime.now(UTC) + PENDING_LIFETIME,
            )
        )
        db.session.commit()
        raise CodeNeeded(token)
    pass_code(user_id, code, visitor)


def pass_code(user_id: int, code: str, visitor: Visitor) -> None:
    """Take a code at sign-in. Raises NotAuthenticated, TooManyRequests."""
    kind = _check(user_id, code, visitor)
    if kind is None:
        raise NotAuthenticated(_WRONG, [FieldError("/code", _WRONG)])
    if kind == "recovery":
        security_log.note("recovery_code_used", visitor=visitor, user_id=user_id)
    db.session.commit()


def _check(user_id: int, code: str, visitor: Visitor) -> Literal["app", "recovery"] | None:
    """What kind of code was taken; None for a wrong one, which is then counted and committed.
    A right one is committed by the caller, with what it was for."""
    row = _row(user_id, lock=True)
    if row is None or row.confirmed_at is None:
        db.session.rollback()
        return None
    plain = _BLANKS.sub("", code).upper()
    if len(plain) == _CODE_SIGNS:
        if _recovered(user_id, plain):
            return "recovery"
        security_log.note("second_step_failed", visitor=visitor, user_id=user_id, detail="recovery")
        db.session.commit()
        return None
    return "app" if _taken(row, plain, visitor) else None


def _recovered(user_id: int, plain: str) -> bool:
    """Spend a recovery code; the lock on the factor's row keeps two from spending the same."""
    row = db.session.scalars(
        select(RecoveryCode).where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == opaque_tokens.hash_of(plain),
            RecoveryCode.used_at.is_(None),
        )
    ).first()
    if row is None:
        return False
    row.used_at = datetime.now(UTC)
    db.session.flush()
    return True


def _taken(row: SecondFactor, code: str, visitor: Visitor) -> bool:
    """Whether the app shows this code now and it was not used yet; the row is locked.

    Raises:
        TooManyRequests: too many wrong ones came before.
    """
    now = datetime.now(UTC)
    if row.failed_at is None or now - row.failed_at > PAUSE:
        row.failures = 0
    if row.failures >= TRIES and row.failed_at is not None:
        wait = int((row.failed_at + PAUSE - now).total_seconds()) + 1
        db.session.rollback()
        raise TooManyRequests(
            say("Too many wrong codes. Wait a quarter of an hour, or use a recovery code."), wait
        )
    step = next(_steps(_secret(row), _BLANKS.sub("", code)), 0)
    if step > row.last_step:
        row.last_step, row.failures, row.failed_at = step, 0, None
        vault, place = host.current().vault, _place(row.user_id)
        row.sealed = vault.resealed(place, row.sealed)
        db.session.flush()
        return True
    row.failures, row.failed_at = row.failures + 1, now
    detail = "used before" if step else None
    security_log.note("second_step_failed", visitor=visitor, user_id=row.user_id, detail=detail)
    db.session.commit()
    return False


def _steps(secret: str, code: str) -> Iterator[int]:
    """The time steps around now whose code this is, the latest first."""
    if not (len(code) == 6 and code.isascii() and code.isdigit()):
        return
    app, now = pyotp.TOTP(secret), int(time()) // STEP
    for step in (now + 1, now, now - 1):
        if hmac.compare_digest(app.generate_otp(step), code):
            yield step


def _row(user_id: int, *, lock: bool = False) -> SecondFactor | None:
    statement = select(SecondFactor).where(SecondFactor.user_id == user_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(statement).first()


def _secret(row: SecondFactor) -> str:
    return host.current().vault.open(_place(row.user_id), row.sealed)


def _place(user_id: int) -> Place:
    return Place(0, "core", f"second-factor-{user_id}")
