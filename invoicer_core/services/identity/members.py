"""Members: who has a seat in the business, with which role."""

from typing import Final

from sqlalchemy import func, select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, Forbidden, InvalidInput
from invoicer_core.domain.permissions import BY_ROLE, ROLES
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import MemberSnapshot
from invoicer_core.models import db
from invoicer_core.models.identity import Membership, User
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import rows
from invoicer_core.services.identity import account_mail, api_keys, security_log, users
from invoicer_core.services.transaction import transaction

UNUSABLE: Final = "!"
"""The password hash of someone who was invited and has not chosen a password yet."""


def find() -> tuple[MemberSnapshot, ...]:
    """All members, the earliest first."""
    statement = (
        select(Membership, User)
        .join(User, User.id == Membership.user_id)
        .where(Membership.business_id == current_business_id())
        .order_by(Membership.id)
    )
    return tuple(_snapshot(seat, user) for seat, user in db.session.execute(statement))


def get(*, member_id: int) -> MemberSnapshot:
    """One member. Raises NotFound."""
    seat = rows.find_row(Membership, member_id, "member")
    return _with_user(seat)


def invite(*, email: str, role: str, by: Actor) -> MemberSnapshot:
    """As `add`, with a mail: a link to choose a password, or, to who has one, the news."""
    with transaction(by=by):
        member = add(email=email, role=role, by=by)
        user = users.by_email(member.email)
        if user is not None and member.pending:
            users.send_link(user, "invitation", users.INVITATION_LIFETIME)
        elif user is not None:
            account_mail.added(users.snapshot_of(user))
        return member


def invite_again(*, member_id: int, by: Actor) -> MemberSnapshot:
    """Mail a new link to who has not chosen a password yet.

    Raises:
        NotFound; Conflict: this member has come in already.
    """
    with transaction(by=by) as unit:
        seat = rows.find_row(Membership, member_id, "member")
        user = db.session.get(User, seat.user_id)
        if user is None or user.password_hash != UNUSABLE:
            raise Conflict(
                say("This member has chosen a password already and needs no invitation.")
            )
        users.send_link(user, "invitation", users.INVITATION_LIFETIME)
        unit.record("member.invited", member=seat.id, user=user.id)
        return _snapshot(seat, user)


def add(*, email: str, role: str, by: Actor) -> MemberSnapshot:
    """Give somebody a seat; who has no account yet gets one without a password.

    `invite` also mails them the link to choose it.

    Raises:
        InvalidInput: no address, no such role.
        Forbidden: only an owner makes owners.
        Conflict: this person has a seat already.
    """
    address = users.normal_email(email)
    _check_role(role, by)
    with transaction(by=by) as unit:
        user = users.by_email(address)
        if user is None:
            user = User(email=address, password_hash=UNUSABLE)
            db.session.add(user)
            db.session.flush()
        taken = select(Membership.id).where(
            Membership.business_id == current_business_id(), Membership.user_id == user.id
        )
        if db.session.scalar(taken) is not None:
            raise Conflict(say("This person is a member already: change the role instead."))
        seat = Membership(business_id=current_business_id(), user_id=user.id, role=role)
        db.session.add(seat)
        db.session.flush()
        unit.record("member.added", member=seat.id, user=user.id, role=role)
        return _snapshot(seat, user)


def change_role(
    *, member_id: int, role: str, by: Actor, expected_version: int | None = None
) -> MemberSnapshot:
    """Give a member another role; it counts from their next request on.

    Raises:
        NotFound, StaleVersion, InvalidInput.
        Forbidden: only an owner makes or unmakes owners.
        Conflict: the last owner stays owner.
    """
    with transaction(by=by) as unit:
        seat = _locked(member_id)
        rows.check_version(seat, expected_version, "member", lambda: _with_user(seat))
        _check_role(role, by)
        _check_owner(seat, by, stays=role == "owner")
        former = seat.role
        rows.assign(seat, {"role": role})
        db.session.flush()
        unit.record("member.changed", member=seat.id, user=seat.user_id, role=role, former=former)
        security_log.note("role_changed", user_id=seat.user_id, detail=f"{former} -> {role}")
        return _with_user(seat)


def remove(*, member_id: int, by: Actor) -> None:
    """Take a seat away, with the API keys made from it; it counts from the next request on.

    Raises:
        NotFound; Forbidden: only an owner removes owners; Conflict: the last owner stays.
    """
    with transaction(by=by) as unit:
        seat = _locked(member_id)
        _check_owner(seat, by, stays=False)
        db.session.delete(seat)
        db.session.flush()
        keys = api_keys.revoke_all_of(seat.user_id)
        unit.record(
            "member.removed", member=member_id, user=seat.user_id, role=seat.role, api_keys=keys
        )
        security_log.note("member_removed", user_id=seat.user_id)


def _locked(member_id: int) -> Membership:
    """Owners' seats are locked in one order first, so that two owners cannot both leave."""
    db.session.execute(
        select(Membership.id)
        .where(Membership.business_id == current_business_id(), Membership.role == "owner")
        .order_by(Membership.id)
        .with_for_update()
    )
    return rows.find_row(Membership, member_id, "member", lock=True)


def _check_role(role: str, by: Actor) -> None:
    if role not in ROLES:
        raise InvalidInput.at("/role", say("The role is one of %(known)s.", known=", ".join(ROLES)))
    if role == "owner" and not _may_own(by):
        raise Forbidden(say("Only an owner can make somebody an owner."))


def _check_owner(seat: Membership, by: Actor, *, stays: bool) -> None:
    if seat.role != "owner" or stays:
        return
    if not _may_own(by):
        raise Forbidden(say("Only an owner can change or remove an owner."))
    owners = select(func.count()).where(
        Membership.business_id == current_business_id(), Membership.role == "owner"
    )
    if (db.session.scalar(owners) or 0) < 2:
        raise Conflict(say("This is the last owner: make somebody else an owner first."))


def _may_own(by: Actor) -> bool:
    return by.kind == "system" or by.may("owners.write")


def _with_user(seat: Membership) -> MemberSnapshot:
    user = db.session.get(User, seat.user_id)
    if user is None:
        raise Conflict(say("This member's account is gone."))
    return _snapshot(seat, user)


def _snapshot(seat: Membership, user: User) -> MemberSnapshot:
    return MemberSnapshot(
        id=seat.id,
        user_id=user.id,
        email=user.email,
        name=user.name,
        role=seat.role,
        permissions=tuple(sorted(BY_ROLE[seat.role])),
        pending=user.password_hash == UNUSABLE,
        created_at=seat.created_at,
        version=seat.version,
    )
