"""Mails to users about their own account: welcome, a new password, an invitation.

They are messages of the business like any other, so they are retried, shown and counted. A link
that lets somebody in is never stored: the message holds the number of its one-time token, and
`resolve` puts the link into the text at the moment of sending.
"""

from typing import Final
from uuid import uuid4

from sqlalchemy import text

from invoicer_core.domain.snapshots import UserSnapshot
from invoicer_core.models import db
from invoicer_core.models.documents import Message
from invoicer_core.models.tenancy import current_business_id, enter_business, gate
from invoicer_core.services import secret_keys
from invoicer_core.services.opaque_tokens import FamilyToken

LINK: Final = "one-time-link"
_MARK: Final = "{link:"
_SUBJECTS: Final = {
    "password_reset": "Choose a new password",
    "invitation": "You were invited to Invoicer",
}
_TEXTS: Final = {
    "password_reset": (
        "Somebody, hopefully you, asked for a new password for {email}.\n\n"
        "Choose it here within 30 minutes:\n{link:%d}\n\n"
        "If it was not you, nothing has to be done: the present password stays.\n"
    ),
    "invitation": (
        "You were given a seat in a business on {url}.\n\n"
        "Choose your password here within 7 days:\n{link:%d}\n"
    ),
}


def welcome(user: UserSnapshot) -> None:
    """Greet a new user, within the running transaction of the new business."""
    url = secret_keys.settings().url
    _queue(
        "welcome",
        user,
        "Welcome to Invoicer",
        f"Your account {user.email} is ready.\n\nSign in at {url}/sign-in and write your first"
        " invoice.\n",
    )


def link(user: UserSnapshot, one_time_id: int, purpose: str) -> None:
    """Send a link with which the user chooses a password.

    Inside a business it is that one's message; outside, that of the user's first business. A user
    without any business gets none: there is nothing to let them into.
    """
    words = _TEXTS[purpose].replace("{email}", user.email)
    words = words.replace("{url}", secret_keys.settings().url).replace("%d", str(one_time_id))
    if db.session().info.get("unit") is not None:
        _queue(purpose, user, _SUBJECTS[purpose], words)
        return
    business_id = _business_of(user.id)
    if business_id is None:
        return
    with enter_business(business_id):
        _queue(purpose, user, _SUBJECTS[purpose], words)
        db.session.commit()


def resolve(words: str) -> str:
    """The text of a message as it is sent: with its link."""
    before, mark, after = words.partition(_MARK)
    number, brace, rest = after.partition("}")
    if not mark or not brace or not number.isascii() or not number.isdigit():
        return words
    token = FamilyToken.of_id(int(number), LINK)
    return f"{before}{secret_keys.settings().url}/reset/{token}{rest}"


def _queue(kind: str, user: UserSnapshot, subject: str, words: str) -> None:
    db.session.add(
        Message(
            business_id=current_business_id(),
            kind=kind,
            channel="email",
            recipient=user.email,
            subject=subject,
            text=words,
            token=uuid4().hex,
        )
    )
    db.session.flush()


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
