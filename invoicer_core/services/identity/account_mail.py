"""Mails to users about their own account: welcome, links to choose a password, invitations."""

from typing import Final

from sqlalchemy import text

from invoicer_core.domain.actor import SYSTEM, Actor
from invoicer_core.domain.snapshots import UserSnapshot
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business, gate
from invoicer_core.services import businesses, mail_texts, messages, secret_keys
from invoicer_core.services.identity.opaque_tokens import FamilyToken
from invoicer_core.services.messages import notifications

LINK: Final = "one-time-link"


def welcome(user: UserSnapshot, by: Actor) -> None:
    """Greet a new user, within the running transaction of the new business."""
    notifications.welcome(user=user, by=by)


def link(user: UserSnapshot, one_time_id: int, purpose: str = "password_reset") -> None:
    """Send a link with which the user chooses a password.

    Args:
        purpose: ``password_reset``, or ``invitation`` into the business of the transaction.

    Within a running transaction it is that business's message; otherwise that of the user's first
    business. A user without any business gets none: there is nothing to let them into.
    """
    token = FamilyToken.of_id(one_time_id, LINK)
    address = f"{secret_keys.settings().url}/reset/{token}"
    if purpose == "invitation":
        _tell(user, "invitation", address)
        return
    if db.session().info.get("unit") is not None:
        notifications.password_reset(user=user, link=address, by=SYSTEM)
        return
    business_id = _business_of(user.id)
    if business_id is None:
        return
    with enter_business(business_id):
        notifications.password_reset(user=user, link=address, by=SYSTEM)


def added(user: UserSnapshot) -> None:
    """Tell somebody with an account of the new seat, within the running transaction."""
    _tell(user, "member_added", secret_keys.settings().url)


def confirm_address(user: UserSnapshot, new: str, token: str) -> None:
    """Send the link that makes ``new`` the user's address, to that address."""
    address = f"{secret_keys.settings().url}/confirm-address/{token}"
    _tell_from_first(user, "email_change", address, recipient=new, new=new)


def address_changed(user: UserSnapshot, new: str) -> None:
    """Tell a user at the former address that another one counts now."""
    _tell_from_first(user, "email_changed", secret_keys.settings().url, new=new)


def _tell_from_first(user: UserSnapshot, kind: str, address: str, **more: str) -> None:
    """As a message of the user's first business; who has none gets none."""
    business_id = _business_of(user.id)
    if business_id is not None:
        with enter_business(business_id):
            _tell(user, kind, address, **more)


def _tell(
    user: UserSnapshot, kind: str, address: str, *, recipient: str | None = None, **more: str
) -> None:
    business = businesses.current()
    values = {"business": business.name, "name": user.name or user.email, **more}
    letter = mail_texts.compose(kind, user.locale or business.locale, values, link=address)
    messages.queue(
        kind=kind,
        recipient=recipient or user.email,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        by=SYSTEM,
    )


def _business_of(user_id: int) -> int | None:
    with gate() as connection:
        found = connection.execute(
            text(
                "SELECT min(m.business_id) FROM memberships m JOIN businesses b"
                " ON b.id = m.business_id WHERE m.user_id = :user AND b.deleted_at IS NULL"
            ),
            {"user": user_id},
        ).scalar()
    return None if found is None else int(found)
