"""Whether many sign-ins still stand, and with which role: asked for open sockets all the time."""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from sqlalchemy import text

from invoicer_core.models import db
from invoicer_core.models.tenancy import gate

_SIGN_INS: Final = text(
    "SELECT s.id FROM sign_ins s JOIN users u ON u.id = s.user_id"
    " WHERE s.id = ANY(:ids) AND s.revoked_at IS NULL AND s.expires_at > now() AND u.is_active"
)
_ROLES: Final = text(
    "SELECT m.user_id, m.business_id, m.role FROM memberships m"
    " JOIN businesses b ON b.id = m.business_id AND b.deleted_at IS NULL"
    " WHERE m.user_id = ANY(:users)"
)


class Seat(NamedTuple):
    """A signed-in user in one business."""

    sign_in_id: int
    user_id: int
    business_id: int


def roles_of(seats: Collection[Seat]) -> Mapping[Seat, str]:
    """The role of each seat that still stands; those that are gone are left out."""
    if not seats:
        return {}
    standing = set(db.session.scalars(_SIGN_INS, {"ids": [seat.sign_in_id for seat in seats]}))
    db.session.rollback()
    with gate() as connection:
        rows = connection.execute(_ROLES, {"users": [seat.user_id for seat in seats]})
        roles = {(user_id, business_id): role for user_id, business_id, role in rows}
    return {
        seat: roles[seat.user_id, seat.business_id]
        for seat in seats
        if seat.sign_in_id in standing and (seat.user_id, seat.business_id) in roles
    }
