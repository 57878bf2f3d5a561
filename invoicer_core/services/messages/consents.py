"""Whether a contact agreed to be written to over a channel: when, how, and taken back when.

Every word of it stays as a row; the newest one of a contact and channel counts. What is said by an
address (STOP as a text message) is written down for every contact who has it, and for the address
itself, of which only a hash is kept.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.hooks.offers import MessageChannel
from invoicer_core.host import current as current_host
from invoicer_core.models import db
from invoicer_core.models.parties import Contact
from invoicer_core.models.statements import ContactConsent
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.invoices import standing
from invoicer_core.services.messages import addresses, carriers
from invoicer_core.services.messages.message_rows import PRIVATE
from invoicer_core.services.rows import find_row, refuse
from invoicer_core.services.transaction import transaction

CHANNELS: Final = ("email", "sms", "whatsapp", "voice")
HOW_LONGEST: Final = 200
_NAME: Final = re.compile(r"[a-z][a-z0-9_.-]{0,63}", re.ASCII)


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


def channels() -> tuple[str, ...]:
    """What one can agree to: the usual kinds, and those that a plugin carries."""
    offered = {each.offer.carries for each in current_host().registry.offered(MessageChannel)}
    return (*CHANNELS, *sorted(offered - set(CHANNELS)))


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
    kinds = channels()
    if channel not in kinds:
        refuse("/channel", say("This is one of %(known)s.", known=", ".join(kinds)))
    how = how.strip()
    if not how or len(how) > HOW_LONGEST:
        refuse("/how", say("Say how, in at most %(most)s characters.", most=HOW_LONGEST))
    with transaction(by=by) as unit:
        contact = find_row(Contact, contact_id, "contact", Contact.client_id == client_id)
        today = db.session.scalar(select(standing.today_sql()))
        if today is not None and day > today:
            raise InvalidInput.at("/day", say("This day is still to come."))
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


def withdraw(*, channel: str, address: str, how: str, by: Actor) -> int:
    """Whoever has this address takes back consent to a channel; how many contacts and clients that
    are. What comes again changes nothing.

    Raises:
        InvalidInput: no address (``/address``), or no name of a channel (``/channel``).
    """
    return _say(channel, address, how, given=False, by=by)


def give(*, channel: str, address: str, how: str, by: Actor) -> int:
    """Whoever has this address agrees to a channel. Otherwise as `withdraw`."""
    return _say(channel, address, how, given=True, by=by)


def allowed(*, client_id: int | None, channel: str, address: str) -> bool:
    """Whether this address may be written to over a channel: nobody who has it took consent back,
    and somebody gave it where the channel needs that.

    Args:
        client_id: whose address it is; None: that of somebody we do not know.
    """
    kind = carriers.kind_of(channel)
    said = _said(kind, address, client_id)
    if any(not each for each in said):
        return False
    return bool(said) or not _needs_consent(channel)


def refusal(*, kind: str, client_id: int | None, offer: MessageChannel, address: str) -> str | None:
    """Why a message must not go to an address over a channel, in words; None: it may.

    This is asked in two places, when a message is written down and just before it goes out, and
    decides for every channel. Codes and invitations, which the reader has just asked for or which
    go to colleagues, are no messages of the business to a client.

    Args:
        kind: of the message.
    """
    if kind in PRIVATE:
        return None
    said = _said(offer.carries, address, client_id)
    if any(not each for each in said):
        return say(
            "%(address)s does not want messages over %(channel)s. Choose another channel, "
            "or note on the contact that consent was given again.",
            address=address,
            channel=offer.title,
        )
    if not said and offer.needs_consent:
        return say(
            "%(channel)s needs consent, and none is noted for %(address)s. Note it on the "
            "contact, or choose another channel.",
            channel=offer.title,
            address=address,
        )
    return None


def withdrawn(*, client_id: int | None, channel: str, address: str) -> bool:
    """True when somebody with this address took back consent to the channel."""
    return not all(_said(carriers.kind_of(channel), address, client_id))


def _say(channel: str, address: str, how: str, *, given: bool, by: Actor) -> int:
    kind = carriers.kind_of(channel)
    if not _NAME.fullmatch(kind):
        refuse("/channel", say("This is no name of a channel."))
    if not addresses.plain(kind, address):
        refuse("/address", say("Say whose address."))
    with transaction(by=by) as unit:
        contacts = addresses.contacts_with(kind, address)
        owners = addresses.clients_with(kind, address)
        hashes = {_hash(kind, each) for each in (address, *owners.values())}
        day = db.session.scalar(select(standing.today_sql()))
        before = _newest(kind, contacts, hashes)
        whose_words: dict[str, Iterable[Any]] = {"contact_id": contacts, "address_hash": hashes}
        for column, subjects in whose_words.items():
            for whose in subjects:
                if before.get(whose) is not given:
                    row = ContactConsent(
                        business_id=current_business_id(), channel=kind, given=given, day=day,
                        how=how.strip()[:HOW_LONGEST] or "said so", actor=by.label,
                        **{column: whose},
                    )  # fmt: skip
                    db.session.add(row)
        db.session.flush()
        what = "given" if given else "withdrawn"
        unit.record(f"consent.{what}", channel=kind, contacts=sorted(contacts))
        return len(contacts) + len(owners)


def _said(kind: str, address: str, client_id: int | None) -> list[bool]:
    """The last word of each who has the address: of a contact, or of the address by itself."""
    contacts = addresses.contacts_with(kind, address, client_id=client_id)
    written = _hash(kind, address)
    rows = _consents(kind, contacts, {written})
    found: dict[int | None, bool] = {}
    for row in rows:
        # What the address said holds for each contact who has it, until they say otherwise.
        whose = [row.contact_id] if row.contact_id is not None else [*contacts, None]
        for each in whose:
            found[each] = row.given
    if contacts:
        found.pop(None, None)
    return list(found.values())


def _newest(kind: str, contacts: Iterable[int], hashes: Iterable[bytes]) -> dict[Any, bool]:
    rows = _consents(kind, contacts, hashes)
    return {row.contact_id or row.address_hash: row.given for row in rows}


def _consents(
    kind: str, contacts: Iterable[int], hashes: Iterable[bytes]
) -> Sequence[ContactConsent]:
    statement = (
        select(ContactConsent)
        .where(
            ContactConsent.business_id == current_business_id(),
            ContactConsent.channel == kind,
            ContactConsent.contact_id.in_(list(contacts))
            | ContactConsent.address_hash.in_(list(hashes)),
        )
        .order_by(ContactConsent.id)
    )
    return db.session.scalars(statement).all()


def _hash(kind: str, address: str) -> bytes:
    """Enough to know an address again; nothing to read it from once its owner is erased."""
    words = f"{current_business_id()}:{kind}:{addresses.plain(kind, address)}"
    return hashlib.sha256(words.encode()).digest()


def _needs_consent(channel: str) -> bool:
    offered = [each.offer for each in current_host().registry.offered(MessageChannel)]
    return any(each.needs_consent for each in offered if channel in (each.name, each.kind))


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
        contact_id=row.contact_id or 0,
        channel=row.channel,
        given=row.given,
        how=row.how,
        day=row.day,
        actor=row.actor,
        created_at=row.created_at,
    )
