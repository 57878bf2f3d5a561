"""Whether a contact agreed to be written to over a channel: when, how, and taken back when.

Every word of it stays as a row; the newest one of a contact and channel counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import func, select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.models import db
from invoicer_core.models.parties import Contact
from invoicer_core.models.statements import ContactConsent
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.invoices import standing
from invoicer_core.services.rows import find_row, refuse
from invoicer_core.services.transaction import transaction

CHANNELS: Final = ("email", "sms", "whatsapp", "voice")
HOW_LONGEST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentSnapshot:
    """One word on one channel. ``day`` is when the contact said it, ``created_at`` when it was
    written down."""

    id: int
    contact_id: int
    channel: str
    given: bool
    how: str
    day: date
    actor: str
    created_at: datetime


def record(
    *, client_id: int, contact_id: int, channel: str, given: bool, how: str, day: date, by: Actor
) -> ConsentSnapshot:
    """Note that a contact agreed to a channel, or took it back.

    Args:
        how: in what way they said so, e.g. "signed form".

    Raises:
        NotFound: no such contact of this client.
        InvalidInput: at ``/channel``, ``/how`` or ``/day``.
    """
    if channel not in CHANNELS:
        refuse("/channel", f"This is one of {', '.join(CHANNELS)}.")
    how = how.strip()
    if not how or len(how) > HOW_LONGEST:
        refuse("/how", f"Say how, in at most {HOW_LONGEST} characters.")
    with transaction(by=by) as unit:
        contact = find_row(Contact, contact_id, "contact", Contact.client_id == client_id)
        today = db.session.scalar(select(standing.today_sql()))
        if today is not None and day > today:
            raise InvalidInput.at("/day", "This day is still to come.")
        row = ContactConsent(
            business_id=current_business_id(),
            contact_id=contact.id,
            channel=channel,
            given=given,
            how=how,
            day=day,
            actor=by.label,
        )
        db.session.add(row)
        db.session.flush()
        unit.record("contact.consent", contact=contact_id, channel=channel, given=given)
        return _snapshot(row)


def history(*, contact_id: int) -> tuple[ConsentSnapshot, ...]:
    """All that a contact said, newest first."""
    return _rows([contact_id])


def current(*, contact_ids: Sequence[int]) -> dict[int, dict[str, ConsentSnapshot]]:
    """What counts today, by contact and channel; channels nobody spoke of are left out."""
    found: dict[int, dict[str, ConsentSnapshot]] = {}
    for each in _rows(contact_ids):
        found.setdefault(each.contact_id, {}).setdefault(each.channel, each)
    return found


def withdrawn(*, client_id: int, channel: str, address: str) -> bool:
    """True when a contact of the client with this address took back consent to the channel."""
    column = Contact.email if channel == "email" else Contact.phone
    statement = select(Contact.id).where(
        Contact.business_id == current_business_id(),
        Contact.client_id == client_id,
        func.lower(column) == address.lower(),
    )
    ids = db.session.scalars(statement).all()
    said = current(contact_ids=ids)
    return any(channel in each and not each[channel].given for each in said.values())


def _rows(contact_ids: Sequence[int]) -> tuple[ConsentSnapshot, ...]:
    if not contact_ids:
        return ()
    statement = (
        select(ContactConsent)
        .where(
            ContactConsent.business_id == current_business_id(),
            ContactConsent.contact_id.in_(contact_ids),
        )
        .order_by(ContactConsent.id.desc())
    )
    return tuple(_snapshot(row) for row in db.session.scalars(statement))


def _snapshot(row: ContactConsent) -> ConsentSnapshot:
    return ConsentSnapshot(
        id=row.id,
        contact_id=row.contact_id,
        channel=row.channel,
        given=row.given,
        how=row.how,
        day=row.day,
        actor=row.actor,
        created_at=row.created_at,
    )
