"""A client's personal data erased: names, contacts, addresses and what was written, where the law
allows it. Issued papers and the bookings on them keep what tax law wants kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, or_, select, text, update

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import ClientSnapshot
from invoicer_core.models import db
from invoicer_core.models.documents import Message, MessageAttempt
from invoicer_core.models.invoices import CreditNote, Invoice
from invoicer_core.models.orders import Order
from invoicer_core.models.parties import Client, Contact
from invoicer_core.models.payments import Payment
from invoicer_core.models.statements import Statement
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import clients, files, invoices
from invoicer_core.services.clients import ledger, merging
from invoicer_core.services.files import attachments
from invoicer_core.services.parties import PARTY_NAMES
from invoicer_core.services.portal import visitors
from invoicer_core.services.rows import find_row, touch
from invoicer_core.services.transaction import transaction

ERASED: Final = "erased"
_FORGET: Final = text(
    "UPDATE events SET data = jsonb_build_object('id', data -> 'id', 'erased', true)"
    " WHERE business_id = :business AND client_id = :client"
    " AND (name LIKE 'client.%' OR name LIKE 'message.%')"
)
_EMPTIED: Final = (
    *(name for name in PARTY_NAMES if name not in ("name", "country", "currency", "locale")),
    "buyer_reference", "credit_limit", "notes", "channels",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasurePlan:
    """What erasing would take away, what stays, and what stands against it.

    Args:
        erased: counts of contacts, messages, drafts, files and orders whose texts go.
        kept: counts of invoices, credit notes, payments and statements that stay.
        open_accounts: what is still open; it can not be done while there is any.
    """

    client: ClientSnapshot
    erased: Mapping[str, int]
    kept: Mapping[str, int]
    open_accounts: tuple[ledger.Account, ...]
    is_erased: bool


def plan(*, client_id: int) -> ErasurePlan:
    """What `erase` would do; nothing is changed. Raises NotFound."""
    row = find_row(Client, client_id, "client", Client.deleted_at.is_(None))
    issued, draft = Invoice.issued_at.is_not(None), Invoice.issued_at.is_(None)
    return ErasurePlan(
        client=clients.get(client_id=client_id),
        erased={
            "contacts": _count(Contact, client_id),
            "messages": _count(Message, client_id),
            "drafts": _count(Invoice, client_id, draft, Invoice.deleted_at.is_(None)),
            "orders": _count(Order, client_id, Order.notes.is_not(None)),
            "attachments": len(attachments.of(("client", client_id))),
        },
        kept={
            "invoices": _count(Invoice, client_id, issued),
            "credit_notes": _count(CreditNote, client_id),
            "payments": _count(Payment, client_id),
            "statements": _count(Statement, client_id),
        },
        open_accounts=ledger.of(client_ids=[client_id]).get(client_id, ()),
        is_erased=row.erased_at is not None,
    )


def erase(*, client_id: int, by: Actor) -> ClientSnapshot:
    """Take the personal data away for good, and the client out of the lists.

    Raises:
        NotFound: no such client.
        Conflict: something is still open with this client, or money is on its way.
    """
    with transaction(by=by) as unit:
        row = find_row(Client, client_id, "client", Client.deleted_at.is_(None), lock=True)
        if row.erased_at is not None:
            return clients.get(client_id=client_id)
        _refuse_open(client_id)
        _delete_drafts(client_id, by)
        _erase_contacts(client_id)
        _erase_texts(client_id)
        _erase_files(client_id, by)
        _erase_thrown_away(client_id)
        merging.end_portal(client_id)
        visitors.forget(client_id=client_id)
        _erase_rows(row)
        db.session.flush()
        db.session.expire_all()
        snapshot = clients.get(client_id=client_id)
        unit.publish("client.updated", snapshot, client_id=client_id)
        unit.publish("client.erased", snapshot, client_id=client_id)
        unit.record("client.erased", client=client_id)
        return snapshot


def _count(model: Any, client_id: int, *conditions: Any) -> int:
    statement = select(func.count()).where(
        model.business_id == current_business_id(), model.client_id == client_id, *conditions
    )
    return db.session.scalar(statement) or 0


def _refuse_open(client_id: int) -> None:
    if ledger.of(client_ids=[client_id]).get(client_id):
        raise Conflict(
            say(
                "Something is still open with this client: settle or write off the open "
                "invoices and use or refund the unapplied money first."
            )
        )
    coming = Payment.status.in_(("pending", "unknown"))
    if _count(Payment, client_id, coming):
        raise Conflict(say("A payment of this client is on its way: wait for its outcome first."))


def _delete_drafts(client_id: int, by: Actor) -> None:
    statement = select(Invoice.id).where(
        Invoice.business_id == current_business_id(),
        Invoice.client_id == client_id,
        Invoice.issued_at.is_(None),
        Invoice.deleted_at.is_(None),
    )
    for invoice_id in db.session.scalars(statement).all():
        invoices.delete(invoice_id=invoice_id, by=by)


def _erase_contacts(client_id: int) -> None:
    """Their consents go with them."""
    statement = select(Contact).where(
        Contact.business_id == current_business_id(), Contact.client_id == client_id
    )
    for contact in db.session.scalars(statement).all():
        db.session.delete(contact)


def _erase_files(client_id: int, by: Actor) -> None:
    """Files on the client; one that is on something else too stays there."""
    for each in attachments.of(("client", client_id)):
        attachments.detach(attachment_id=each.id, by=by)
        if not attachments.places(file_id=each.file.id):
            files.delete(file_id=each.file.id, by=by)


def _erase_texts(client_id: int) -> None:
    """What was written to or about the client. A message that still waits is not sent."""
    mine = current_business_id()
    about = (Message.business_id == mine, Message.client_id == client_id)
    ids = select(Message.id).where(*about)
    db.session.execute(
        update(MessageAttempt)
        .where(MessageAttempt.business_id == mine, MessageAttempt.message_id.in_(ids))
        .values(recipient=ERASED, error=None, provider_ref=None)
    )
    waiting = (*about, Message.state == "queued")
    db.session.execute(update(Message).where(*waiting).values(state="failed", error=ERASED))
    empty = {"recipient": ERASED, "subject": None, "text": None, "html": None}
    db.session.execute(update(Message).where(*about).values(**empty, attachments=[]))
    came_in = (*about, Message.direction == "in")
    # A provider's id may hold its sender's number.
    mark = func.concat(ERASED, "-", Message.id)
    db.session.execute(
        update(Message).where(*came_in).values(provider_ref=mark, token=mark, read_at=func.now())
    )
    for model, changes in (
        (Order, {"notes": None}),
        (Payment, {"note": None}),
        (Invoice, {"internal_note": None, "tags": []}),
    ):
        columns: Any = model
        of_client = (columns.business_id == mine, columns.client_id == client_id)
        db.session.execute(update(columns).where(*of_client).values(changes))


def _erase_thrown_away(client_id: int) -> None:
    """Drafts that were deleted still say whose they were."""
    db.session.execute(
        update(Invoice)
        .where(
            Invoice.business_id == current_business_id(),
            Invoice.client_id == client_id,
            Invoice.issued_at.is_(None),
        )
        .values(client_name=ERASED, notes=None, buyer_reference=None)
    )


def _erase_rows(row: Client) -> None:
    """The client, and those that were merged into it."""
    mine = current_business_id()
    every = select(Client).where(
        Client.business_id == mine, or_(Client.id == row.id, Client.merged_into_id == row.id)
    )
    for each in db.session.scalars(every).all():
        for name in _EMPTIED:
            setattr(each, name, None)
        each.name = f"Erased client {each.id}"
        each.erased_at = func.now()
        touch(each)
        db.session.flush()
        db.session.execute(_FORGET, {"business": mine, "client": each.id})
    row.archived_at = row.archived_at or func.now()
