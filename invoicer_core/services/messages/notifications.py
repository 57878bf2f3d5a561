"""What is written to whom, over which channel, and when the business wants that."""

from collections.abc import Mapping, Sequence
from typing import Final

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, InvalidInput
from invoicer_core.domain.saying import say, state_word
from invoicer_core.domain.snapshots import (
    ClientSnapshot,
    InvoiceSnapshot,
    MessageSnapshot,
    UserSnapshot,
)
from invoicer_core.host import refuse_objected
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import (
    businesses,
    clients,
    invoices,
    mail_texts,
    messages,
    payments,
    secret_keys,
)
from invoicer_core.services.mail_texts import Letter
from invoicer_core.services.messages import carriers, composing, reaching
from invoicer_core.services.messages.composing import Draft
from invoicer_core.services.messages.reaching import Way
from invoicer_core.services.transaction import transaction

EMAIL: Final = "email"
Papers = Sequence[Mapping[str, int]]
"""What is attached to a message, each by its kind and id."""


HANDS_OVER: Final = frozenset({"invoice", "reminder"})
"""Messages that hand an invoice to a channel: plugins are asked before."""

RECEIPTS_MOST: Final = 10
"""The newest; an invoice paid in more parts than that is rare, and mails have a limit."""


def tell_issued(*, invoice_id: int, by: Actor, token: str | None = None) -> MessageSnapshot | None:
    """Send an issued invoice to its client over the first channel that may be used; None when there
    is no such channel.

    Raises Conflict when a plugin objects.
    """
    found = invoices.get(invoice_id=invoice_id)
    if found.state == "void":
        return None
    return _tell("invoice", found, by=by, token=token)


def send_invoice(
    *,
    invoice_id: int,
    by: Actor,
    channel: str = EMAIL,
    recipient: str | None = None,
    words: Draft | None = None,
    extra: Papers = (),
) -> MessageSnapshot:
    """A person sends an invoice, as often as they like.

    Args:
        words: what it says; None for the template's words.
        extra: what goes along beside the invoice itself.

    Raises:
        NotFound: no such invoice or channel.
        Conflict: it is a draft or void, or a plugin objects.
        InvalidInput: nobody to send it to, or no consent (``/recipient``).
    """
    found = invoices.get(invoice_id=invoice_id)
    require("invoice", found)
    return _send(
        "invoice", found, by=by, channel=channel, recipient=recipient, words=words, extra=extra
    )


def require(kind: str, invoice: InvoiceSnapshot) -> None:
    """Raises Conflict where an invoice cannot be sent, or not be reminded of."""
    if kind == "reminder":
        invoices.require_balance(invoice)
    elif invoice.state != "issued":
        raise Conflict(
            say(
                "%(number)s is %(state)s: only issued invoices are sent.",
                number=invoice.invoice_number,
                state=state_word(invoice.state),
            )
        )


def remind(
    *,
    invoice_id: int,
    by: Actor,
    channel: str = EMAIL,
    recipient: str | None = None,
    words: Draft | None = None,
    extra: Papers = (),
) -> MessageSnapshot:
    """A person reminds the client of an invoice on which something is open, due or not.

    Raises:
        NotFound: no such invoice or channel.
        Conflict: nothing is open on it, or a plugin objects.
        InvalidInput: nobody to send it to, or no consent (``/recipient``).
    """
    found = invoices.get(invoice_id=invoice_id)
    require("reminder", found)
    return _send(
        "reminder", found, by=by, channel=channel, recipient=recipient, words=words, extra=extra
    )


def letter(*, kind: str, invoice: InvoiceSnapshot, channel: str = EMAIL) -> Letter:
    """The words that a message about an invoice would have, to be read before it is sent.

    Args:
        kind: ``invoice``, ``receipt`` or ``reminder``.
    """
    return composing.about_invoice(kind=kind, invoice=invoice, channel=channel).letter()


def channels(*, client: ClientSnapshot) -> tuple[Way, ...]:
    """The ways to reach a client that are switched on, with the address known for each."""
    return reaching.ways(client)


