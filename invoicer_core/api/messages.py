"""Messages: what was said to clients over every channel, and how it fared."""

from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.base import NoFields
from invoicer_core.api.schemas.queries import MessageQuery
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import MessageSnapshot, Page
from invoicer_core.services import messages

resource = Resource("messages", tag="Messages")


@resource.get("/messages", "messages.read", query=MessageQuery, answer=Page[MessageSnapshot])
def list_messages(query: MessageQuery) -> Page[MessageSnapshot]:
    """List the messages, the newest first."""
    return messages.find(**query.filters())


@resource.get("/messages/{messageId}", "messages.read", answer=MessageSnapshot)
def get_message(message_id: int) -> MessageSnapshot:
    """Get a message with its attempts."""
    return messages.get(message_id=message_id)


@resource.post(
    "/messages/{messageId}/send-again", "messages.write", body=NoFields, body_required=False,
    answer=MessageSnapshot, status=202, errors=(409,),
)  # fmt: skip
def send_message_again(message_id: int, by: Actor) -> MessageSnapshot:
    """Send a message once more: a new one with the same content, sent in the background."""
    return messages.send_again(message_id=message_id, by=by)
