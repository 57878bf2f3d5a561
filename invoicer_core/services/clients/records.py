"""Clients: the parties we invoice, with their contacts and what they owe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy import update as update_rows

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict
from invoicer_core.domain.money import round_money
from invoicer_core.domain.parties import phone
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import ClientSnapshot, ContactSnapshot, Page
from invoicer_core.models import db
from invoicer_core.models.identity import Business
from invoicer_core.models.invoices import Invoice
from invoicer_core.models.orders import Order
from invoicer_core.models.parties import Client, Contact
from invoicer_core.models.payments import Payment
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import parties
from invoicer_core.services.fields import (
    Check,
    check_fields,
    email,
    flag,
    names,
    number,
    text,
    written,
)
from invoicer_core.services.invoices import standing
from invoicer_core.services.parties import PartyKind, check_party, party_values
from invoicer_core.services.rows import assign, find_row, refuse, touch
from invoicer_core.services.transaction import transaction

CLIENT_CHECKS: Final[Mapping[str, Check]] = {
    "buyer_reference": text(100),
    "credit_limit": number(Decimal(0)),
    "notes": text(5_000, lines=True),
    "channels": names(10),
}
CONTACT_CHECKS: Final[Mapping[str, Check]] = {
    "name": text(200),
    "email": email,
    "phone": written(phone),
    "role": text(100),
    "is_primary": flag,
}
FALLBACK_CURRENCY: Final = "EUR"
OWING: Final = ("open", "overdue")


def create(*, fields: Mapping[str, Any], by: Actor) -> ClientSnapshot:
    """Add a client.

    Raises:
        InvalidInput: a pointer per wrong field.
        Conflict: the e-mail address is another client's (``/email``).
    """
    return parties.create(_KIND, fields, by=by)


def find_or_create(*, fields: Mapping[str, Any], by: Actor, pointer: str = "") -> ClientSnapshot:
    """The client with this e-mail address as it stands, else a new one.

    Two requests at once for the same new address end up with one client.

    Args:
        pointer: where the fields stand in what was sent.

    Raises:
        InvalidInput: a pointer per wrong field.
    """
    values = check_party(fields, CLIENT_CHECKS, pointer=pointer)
    with transaction(by=by) as unit:
        found = _by_email(values.get("email"))
        if found is not None:
            return _KIND.snapshot(found)
        row = parties.insert_row(_KIND, values)
        if row is not None:
            return _KIND.announce(unit, "created", row)
        found = _by_email(values.get("email"))
        if found is None:
            raise Conflict(say("The client was changed at this very moment. Try again."))
        return _KIND.snapshot(found)


def get(*, client_id: int) -> ClientSnapshot:
    """One client. Raises NotFound."""
    return _KIND.snapshot(_KIND.row(client_id))


@dataclass(frozen=True, slots=True)
class ClientFate:
    """What became of a client: what a plugin that was off did not hear of."""

    merged_into_id: int | None
    is_archived: bool
    is_erased: bool


def fate(*, client_id: int) -> ClientFate:
    """What became of a client, also of one that is no longer there. Raises NotFound."""
    row = find_row(Client, client_id, "client")
    return ClientFate(row.merged_into_id, row.archived_at is not None, row.erased_at is not None)


def find(
    *,
    q: str | None = None,
    status: str | None = None,
    start: date | None = None,
    end: date | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
    owing: str | None = None,
) -> Page[ClientSnapshot]:
    """Clients, the newest first; see `parties.find`.

    Args:
        owing: only those on whose invoices something is ``open``, or ``overdue``.
    """
    return parties.find(
        _KIND,
        q=q,
        status=status,
        start=start,
        end=end,
        sort=sort,
        limit=limit,
        cursor=cursor,
        only=_owing(owing),
    )


def update(
    *, client_id: int, fields: Mapping[str, Any], by: Actor, expected_version: int | None = None
) -> ClientSnapshot:
    """Change the given fields; None empties one. Issued documents keep what they say.

    Raises:
        InvalidInput, NotFound: as ever.
        StaleVersion: another version is there.
        Conflict: the e-mail address is another client's (``/email``).
    """
    return parties.update(_KIND, client_id, fields, by=by, expected_version=expected_version)


def archive(*, client_id: int, by: Actor, archived: bool = True) -> ClientSnapshot:
    """Take a client out of the lists, or back into them. Raises NotFound."""
    return parties.archive(_KIND, client_id, by=by, archived=archived)


def delete(*, client_id: int, by: Actor) -> None:
    """Remove a client without documents. Raises NotFound; Conflict: archive it instead."""
    parties.delete(_KIND, client_id, by=by)


def balances(*, client_id: int) -> dict[str, Decimal]:
    """What the client owes on open invoices, by currency. Raises NotFound."""
    _KIND.row(client_id)
    return _open_balances([client_id]).get(client_id, {})


# --- contacts ---------------------------------------------------------------------------------


def contacts(*, client_id: int) -> tuple[ContactSnapshot, ...]:
    """The people at a client, the primary one first. Raises NotFound."""
    _KIND.row(client_id)
    return _contacts([client_id]).get(client_id, ())


def add_contact(*, client_id: int, fields: Mapping[str, Any], by: Actor) -> ContactSnapshot:
    """Add a person; a new primary contact takes the place of the former one.

    Raises:
        InvalidInput, NotFound: as ever.
    """
    values = check_fields(fields, CONTACT_CHECKS, required=("name",))
    values["is_primary"] = bool(values.get("is_primary"))
    with transaction(by=by) as unit:
        client = _KIND.row(client_id, lock=True)
        if values["is_primary"]:
            _no_primary(client_id)
        contact = Contact(business_id=current_business_id(), client_id=client_id, **values)
        db.session.add(contact)
        _touched(unit, client)
        return _contact(contact)


def change_contact(
    *, client_id: int, contact_id: int, fields: Mapping[str, Any], by: Actor
) -> ContactSnapshot:
    """Change the given fields of a person. Raises InvalidInput, NotFound."""
    values = check_fields(fields, CONTACT_CHECKS, required=("name",), partial=True)
    if "is_primary" in values:
        values["is_primary"] = bool(values["is_primary"])
    with transaction(by=by) as unit:
        client = _KIND.row(client_id, lock=True)
        contact = _contact_row(client_id, contact_id)
        if values.get("is_primary") and not contact.is_primary:
            _no_primary(client_id)
        if assign(contact, values):
            _touched(unit, client)
        return _contact(contact)


def remove_contact(*, client_id: int, contact_id: int, by: Actor) -> None:
    """Remove a person. Raises NotFound."""
    with transaction(by=by) as unit:
        client = _KIND.row(client_id, lock=True)
        db.session.delete(_contact_row(client_id, contact_id))
        _touched(unit, client)


def _contact_row(client_id: int, contact_id: int) -> Contact:
    return find_row(Contact, contact_id, "contact", Contact.client_id == client_id, lock=True)


def _no_primary(client_id: int) -> None:
    db.session.execute(
        update_rows(Contact)
        .where(
            Contact.business_id == current_business_id(),
            Contact.client_id == client_id,
            Contact.is_primary,
        )
        .values(is_primary=False)
    )


def _touched(unit: Any, client: Client) -> None:
    touch(client)
    db.session.flush()
    _KIND.announce(unit, "updated", client)


def _contact(row: Contact) -> ContactSnapshot:
    return ContactSnapshot(
        id=row.id,
        name=row.name,
        email=row.email,
        phone=row.phone,
        role=row.role,
        is_primary=row.is_primary,
    )


# --- reading ----------------------------------------------------------------------------------


def _by_email(address: str | None) -> Client | None:
    """Whose address it is; of a client that was merged, the one it was merged into."""
    if address is None:
        return None
    mine = current_business_id()
    same = func.lower(Client.email) == func.lower(address)
    statement = select(Client).where(Client.business_id == mine, Client.deleted_at.is_(None))
    found = db.session.scalars(statement.where(same)).first()
    if found is not None:
        return found
    merged = select(Client.merged_into_id).where(
        Client.business_id == mine, Client.merged_into_id.is_not(None), same
    )
    return db.session.scalars(statement.where(Client.id.in_(merged))).first()


def _owing(owing: str | None) -> tuple[ColumnElement[bool], ...]:
    if owing is None:
        return ()
    if owing not in OWING:
        refuse("/owing", say("This is one of %(known)s.", known=", ".join(OWING)))
    unpaid = [
        Invoice.business_id == Client.business_id,
        Invoice.client_id == Client.id,
        Invoice.state == "issued",
        Invoice.settled < Invoice.amount_due,
    ]
    if owing == "overdue":
        unpaid.append(standing.overdue_sql())
    return (select(Invoice.id).where(*unpaid).exists(),)


def _snapshots(rows: Sequence[Client]) -> list[ClientSnapshot]:
    if not rows:
        return []
    ids = [row.id for row in rows]
    people, owed = _contacts(ids), _open_balances(ids)
    business = db.session.get_one(Business, current_business_id())
    found = []
    for row in rows:
        currency = row.currency or business.currency or FALLBACK_CURRENCY
        owes = owed.get(row.id, {}).get(currency, Decimal(0))
        found.append(
            ClientSnapshot(
                **party_values(row),
                id=row.id,
                public_id=row.public_id,
                buyer_reference=row.buyer_reference,
                credit_limit=row.credit_limit,
                notes=row.notes,
                contacts=people.get(row.id, ()),
                balance=round_money(owes, currency),
                channels=tuple(row.channels or ()),
                version=row.version,
                archived_at=row.archived_at,
                created_at=row.created_at,
                updated_at=row.updated_at,
            )
        )
    return found


def _contacts(client_ids: Sequence[int]) -> dict[int, tuple[ContactSnapshot, ...]]:
    rows = db.session.scalars(
        select(Contact)
        .where(Contact.business_id == current_business_id(), Contact.client_id.in_(client_ids))
        .order_by(Contact.is_primary.desc(), Contact.id)
    )
    found: dict[int, tuple[ContactSnapshot, ...]] = {}
    for row in rows:
        found[row.client_id] = (*found.get(row.client_id, ()), _contact(row))
    return found


def _open_balances(client_ids: Sequence[int]) -> dict[int, dict[str, Decimal]]:
    rows = db.session.execute(
        select(
            Invoice.client_id,
            Invoice.currency,
            func.sum(Invoice.amount_due - Invoice.settled),
        )
        .where(
            Invoice.business_id == current_business_id(),
            Invoice.client_id.in_(client_ids),
            Invoice.state == "issued",
            Invoice.settled < Invoice.amount_due,
        )
        .group_by(Invoice.client_id, Invoice.currency)
    )
    found: dict[int, dict[str, Decimal]] = {}
    for client_id, currency, balance in rows:
        found.setdefault(client_id, {})[currency] = round_money(balance, currency)
    return found


def _refuse_delete(row: Client) -> None:
    mine = current_business_id()
    hanging = select(
        select(Invoice.id)
        .where(
            Invoice.business_id == mine,
            Invoice.client_id == row.id,
            Invoice.deleted_at.is_(None),
        )
        .exists(),
        select(Payment.id).where(Payment.business_id == mine, Payment.client_id == row.id).exists(),
        select(Order.id)
        .where(Order.business_id == mine, Order.client_id == row.id, Order.deleted_at.is_(None))
        .exists(),
    )
    invoices, payments, orders = db.session.execute(hanging).one()
    if invoices:
        raise Conflict(say("This client has invoices: archive it instead of deleting it."))
    if payments:
        raise Conflict(say("This client has payments: archive it instead of deleting it."))
    if orders:
        raise Conflict(say("This client has orders: archive it instead of deleting it."))


_KIND: Final[PartyKind[Client, ClientSnapshot]] = PartyKind(
    "client", Client, CLIENT_CHECKS, _snapshots, _refuse_delete
)
