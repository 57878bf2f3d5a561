"""Mails of the core: what is written to whom, and when the business wants that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, InvalidInput
from invoicer_core.domain.snapshots import (
    ClientSnapshot,
    InvoiceSnapshot,
    MessageSnapshot,
    UserSnapshot,
)
from invoicer_core.hooks.offers import MessageChannel
from invoicer_core.host import offers, refuse_objected
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import (
    businesses,
    clients,
    invoices,
    links,
    mail_texts,
    messages,
    payments,
    secret_keys,
)
from invoicer_core.services.mail_texts import Letter
from invoicer_core.services.transaction import transaction

EMAIL: Final = "email"


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to reach a client. ``address`` None: it has to be typed."""

    name: str
    title: str
    address: str | None
    carries_files: bool


HANDS_OVER: Final = frozenset({"invoice", "reminder"})
"""Messages that hand an invoice to a channel: plugins are asked before."""

RECEIPTS_MOST: Final = 10
"""The newest; an invoice paid in more parts than that is rare, and mails have a limit."""


def tell_issued(*, invoice_id: int, by: Actor, token: str | None = None) -> MessageSnapshot | None:
    """Send an issued invoice to its client; None when the client has no e-mail address.

    Raises Conflict when a plugin objects.
    """
    found = invoices.get(invoice_id=invoice_id)
    recipient = _address(found)
    if recipient is None or found.state == "void":
        return None
    return _write("invoice", found, recipient, by=by, token=token, files=_itself(found))


def send_invoice(
    *, invoice_id: int, by: Actor, channel: str = EMAIL, recipient: str | None = None
) -> MessageSnapshot:
    """A person sends an invoice, as often as they like.

    Raises:
        NotFound: no such invoice or channel.
        Conflict: it is a draft or void, or a plugin objects.
        InvalidInput: nobody to send it to (``/recipient``).
    """
    found = invoices.get(invoice_id=invoice_id)
    if found.state != "issued":
        raise Conflict(f"{found.invoice_number} is {found.state}: only issued invoices are sent.")
    to = recipient or _address(found)
    if to is None:
        raise InvalidInput.at("/recipient", "The client has no e-mail address: say to whom.")
    return _write("invoice", found, to, by=by, channel=channel, files=_itself(found))


def remind(
    *, invoice_id: int, by: Actor, channel: str = EMAIL, recipient: str | None = None
) -> MessageSnapshot:
    """A person reminds the client of an invoice on which something is open, due or not.

    Raises:
        NotFound: no such invoice or channel.
        Conflict: nothing is open on it, or a plugin objects.
        InvalidInput: nobody to send it to (``/recipient``).
    """
    found = invoices.get(invoice_id=invoice_id)
    invoices.require_balance(found)
    to = recipient or _address(found)
    if to is None:
        raise InvalidInput.at("/recipient", "The client has no e-mail address: say to whom.")
    return _write("reminder", found, to, by=by, channel=channel, files=_itself(found))


def letter(*, kind: str, invoice: InvoiceSnapshot, channel: str = EMAIL) -> Letter:
    """The words that a message about an invoice would have, to be read before it is sent.

    Args:
        kind: ``invoice``, ``receipt`` or ``reminder``.
    """
    business = businesses.current()
    reader = invoice.buyer.locale if invoice.buyer is not None else None
    return mail_texts.for_invoice(
        kind,
        reader or business.locale,
        invoice,
        business,
        link=links.invoice_link(public_id=invoice.public_id, channel=channel),
    )


def channels(*, client: ClientSnapshot) -> tuple[Channel, ...]:
    """The ways to reach a client that are switched on, with the address known for each."""
    found = []
    for each in offers.every(db.session, MessageChannel, current_business_id()):
        try:
            address = each.offer.address(client)
        except Exception:  # a plugin's own code: without an address the person types one
            each.ctx.log.exception("the channel %s failed to tell an address", each.offer.name)
            address = None
        found.append(Channel(each.offer.name, each.offer.title, address, each.offer.carries_files))
    return tuple(sorted(found, key=lambda each: each.name != EMAIL))


