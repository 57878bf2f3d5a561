"""Mails of the clients' pages: the one-time code, and what a client writes to the business."""

from typing import Final

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Unavailable
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import MessageSnapshot
from invoicer_core.services import businesses, clients, mail_texts, messages, secret_keys
from invoicer_core.services.identity import members
from invoicer_core.services.mail_texts import Letter

CODE: Final = "portal_code"
REQUEST: Final = "client_request"


def code(*, client_id: int, email: str, code: str, by: Actor) -> MessageSnapshot:
    """Send a one-time code, in the client's language. The text is forgotten once it is sent and
    is never shown in the list of messages."""
    business = businesses.current()
    client = clients.get(client_id=client_id)
    half = len(code) // 2
    letter = mail_texts.compose(
        CODE,
        client.locale or business.locale,
        {"business": business.name, "code": f"{code[:half]} {code[half:]}"},
        link="",
    )
    return _queue(CODE, email, letter, client_id, by)


def request(*, client_id: int, email: str, text: str, by: Actor) -> MessageSnapshot:
    """Send the business what a client asks for, e.g. a change of its address.

    Raises:
        Unavailable: the business has nobody who could be written to.
    """
    business = businesses.current()
    client = clients.get(client_id=client_id)
    recipient = business.email or _owner()
    if recipient is None:
        raise Unavailable(say("Nobody of this business can be reached by mail."), 3600)
    values = {"client": client.name, "email": email, "text": text}
    link = f"{secret_keys.settings().url}/clients/{client_id}"
    letter = mail_texts.compose(REQUEST, business.locale, values, link=link)
    return _queue(REQUEST, recipient, letter, client_id, by)


def _owner() -> str | None:
    found = (each.email for each in members.find() if each.role == "owner")
    return next(found, None)


def _queue(kind: str, recipient: str, letter: Letter, client_id: int, by: Actor) -> MessageSnapshot:
    return messages.queue(
        kind=kind,
        recipient=recipient,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        client_id=client_id,
        by=by,
    )
