"""What is written to clients, and the words it is written with."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from invoicer_core.api.schemas.base import Body, Id, Query, Stored, Text200, Text10000

ChannelName = Annotated[
    str, StringConstraints(strict=True, max_length=64, pattern=r"^[a-z][a-z0-9_.-]*$")
]
ChannelOrder = Annotated[list[ChannelName], Field(max_length=10)]
MessageKind = Literal["invoice", "reminder", "receipt", "note"]
TemplateKind = Literal["invoice", "reminder", "receipt", "payment", "statement", "order", "note"]
Recipient = Annotated[str, StringConstraints(strict=True, min_length=3, max_length=320), Stored]
Language = Literal["en", "de", "fr", "es"]


class MessageInput(Body):
    """A message to a client; without words of its own it says what the template says.

    ``thread_id`` is the conversation that it belongs to.
    """

    client_id: Id
    channel: ChannelName = "email"
    recipient: Recipient | None = None
    kind: MessageKind = "note"
    invoice_id: Id | None = None
    subject: Text200 | None = None
    text: Text10000 | None = None
    language: Language | None = None
    thread_id: Id | None = None


class QuoteInput(Body):
    """A message that is not sent yet."""

    channel: ChannelName
    text: Text10000
    recipient: Recipient | None = None
    client_id: Id | None = None
    kind: MessageKind = "note"


class TemplateQuery(Query):
    """Which templates."""

    kind: TemplateKind | None = None


class TemplateInput(Body):
    """The business's own words; ``subject`` is of e-mails only."""

    subject: Text200 | None = None
    text: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=10_000), Stored]
