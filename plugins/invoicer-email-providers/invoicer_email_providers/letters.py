"""From a message to what each provider takes: JSON for one, a MIME document for the other."""

import base64
import hashlib
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime
from typing import Any, Final

from invoicer_core.plugin import OutgoingMessage, PermanentFailure, RetryLater, say
from invoicer_email_providers.settings import Ctx, answers_to, sender

MARK: Final = "invoicer_ref"
"""What carries our own reference through the provider and back in its events."""


def reference(message: OutgoingMessage) -> str:
    """Ours for this message, the same however often it is tried; nobody can guess it."""
    token = str(message.data.get("token") or message.message_id)
    return hashlib.sha256(f"mail {token}".encode()).hexdigest()[:40]


def as_json(ctx: Ctx, message: OutgoingMessage) -> dict[str, Any]:
    """The body of ``POST /v3/mail/send``. Raises as `checked_sender`."""
    address, name = checked_sender(ctx)
    to = {"email": message.recipient}
    if message.recipient_name:
        to["name"] = one_line(message.recipient_name)
    content = [{"type": "text/plain", "value": message.text or " "}]
    if message.html is not None:
        content.append({"type": "text/html", "value": message.html})
    made: dict[str, Any] = {
        "personalizations": [{"to": [to], "custom_args": {MARK: reference(message)}}],
        "from": {"email": address, "name": one_line(name)},
        "subject": one_line(message.subject or message.kind),
        "content": content,
        "headers": {"Auto-Submitted": "auto-generated"},
        "categories": ["invoicer"],
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": ctx.settings.count_opens},
        },
    }
    if reply_to := answers_to(ctx, message.reply_to):
        made["reply_to"] = {"email": reply_to}
    if message.attachments:
        made["attachments"] = [
            {
                "content": base64.b64encode(each.data).decode("ascii"),
                "type": each.media_type,
                "filename": one_line(each.filename),
                "disposition": "attachment",
            }
            for each in message.attachments
        ]
    return made


def as_mime(ctx: Ctx, message: OutgoingMessage) -> bytes:
    """The whole mail. Raises as `checked_sender`, and PermanentFailure for a wrong address."""
    address, name = checked_sender(ctx)
    mail = EmailMessage(policy=SMTP)
    try:
        mail["From"] = Address(display_name=one_line(name), addr_spec=address)
        mail["To"] = Address(
            display_name=one_line(message.recipient_name or ""), addr_spec=message.recipient
        )
        mail["Subject"] = one_line(message.subject or message.kind)
        if reply_to := answers_to(ctx, message.reply_to):
            mail["Reply-To"] = Address(addr_spec=reply_to)
    except (ValueError, IndexError, MessageError) as wrong:
        raise PermanentFailure(f"The mail has an address that cannot be used: {wrong}") from wrong
    mail["Date"] = format_datetime(localtime())
    mail["Message-ID"] = f"<{reference(message)}@{address.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html")
    for file in message.attachments:
        major, _slash, minor = file.media_type.partition("/")
        mail.add_attachment(
            file.data, maintype=major, subtype=minor, filename=one_line(file.filename)
        )
    return mail.as_bytes()


def checked_sender(ctx: Ctx) -> tuple[str, str]:
    """Address and name. Raises RetryLater: nobody set an address yet."""
    address, name = sender(ctx)
    if not address:
        raise RetryLater(
            say("No sender: set the business's e-mail address, or one for this plugin.")
        )
    return address, name


def one_line(text: str) -> str:
    """Headers are single lines: whatever would begin another one becomes a blank."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
