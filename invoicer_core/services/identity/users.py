"""Users: making an account, one's own data and password. A user belongs to no business; seats do.

Whether an address has an account is told to nobody: registering and asking for a new password
answer the same, and take as long, for known and unknown addresses.
"""

import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, text, update

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import FieldError, Forbidden, InvalidInput, NotFound
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import BusinessSnapshot, UserSnapshot
from invoicer_core.models import db
from invoicer_core.models.identity import OneTimeToken, SignIn, User
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import businesses, secret_keys
from invoicer_core.services import fields as check
from invoicer_core.services.identity import account_mail, passwords, security_log
from invoicer_core.services.identity.opaque_tokens import FamilyToken
from invoicer_core.services.identity.security_log import NOBODY, Visitor
from invoicer_core.services.rate_limits import check_sign_in
from invoicer_core.services.transaction import transaction

RESET_LIFETIME: Final = timedelta(minutes=30)
INVITATION_LIFETIME: Final = timedelta(days=7)
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtext(:what))")
_SPENT: Final = say("This link was used already, is too old, or incomplete. Ask for a new one.")

CHECKS: Final[Mapping[str, check.Check]] = {
    "name": check.text(200),
    "locale": check.locale,
}


def snapshot_of(user: User) -> UserSnapshot:
    """What anybody may see of a user who may see them at all."""
    return UserSnapshot(
        id=user.id,
        public_id=user.public_id,
        email=user.email,
        name=user.name,
        locale=user.locale,
        created_at=user.created_at,
    )


def by_email(address: str) -> User | None:
    """The user with this address, in whatever case it is written."""
    return db.session.scalars(select(User).where(User.email == address.lower())).first()


def normal_email(address: Any, pointer: str = "/email") -> str:
    """The address in its stored form. Raises InvalidInput at ``pointer``."""
    try:
        return check.email(address).lower()
    except ValueError as wrong:
        raise InvalidInput.at(pointer, str(wrong)) from wrong


def get(*, user_id: int) -> UserSnapshot:
    """The user with this id. Raises NotFound."""
    return snapshot_of(_row(user_id))


def needs_first() -> bool:
    """Whether nobody has an account yet: the installation waits for its first owner."""
    found = db.session.scalar(select(User.id).limit(1)) is None
    _let_go()
    return found


def is_open() -> bool:
    """Whether anybody may make an account with a business of their own."""
    return secret_keys.settings().signup == "open"


def register(
    *,
    email: str,
    password: str,
    name: str | None = None,
    business: Mapping[str, Any] | None = None,
    code: str | None = None,
    ip: str | None = None,
    user_agent: str | None = None,
) -> None:
    """Make an account with a business of its own, as far as the installation's sign-up allows.

    An address that has an account already is answered the same, after the same work.

    Args:
        business: fields of the business; its name is the user's or taken from the address.
        code: the set-up code, needed by the first owner unless sign-up is open.

    Raises:
        InvalidInput: address, password or a field of the business is wrong.
        Forbidden: sign-up is closed, or the code is wrong.
        TooManyRequests: too many tries.
    """
    address = normal_email(email)
    passwords.check_strength(password)
    checked = check.check_fields({"name": name}, CHECKS)
    fields = dict(business or {})
    fields.setdefault("name", (name or address.partition("@")[0])[:200])
    fields.setdefault("email", address)
    check.check_fields(fields, businesses.CHECKS, required=["name"], pointer="/business")
    check_sign_in(address, ip)
    visitor = Visitor(ip, user_agent)
    _check_allowed(code, visitor)
    hashed = passwords.hash_password(password)
    _found_account(address, hashed, checked, fields, visitor)


