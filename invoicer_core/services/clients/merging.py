"""Two clients that are one: everything of the first goes to the second.

Issued papers stay as they are: they keep the name, address and numbers they were issued with, and
only the account they count in changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import case, delete, func, select, update

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import ClientSnapshot
from invoicer_core.hooks import codec
from invoicer_core.models import Base, db
from invoicer_core.models.invoices import Invoice
from invoicer_core.models.parties import Client, Contact
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import businesses, clients
from invoicer_core.services.parties import PARTY_NAMES
from invoicer_core.services.rows import find_row, touch
from invoicer_core.services.transaction import transaction

COUNTED: Final = (
    "invoices", "credit_notes", "payments", "orders", "messages", "contacts", "statements",
    "attachments",
)  # fmt: skip
MOVED: Final = (*COUNTED, "suppliers", "visits")
"""Tables whose rows go along."""
ENDED: Final = ("portal_codes", "portal_sessions")
"""Tables whose rows are thrown away: who is signed in to the portal signs in anew."""
CHANNELS_MOST: Final = 10
"""Of the channels that a client prefers; its own come first."""
_KEEPS_OWN: Final = frozenset({"name", "email", "currency"})
_FILLED: Final = (*(name for name in PARTY_NAMES if name not in _KEEPS_OWN), "buyer_reference",
                  "credit_limit")  # fmt: skip
_EDITED: Final = frozenset({"invoices", "credit_notes", "payments", "orders", "messages",
                            "contacts", "suppliers"})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePlan:
    """What merging would do, in numbers.

    Args:
        counts: rows that move, by table.
        drafts: of the invoices, those that are drafts and will name the client that stays.
        filled: fields of the client that stays which are empty there and taken from the other.
    """

    gone: ClientSnapshot
    kept: ClientSnapshot
    counts: Mapping[str, int]
    drafts: int
    filled: tuple[str, ...]


def plan(*, client_id: int, into_id: int) -> MergePlan:
    """What `merge` would do; nothing is changed.

    Raises:
        NotFound: one of them is not there.
        InvalidInput: it is the same client (``/into``).
        Conflict: their currencies differ, so that balances would no longer add up.
    """
    gone, kept = _both(client_id, into_id)
    _refuse_unlike(gone, kept)
    drafts = select(func.count()).where(
        Invoice.business_id == current_business_id(),
        Invoice.client_id == client_id,
        Invoice.issued_at.is_(None),
        Invoice.deleted_at.is_(None),
    )
    return MergePlan(
        gone=clients.get(client_id=client_id),
        kept=clients.get(client_id=into_id),
        counts={name: count for name in COUNTED if (count := _count(name, client_id))},
        drafts=db.session.scalar(drafts) or 0,
        filled=tuple(name for name in _FILLED if _is_filled(gone, kept, name)),
    )


def merge(*, client_id: int, into_id: int, by: Actor) -> ClientSnapshot:
    """Move all of the one client to the other, which is returned; the first is no longer there.

    Raises:
        NotFound, InvalidInput, Conflict: as `plan`.
    """
    with transaction(by=by) as unit:
        gone, kept = _both(client_id, into_id, lock=True)
        _refuse_unlike(gone, kept)
        counts = {name: _count(name, client_id) for name in COUNTED}
        _fill(gone, kept)
        gone.merged_into_id, gone.deleted_at = kept.id, func.now()
        touch(gone)
        _point_on(client_id, into_id)
        db.session.flush()
        for name in MOVED:
            _move(name, gone, kept)
        end_portal(client_id)
        _keep_as_contact(gone, kept)
        touch(kept)
        db.session.flush()
        db.session.expire_all()
        snapshot = clients.get(client_id=into_id)
        unit.publish("client.updated", snapshot, client_id=into_id)
        told = {**codec.to_json(snapshot), "gone_id": client_id}
        unit.publish("client.merged", told, client_id=into_id)
        unit.record("client.merged", client=client_id, into=into_id, moved=counts)
        return snapshot


def merged_into(*, client_id: int) -> int | None:
    """The client that this one was merged into; None when it was not."""
    return db.session.scalar(
        select(Client.merged_into_id).where(
            Client.business_id == current_business_id(), Client.id == client_id
        )
    )


def end_portal(client_id: int) -> None:
    """Close the portal wherever it is open for this client."""
    for name in ENDED:
        table = _table(name)
        db.session.execute(
            delete(table).where(
                table.c.business_id == current_business_id(), table.c.client_id == client_id
            )
        )


def _both(client_id: int, into_id: int, *, lock: bool = False) -> tuple[Client, Client]:
    """In the order of their ids, so that two merges never wait for each other."""
    if client_id == into_id:
        raise InvalidInput.at("/into", say("Choose another client: this is the same one."))
    there = Client.deleted_at.is_(None)
    found = {
        each: find_row(Client, each, "client", there, lock=lock)
        for each in sorted((client_id, into_id))
    }
    return found[client_id], found[into_id]


def _refuse_unlike(gone: Client, kept: Client) -> None:
    usual = businesses.current().currency
    first, second = gone.currency or usual, kept.currency or usual
    if first != second:
        raise Conflict(
            say(
                "%(gone)s is invoiced in %(first)s, %(kept)s in %(second)s: their balances "
                "and credit limits would no longer add up. Give both the same currency first.",
                gone=gone.name,
                first=first,
                kept=kept.name,
                second=second,
            )
        )


def _table(name: str) -> Any:
    return Base.metadata.tables[name]


def _count(name: str, client_id: int) -> int:
    table = _table(name)
    there = [table.c[mark].is_(None) for mark in ("deleted_at", "removed_at") if mark in table.c]
    mine = (table.c.business_id == current_business_id(), table.c.client_id == client_id)
    return db.session.scalar(select(func.count()).select_from(table).where(*mine, *there)) or 0


def _is_filled(gone: Client, kept: Client, name: str) -> bool:
    return getattr(kept, name) is None and getattr(gone, name) is not None


def _fill(gone: Client, kept: Client) -> None:
    for name in _FILLED:
        if _is_filled(gone, kept, name):
            setattr(kept, name, getattr(gone, name))
    if gone.channels:
        kept.channels = list(dict.fromkeys([*(kept.channels or ()), *gone.channels]))[
            :CHANNELS_MOST
        ]
    if gone.notes:
        kept.notes = "\n\n".join(part for part in (kept.notes, gone.notes) if part)


def _point_on(client_id: int, into_id: int) -> None:
    """Those that were merged into the one that goes are of the one that stays."""
    db.session.execute(
        update(Client)
        .where(Client.business_id == current_business_id(), Client.merged_into_id == client_id)
        .values(merged_into_id=into_id)
    )


def _move(name: str, gone: Client, kept: Client) -> None:
    table = _table(name)
    mine = [table.c.business_id == current_business_id(), table.c.client_id == gone.id]
    values: dict[str, Any] = {"client_id": kept.id}
    if name in _EDITED:
        values |= {"version": table.c.version + 1, "updated_at": func.now()}
    if name in ("invoices", "credit_notes"):
        values["client_public_id"] = kept.public_id
    if name == "invoices":
        is_draft = table.c.issued_at.is_(None)
        values["client_name"] = case((is_draft, kept.name), else_=table.c.client_name)
    if name == "contacts":
        values["is_primary"] = False
    if name == "attachments":
        twin = table.alias("twin")
        both = select(twin.c.id).where(
            twin.c.business_id == table.c.business_id,
            twin.c.file_id == table.c.file_id,
            twin.c.client_id == kept.id,
        )
        mine.append(~both.exists())
    db.session.execute(update(table).where(*mine).values(values))


def _keep_as_contact(gone: Client, kept: Client) -> None:
    """Its address for mail is not lost: it becomes a contact, or the client's where it had none."""
    if gone.email is None:
        return
    if kept.email is None:
        kept.email = gone.email
        return
    known = select(Contact.id).where(
        Contact.business_id == current_business_id(),
        Contact.client_id == kept.id,
        func.lower(Contact.email) == gone.email.lower(),
    )
    if db.session.scalar(known) is None:
        db.session.add(
            Contact(
                business_id=current_business_id(),
                client_id=kept.id,
                name=gone.contact_name or gone.name,
                email=gone.email,
                phone=gone.phone,
            )
        )