def tell_paid(*, invoice_id: int, by: Actor) -> MessageSnapshot | None:
    """Thank for the payment, with the receipts of the payments that lie on the invoice; None
    unless the business's ``mail_paid`` says so."""
    found = invoices.get(invoice_id=invoice_id)
    if found.payment_state != "paid" or not _wanted("mail_paid"):
        return None
    return _tell("receipt", found, by=by, token=f"paid-{invoice_id}-{found.version}")


def tell_overdue(*, invoice_id: int, due: str, by: Actor) -> MessageSnapshot | None:
    """Remind of an overdue invoice, once for each due date; None unless ``mail_overdue`` says so,
    or when it was paid, voided or its reminders were stopped meanwhile."""
    found = invoices.get(invoice_id=invoice_id)
    if not found.is_overdue or found.reminders_stopped or not _wanted("mail_overdue"):
        return None
    return _tell("reminder", found, by=by, token=f"overdue-{invoice_id}-{due}")


def tell_again(
    *, kind: str, invoice_id: int, by: Actor, way: Way, thread_id: int, token: str
) -> MessageSnapshot:
    """Say the same over another way, because the one before did not reach the client.

    Raises Conflict when a plugin objects.
    """
    found = invoices.get(invoice_id=invoice_id)
    return _write(
        kind, found, way.address or "", by=by, channel=way.name, token=token, automatic=True,
        thread_id=thread_id,
    )  # fmt: skip


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


def _tell(
    kind: str, invoice: InvoiceSnapshot, *, by: Actor, token: str | None
) -> MessageSnapshot | None:
    """By itself, over the client's first way; None where there is none."""
    way = reaching.first(clients.get(client_id=invoice.client_id))
    if way is None or way.address is None:
        return None
    return _write(kind, invoice, way.address, by=by, channel=way.name, token=token, automatic=True)


def _send(
    kind: str,
    invoice: InvoiceSnapshot,
    *,
    by: Actor,
    channel: str,
    recipient: str | None,
    words: Draft | None,
    extra: Papers,
) -> MessageSnapshot:
    """By a person, to the address they typed or the client's."""
    to = recipient
    if to is None:
        carriers.find(channel)  # one that is off is refused in those words
        client = clients.get(client_id=invoice.client_id)
        to = next((each.address for each in reaching.ways(client) if each.name == channel), None)
    if to is None:
        raise InvalidInput.at("/recipient", _no_address(channel))
    return _write(kind, invoice, to, by=by, channel=channel, words=words, extra=extra)


def _no_address(channel: str) -> str:
    if channel == EMAIL:
        return say("The client has no e-mail address: say to whom.")
    return say("The client has no address on this channel: say to whom.")


def _write(
    kind: str,
    invoice: InvoiceSnapshot,
    recipient: str,
    *,
    by: Actor,
    channel: str = EMAIL,
    token: str | None = None,
    words: Draft | None = None,
    automatic: bool = False,
    thread_id: int | None = None,
    extra: Papers = (),
) -> MessageSnapshot:
    draft = words or composing.about_invoice(kind=kind, invoice=invoice, channel=channel)
    written = draft.letter()
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
            subject=written.subject or None,
            text=written.text,
            html=written.html or None,
            attachments=[*papers(kind, invoice), *extra],
            client_id=invoice.client_id,
            invoice_id=invoice.id,
            thread_id=thread_id,
            automatic=automatic,
            locale=draft.language,
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


def papers(kind: str, invoice: InvoiceSnapshot) -> list[Mapping[str, int]]:
    """The documents that a message of a kind brings by itself."""
    return _receipts(invoice) if kind == "receipt" else [{"invoice": invoice.id}]


def _receipts(invoice: InvoiceSnapshot) -> list[Mapping[str, int]]:
    """Of payments only: what a credit note or a write-off settled has no receipt."""
    page = payments.find(invoice_id=invoice.id, limit=RECEIPTS_MOST)
    return [
        {"payment": payment.id}
        for payment in reversed(page.items)
        if sum(part.amount for part in payment.allocations if part.invoice_id == invoice.id) > 0
    ]


def _wanted(setting: str) -> bool:
    return bool(businesses.current().settings.get(setting, False))
