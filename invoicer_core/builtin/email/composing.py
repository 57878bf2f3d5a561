"""From a message to a MIME document (RFC 5322): text, HTML beside it, files after them."""

import hashlib
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime

from invoicer_core.plugin import OutgoingMessage, PermanentFailure, say


def compose(message: OutgoingMessage, *, sender: str, sender_name: str) -> EmailMessage:
    """The mail, the same for the same message: its Message-ID is derived from our token, so that
    a reader's mailbox recognises a repeated one.

    Raises:
        PermanentFailure: an address or header that cannot be written.
    """
    mail = EmailMessage(policy=SMTP)
    try:
        mail["From"] = _address(sender, sender_name)
        mail["To"] = _address(message.recipient, message.recipient_name or "")
        mail["Subject"] = _one_line(message.subject or message.kind)
        if message.reply_to and message.reply_to != sender:
            mail["Reply-To"] = _address(message.reply_to, sender_name)
    except (ValueError, IndexError, MessageError) as wrong:
        raise PermanentFailure(
            say("The mail has an address that cannot be used: %(error)s", error=str(wrong))
        ) from wrong
    mail["Date"] = format_datetime(localtime())
    mail["Message-ID"] = message_id(message, sender)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html")
    for file in message.attachments:
        major, _, minor = file.media_type.partition("/")
        mail.add_attachment(
            file.data, maintype=major, subtype=minor, filename=_one_line(file.filename)
        )
    return mail


def message_id(message: OutgoingMessage, sender: str) -> str:
    """``<token@domain>``, stable over attempts."""
    token = str(message.data.get("token") or message.message_id)
    digest = hashlib.sha256(token.encode()).hexdigest()[:40]
    return f"<{digest}@{sender.rpartition('@')[2] or 'localhost'}>"


def _address(spec: str, name: str) -> Address:
    return Address(display_name=_one_line(name), addr_spec=spec)


def _one_line(text: str) -> str:
    """Headers are single lines: whatever would begin another one becomes a blank."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
