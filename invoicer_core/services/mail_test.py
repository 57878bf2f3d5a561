"""A test mail: the same way as every other message, so that what arrives proves that way."""

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import MessageSnapshot
from invoicer_core.services import businesses, mail_texts, messages, secret_keys

KIND = "mail_test"


def send(*, recipient: str, by: Actor, locale: str | None = None) -> MessageSnapshot:
    """Queue a test mail; a worker sends it over the e-mail channel that is on.

    Raises:
        InvalidInput: an address that cannot be written to.
        NotFound, Unavailable: nobody offers the channel, or its plugin is off.
    """
    business = businesses.current()
    letter = mail_texts.compose(
        KIND,
        locale or business.locale,
        {"business": business.name},
        link=secret_keys.settings().url,
        color=business.color,
    )
    return messages.queue(
        kind=KIND,
        recipient=recipient,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        by=by,
    )