def set_up(
    *, code: str, email: str, password: str, name: str | None = None,
    business: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """The first owner's account. As `register`; Forbidden when there is an owner already."""
    if not needs_first():
        raise Forbidden(
            say("This installation has its first owner already. Sign in, or be invited.")
        )
    register(email=email, password=password, name=name, business=business, code=code)


def found_business(*, fields: Mapping[str, Any], by: Actor) -> BusinessSnapshot:
    """One more business for a user who is signed in. Raises InvalidInput, Forbidden."""
    if by.user_id is None:
        raise Forbidden(say("Only a user can found a business."))
    owner = Actor(by.kind, by.user_id, "owner", by.label)
    return businesses.create(fields=fields, owner_id=by.user_id, by=owner)


def _check_allowed(code: str | None, visitor: Visitor) -> None:
    config = secret_keys.settings()
    if config.signup == "open":
        return
    if not needs_first():
        raise Forbidden(say("Sign-up is closed here: ask an owner of the business to invite you."))
    given = (code or "").strip().upper().encode()
    if not hmac.compare_digest(given, config.setup_code.encode()):
        security_log.note("set_up_code_wrong", visitor=visitor)
        db.session.commit()
        raise Forbidden(
            say(
                "The set-up code is wrong. It stands in the log of the server, where it was "
                "started."
            )
        )


def _found_account(
    address: str,
    hashed: str,
    checked: Mapping[str, Any],
    fields: Mapping[str, Any],
    visitor: Visitor,
) -> None:
    """All rows of a new account; for a known address the same work, taken back at the end."""
    business_id = businesses.next_id()
    with enter_business(business_id):
        try:
            with transaction(by=Actor("user", None, "owner", address)) as unit:
                _lock_out_others(address)
                if secret_keys.settings().signup != "open" and not _nobody():
                    raise Forbidden(say("This installation has its first owner already."))
                known = by_email(address)
                unused = f"taken-{secrets.token_hex(8)}@invalid" if known else address
                user = User(email=unused, password_hash=hashed, **checked)
                db.session.add(user)
                db.session.flush()
                unit.by = Actor("user", user.id, "owner", unused)
                businesses.found_inside(unit, fields, user.id)
                who = snapshot_of(user)
                unit.publish("user.registered", who)
                security_log.note("registered", visitor=visitor, user_id=user.id, email=address)
                unit.record("user.registered", user=user.id)
                account_mail.welcome(who, unit.by)
                unit.flush()
                if known is not None:
                    raise _Known
        except _Known:
            security_log.note("register_known_address", visitor=visitor, email=address)
            db.session.commit()


def _lock_out_others(address: str) -> None:
    """Two registrations of one address, or two first owners, go one after the other."""
    is_open = secret_keys.settings().signup == "open"
    db.session.execute(_LOCK, {"what": f"user {address}" if is_open else "first user"})


class _Known(Exception):
    """The address has an account: everything is taken back."""


def _nobody() -> bool:
    return db.session.scalar(select(User.id).limit(1)) is None


def request_password_reset(
    *, email: str, ip: str | None = None, user_agent: str | None = None
) -> None:
    """Mail a link to choose a new password, if the address has an account; tell nobody if not.

    Raises:
        InvalidInput: this is no address.
        TooManyRequests: too many tries for this account or from this address.
    """
    address = normal_email(email)
    check_sign_in(address, ip)
    visitor = Visitor(ip, user_agent)
    with passwords.even_time():
        user = by_email(address)
        found = user is not None and user.is_active
        security_log.note(
            "password_reset_asked", visitor=visitor, email=address, detail=None if found else "-",
            user_id=user.id if user is not None else None,
        )  # fmt: skip
        db.session.commit()
        if user is not None and found:
            send_link(user, "password_reset", RESET_LIFETIME)


def send_link(user: User, purpose: str, lifetime: timedelta) -> None:
    """Mail a link with which the user chooses a password. Only the link's hash is stored."""
    row = OneTimeToken(
        user_id=user.id,
        purpose=purpose,
        token_hash=secrets.token_bytes(32),
        expires_at=datetime.now(UTC) + lifetime,
    )
    db.session.add(row)
    db.session.flush()
    row.token_hash = FamilyToken.of_id(row.id, account_mail.LINK).hash
    db.session.flush()
    who, row_id = snapshot_of(user), row.id
    if db.session().info.get("unit") is None:
        db.session.commit()
    account_mail.link(who, row_id, purpose)


def reset_password(
    *, token: str, password: str, ip: str | None = None, user_agent: str | None = None
) -> None:
    """Set a new password by a mailed link, once; every sign-in of the user ends.

    Raises:
        NotFound: the link is wrong, used or older than 30 minutes.
        InvalidInput: the password is weak.
    """
    passwords.check_strength(password)
    given = FamilyToken.parse(token, account_mail.LINK)
    hashed = passwords.hash_password(password)
    row = None
    if given is not None:
        row = db.session.scalars(
            select(OneTimeToken)
            .where(
                OneTimeToken.id == given.family,
                OneTimeToken.token_hash == given.hash,
                OneTimeToken.used_at.is_(None),
                OneTimeToken.expires_at > func.now(),
            )
            .with_for_update()
        ).first()
    visitor = Visitor(ip, user_agent)
    if row is None:
        security_log.note("password_reset_refused", visitor=visitor)
        db.session.commit()
        raise NotFound(_SPENT, [FieldError("/token", _SPENT)])
    user = _row(row.user_id)
    row.used_at = datetime.now(UTC)
    user.password_hash = hashed
    end_sign_ins(user.id, "password_reset")
    security_log.note("password_reset", visitor=visitor, user_id=user.id, email=user.email)
    db.session.commit()


def update_own(*, user_id: int, fields: Mapping[str, Any]) -> UserSnapshot:
    """Change one's own name and language; commits unless a transaction is running."""
    values = check.check_fields(fields, CHECKS, partial=True)
    user = _row(user_id)
    for name, value in values.items():
        setattr(user, name, value)
    db.session.flush()
    _commit()
    return snapshot_of(user)


def change_password(
    *, user_id: int, current: str, new: str, sign_in_id: int | None = None,
    visitor: Visitor = NOBODY,
) -> None:  # fmt: skip
    """Set one's own password; all other sign-ins of the user end.

    Raises:
        Forbidden: the current one is wrong.
        InvalidInput: the new one is too weak.
    """
    user = _row(user_id)
    if not passwords.verify(current, user.password_hash):
        security_log.note("password_change_failed", visitor=visitor, user_id=user_id)
        _commit()
        wrong = say("This is not the current password.")
        raise Forbidden(wrong, [FieldError("/current_password", wrong)])
    passwords.check_strength(new, "/password")
    user.password_hash = passwords.hash_password(new)
    end_sign_ins(user_id, "password_change", but=sign_in_id)
    security_log.note("password_changed", visitor=visitor, user_id=user_id)
    _commit()


def confirm_password(*, user_id: int, password: str, visitor: Visitor = NOBODY) -> None:
    """Make sure that it is the user who sits there. Raises Forbidden (``/password``)."""
    if not passwords.verify(password, _row(user_id).password_hash):
        security_log.note("password_wrong", visitor=visitor, user_id=user_id)
        _commit()
        wrong = say("This is not your password.")
        raise Forbidden(wrong, [FieldError("/password", wrong)])


def end_sign_ins(user_id: int, reason: str, *, but: int | None = None) -> None:
    """Revoke every sign-in of a user that stands, in the current transaction."""
    db.session.execute(
        update(SignIn)
        .where(
            SignIn.user_id == user_id,
            SignIn.revoked_at.is_(None),
            SignIn.id != (but if but is not None else 0),
        )
        .values(revoked_at=func.now(), revoke_reason=reason)
        .execution_options(synchronize_session=False)
    )


def set_active(*, user_id: int, active: bool) -> None:
    """Let a user in or keep them out; keeping out ends every sign-in."""
    user = _row(user_id)
    user.is_active = active
    if not active:
        end_sign_ins(user_id, "disabled")
    security_log.note("user_enabled" if active else "user_disabled", user_id=user_id)
    _commit()


def _row(user_id: int) -> User:
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFound.of("user", user_id)
    return user


def _let_go() -> None:
    """End the read of somebody who is in no business yet."""
    if db.session().info.get("unit") is None and not db.session().new:
        db.session.rollback()


def _commit() -> None:
    """Commit, unless a unit of work is running: that one commits."""
    if db.session().info.get("unit") is None:
        db.session.commit()
    else:
        db.session.flush()
