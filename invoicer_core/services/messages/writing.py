"""What a person writes: drafted from the templates, priced before it goes, over any channel."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import InvalidInput, InvoicerError
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import ClientSnapshot, InvoiceSnapshot, MessageSnapshot
from invoicer_core.hooks.offers import OutgoingMessage, Quote
from invoicer_core.services import businesses, clients, invoices, links, mail_texts
from invoicer_core.services.files import attachments
from invoicer_core.services.messages import carriers, composing, notifications, records
from invoicer_core.services.messages.composing import Draft
from invoicer_core.services.messages.notifications import Papers
from invoicer_core.services.messages.reaching import Way, ways
from invoicer_core.services.transaction import transaction

NOTE: Final = "note"
__all__ = ["NOTE", "Draft", "Way", "draft", "edited", "kinds", "quote", "ways", "write"]


def kinds(invoice: InvoiceSnapshot | None) -> tuple[str, ...]:
    """The kinds of messages that a person can write now, a free one last."""
    if invoice is None or invoice.state != "issued":
        return (NOTE,)
    if invoice.balance_due > 0:
        return ("invoice", "reminder", NOTE)
    return ("invoice", *(("receipt",) if invoice.payment_state == "paid" else ()), NOTE)


def draft(
    *,
    client: ClientSnapshot,
    channel: str,
    kind: str = NOTE,
    invoice: InvoiceSnapshot | None = None,
    locale: str | None = None,
) -> Draft:
    """The words to begin with, in the client's language unless told.

    Raises InvalidInput for a kind that cannot be written now (``/kind``).
    """
    known = kinds(invoice)
    reader = _reader(client, locale)
    if kind not in known:
        raise InvalidInput.at("/kind", say("This is one of %(names)s.", names=", ".join(known)))
    if invoice is not None and kind != NOTE:
        return composing.about_invoice(kind=kind, invoice=invoice, channel=channel, locale=reader)
    found = composing.drafted(
        kind=NOTE, channel=channel, locale=reader, values={"client": client.name}
    )
    if invoice is None or invoice.state != "issued":
        return found
    link = links.invoice_link(public_id=invoice.public_id, channel=carriers.kind_of(channel))
    tongue = reader or businesses.current().locale
    _, rows = mail_texts.about_invoice(NOTE, tongue, invoice, businesses.current())
    return replace(found, link=link, rows=tuple(rows))


def _reader(client: ClientSnapshot, locale: str | None) -> str | None:
    """The language to write in; the client's own form of it where it is the client's."""
    if locale is None or mail_texts.language_of(client.locale) == locale:
        return client.locale
    return locale


def edited(words: Draft, *, subject: str | None, text: str | None) -> Draft:
    """The words as the person left them.

    Raises InvalidInput: there is nothing to say (``/text``), or no subject (``/subject``).
    """
    if not (text or "").strip():
        raise InvalidInput.at("/text", say("Write what you want to say."))
    if composing.form_of(words.channel) == "long" and not (subject or "").strip():
        raise InvalidInput.at("/subject", say("Say in a few words what it is about."))
    return replace(words, subject=" ".join((subject or "").split()), text=text or "")


def quote(
    *, channel: str, text: str, recipient: str = "", kind: str = NOTE, locale: str | None = None
) -> Quote | None:
    """What a message would take, by its channel; None where that does not say.

    Raises:
        NotFound, Unavailable: nobody offers the channel, or its plugin is off.
    """
    provided = carriers.find(channel)
    if provided.offer.quote is None:
        return None
    outgoing = OutgoingMessage(
        message_id=0, kind=kind, recipient=recipient, text=text,
        locale=locale or businesses.current().locale or "en",
    )  # fmt: skip
    try:
        found = provided.offer.quote(provided.ctx, outgoing)
    except InvoicerError:
        raise
    except Exception:  # a plugin's own code: sending does not depend on its price
        provided.ctx.log.exception("%s failed to tell what a message costs", provided.offer.name)
        return None
    return found if isinstance(found, Quote) else None


def write(
    *,
    client_id: int,
    channel: str,
    recipient: str | None,
    by: Actor,
    kind: str = NOTE,
    invoice_id: int | None = None,
    subject: str | None = None,
    text: str | None = None,
    locale: str | None = None,
    thread_id: int | None = None,
    files: Sequence[int] = (),
) -> MessageSnapshot:
    """A person writes to a client; ``recipient`` None: to its address on the channel.

    Args:
        subject, text: as the person left them; None for the template's.
        files: attachments of the client or the invoice, by their files' ids.

    Raises NotFound, Unavailable, InvalidInput (``/recipient`` also without consent), Conflict.
    """
    client = clients.get(client_id=client_id)
    carriers.find(channel)
    invoice = _invoice(invoice_id, client_id, kind)
    words = draft(client=client, channel=channel, kind=kind, invoice=invoice, locale=locale)
    if text is not None or kind == NOTE:
        words = edited(words, subject=subject if subject is not None else words.subject, text=text)
    extra = _files(client_id, invoice_id, files)
    if invoice is not None and kind in notifications.HANDS_OVER:
        return _hand_over(kind, invoice, channel, recipient, words, extra, by)
    letter = words.letter()
    with transaction(by=by):
        return records.queue(
            kind=kind, recipient=recipient or _address(client, channel), channel=channel,
            subject=letter.subject or None, text=letter.text, html=letter.html or None,
            attachments=[*_receipts(kind, invoice), *extra], client_id=client_id,
            invoice_id=invoice_id, thread_id=_thread(thread_id, client_id),
            locale=words.language, by=by,
        )  # fmt: skip


def _hand_over(
    kind: str,
    invoice: InvoiceSnapshot,
    channel: str,
    recipient: str | None,
    words: Draft,
    extra: Papers,
    by: Actor,
) -> MessageSnapshot:
    send = notifications.send_invoice if kind == "invoice" else notifications.remind
    return send(
        invoice_id=invoice.id, by=by, channel=channel, recipient=recipient, words=words, extra=extra
    )


def _receipts(kind: str, invoice: InvoiceSnapshot | None) -> Papers:
    return notifications.papers(kind, invoice) if invoice is not None and kind == "receipt" else ()


def _invoice(invoice_id: int | None, client_id: int, kind: str) -> InvoiceSnapshot | None:
    if invoice_id is None:
        return None
    invoice = invoices.get(invoice_id=invoice_id)
    if invoice.client_id != client_id:
        raise InvalidInput.at("/invoice_id", say("This invoice is another client's."))
    if kind in notifications.HANDS_OVER:
        notifications.require(kind, invoice)
    return invoice


def _address(client: ClientSnapshot, channel: str) -> str:
    found = next((each.address for each in ways(client) if each.name == channel), None)
    if found is None:
        raise InvalidInput.at(
            "/recipient", say("The client has no address on this channel: say to whom.")
        )
    return found


def _files(
    client_id: int, invoice_id: int | None, wanted: Sequence[int]
) -> list[Mapping[str, int]]:
    if not wanted:
        return []
    there = {each.file.id for each in attachments.of(("client", client_id))}
    if invoice_id is not None:
        there |= {each.file.id for each in attachments.of(("invoice", invoice_id))}
    if set(wanted) - there:
        raise InvalidInput.at(
            "/files", say("Only files that are attached to the client or the invoice can go.")
        )
    return [{"file": each} for each in dict.fromkeys(wanted)]


def _thread(thread_id: int | None, client_id: int) -> int | None:
    """A conversation with this very client; another one's is begun anew."""
    if thread_id is None:
        return None
    found = records.get(message_id=thread_id)
    return found.thread_id if found.client_id == client_id else None