def tell_paid(*, invoice_id: int, by: Actor) -> MessageSnapshot | None:
    """Thank for the payment, with the receipts of the payments that lie on the invoice; None
    unless the business's ``mail_paid`` says so."""
    found = invoices.get(invoice_id=invoice_id)
    recipient = _address(found)
    if recipient is None or found.payment_state != "paid" or not _wanted("mail_paid"):
        return None
    token = f"paid-{invoice_id}-{found.version}"
    return _write("receipt", found, recipient, by=by, token=token, files=_receipts(found))


def tell_overdue(*, invoice_id: int, due: str, by: Actor) -> MessageSnapshot | None:
    """Remind of an overdue invoice, once for each due date; None unless ``mail_overdue`` says so,
    or when it was paid, voided or its reminders were stopped meanwhile."""
    found = invoices.get(invoice_id=invoice_id)
    recipient = _address(found)
    if recipient is None or not found.is_overdue or found.reminders_stopped:
        return None
    if not _wanted("mail_overdue"):
        return None
    token = f"overdue-{invoice_id}-{due}"
    return _write("reminder", found, recipient, by=by, token=token, files=_itself(found))


def welcome(*, user: UserSnapshot, by: Actor) -> MessageSnapshot:
    """Greet a new user, in the business that was entered."""
    letter = mail_texts.compose(
        "welcome",
        user.locale or businesses.current().locale,
        {"name": user.name or user.email},
        link=secret_keys.settings().url,
    )
    return _queue("welcome", user.email, letter, by=by, token=f"welcome-{user.id}")


def password_reset(*, user: UserSnapshot, link: str, by: Actor) -> MessageSnapshot:
    """Send the link to choose a new password, in the business that was entered. The text is
    forgotten once it is sent and is never shown in the list of messages."""
    letter = mail_texts.compose(
        "password_reset", user.locale, {"name": user.name or user.email}, link=link
    )
    return _queue("password_reset", user.email, letter, by=by)


def _write(
    kind: str,
    invoice: InvoiceSnapshot,
    recipient: str,
    *,
    by: Actor,
    channel: str = EMAIL,
    token: str | None = None,
    files: Sequence[Mapping[str, int]] = (),
) -> MessageSnapshot:
    written = letter(kind=kind, invoice=invoice, channel=channel)
    with transaction(by=by):
        if kind in HANDS_OVER:
            refuse_objected(
                db.session(),
                "before_invoice_sent",
                invoice,
                business_id=current_business_id(),
                by=by,
            )
        return messages.queue(
            kind=kind,
            recipient=recipient,
            channel=channel,
            subject=written.subject,
            text=written.text,
            html=written.html,
            attachments=files,
            client_id=invoice.client_id,
            invoice_id=invoice.id,
            by=by,
            token=token,
        )


def _queue(
    kind: str, recipient: str, letter: Letter, *, by: Actor, token: str | None = None
) -> MessageSnapshot:
    return messages.queue(
        kind=kind,
        recipient=recipient,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        by=by,
        token=token,
    )


def _itself(invoice: InvoiceSnapshot) -> list[Mapping[str, int]]:
    return [{"invoice": invoice.id}]


def _receipts(invoice: InvoiceSnapshot) -> list[Mapping[str, int]]:
    """Of payments only: what a credit note or a write-off settled has no receipt."""
    page = payments.find(invoice_id=invoice.id, limit=RECEIPTS_MOST)
    return [
        {"payment": payment.id}
        for payment in reversed(page.items)
        if sum(part.amount for part in payment.allocations if part.invoice_id == invoice.id) > 0
    ]


def _address(invoice: InvoiceSnapshot) -> str | None:
    """Where the client reads mail today; the snapshot's address may have changed since."""
    return clients.get(client_id=invoice.client_id).email


def _wanted(setting: str) -> bool:
    return bool(businesses.current().settings.get(setting, False))
