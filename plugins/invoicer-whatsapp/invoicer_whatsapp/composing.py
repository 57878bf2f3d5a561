"""What goes out: free text where WhatsApp allows it, otherwise an approved template."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency
from flask_babel import gettext as _

from invoicer_core.plugin import (
    Attachment,
    Context,
    InvoiceSnapshot,
    NotFound,
    OutgoingMessage,
    PermanentFailure,
    Quote,
    phones,
    say,
)
from invoicer_core.plugin.use_cases import invoices, messages
from invoicer_whatsapp.settings import Template, WhatsAppSettings, template_for

Ctx = Context[WhatsAppSettings]

CHANNEL: Final = "whatsapp"
WINDOW: Final = timedelta(hours=24)
CAPTION: Final = 1024
BODY: Final = 4096
_LINK: Final = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, ready for either provider. ``file`` is the document that goes with it; with a
    ``template``, ``values`` are what goes into its gaps, by the setting's words."""

    to: str
    kind: str
    reference: str
    text: str
    link: str
    file: Attachment | None = None
    template: Template | None = None
    values: Mapping[str, str] | None = None


def is_open(last: datetime | None, now: datetime) -> bool:
    """Whether free text may go out: less than 24 hours after the client's last message. Both times
    know their zone, so that a change of the clocks makes no difference."""
    return last is not None and now - last < WINDOW


def _may_write(to: str) -> bool:
    return is_open(messages.last_inbound(channel=CHANNEL, sender=to), datetime.now(UTC))


def letter(ctx: Ctx, message: OutgoingMessage, *, freely: bool | None = None) -> Letter:
    """What is sent for a message.

    Args:
        freely: whether free text may be used; None asks the history.

    Raises:
        PermanentFailure: no such number, no template, or nothing for one of its gaps.
    """
    to = phones.required(message.recipient)
    freely = _may_write(to) if freely is None else freely
    file = message.attachments[0] if message.attachments else None
    link = message.link or next(iter(_LINK.findall(message.text)), "")
    reference = f"invoicer-{message.message_id}"
    if freely:
        most = BODY if file is None else CAPTION
        if len(message.text) > most:
            raise PermanentFailure(
                say(
                    "The text has %(count)s characters; WhatsApp takes %(most)s here. Shorten it.",
                    count=len(message.text),
                    most=most,
                )
            )
        return Letter(to, message.kind, reference, message.text, link, file)
    template = template_for(ctx.settings, message.kind, message.locale)
    if template.carries_file and file is None:
        raise PermanentFailure(
            say(
                "The template %(name)s carries a document, but this message has none.",
                name=template.name,
            )
        )
    values = _values(ctx, message, template, link)
    file = file if template.carries_file else None
    return Letter(to, message.kind, reference, message.text, link, file, template, values)


def quote(ctx: Ctx, message: OutgoingMessage) -> Quote:
    """Which way a message that is being written would go, its files not made yet; what it costs
    depends on the country and Meta's price list."""
    try:
        if _may_write(phones.required(message.recipient)):
            return Quote(note=_("Goes out as written: the client wrote within the last 24 hours."))
        template = template_for(ctx.settings, message.kind, message.locale)
    except PermanentFailure as failure:
        return Quote(note=failure.reason)
    return Quote(
        note=_(
            "Goes out as the template %(name)s (%(language)s), which Meta charges for.",
            name=template.name,
            language=template.language,
        )
    )


def _values(ctx: Ctx, message: OutgoingMessage, template: Template, link: str) -> Mapping[str, str]:
    invoice = _invoice(message.message_id)
    known = {
        "client": message.recipient_name or "",
        "business": ctx.business.name,
        "link": link,
        "text": message.text[:CAPTION],
        "document": "document",
    }
    if invoice is not None:
        known |= _of_invoice(invoice, template.language)
    values = {word: " ".join(known.get(word, "").split()) for word in template.values}
    missing = [word for word, value in values.items() if not value]
    if missing:
        raise PermanentFailure(
            say(
                "The template %(name)s has a gap for %(gap)s, and this message has nothing to put"
                " there. Use another template for this kind of message.",
                name=template.name,
                gap=missing[0],
            )
        )
    return values


def _invoice(message_id: int) -> InvoiceSnapshot | None:
    """The invoice that a message is about; what is for the recipient alone is about none."""
    try:
        about = messages.get(message_id=message_id).invoice_id
        return None if about is None else invoices.get(invoice_id=about)
    except NotFound:
        return None


def _of_invoice(invoice: InvoiceSnapshot, language: str) -> dict[str, str]:
    locale = locale_of(language)
    buyer = invoice.buyer
    found = {
        "number": invoice.invoice_number,
        "amount": format_currency(invoice.balance_due, invoice.currency, locale=locale),
        "total": format_currency(invoice.total_amount, invoice.currency, locale=locale),
        "client": (buyer.contact_name or buyer.name) if buyer is not None else "",
    }
    for word, day in (("due", invoice.due_date), ("date", invoice.issue_date)):
        if day is not None:
            found[word] = format_date(day, "long", locale=locale)
    return found


def locale_of(language: str | None) -> Locale:
    """A language as it is written (``de``, ``en-GB``, ``pt_BR``); English for one that is none."""
    try:
        return Locale.parse((language or "en").replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale("en")
