"""The bodies of webhooks: where to send which events."""

from typing import Annotated

from pydantic import Field, StringConstraints, WithJsonSchema

from invoicer_core.api.schemas.base import (
    LEFT_OUT,
    Body,
    Flag,
    Id,
    Query,
    QueryNumber,
    Stored,
    Text200,
)
from invoicer_core.domain.events import EVENTS

Address = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=2000), Stored]
EventName = Annotated[
    str,
    StringConstraints(strict=True, max_length=100),
    WithJsonSchema({"type": "string", "enum": sorted(EVENTS)}),
]
EventNames = Annotated[list[EventName], Field(min_length=1, max_length=100)]


class WebhookInput(Body):
    """An address that begins with https:// and lies in the open Internet, and the events it is
    told."""

    url: Address
    description: Text200 | None = None
    events: EventNames


class WebhookUpdate(Body):
    """What is sent is changed. ``on`` switches it on, which also sends what was kept for it, or
    off."""

    url: Address = LEFT_OUT
    description: Text200 | None = None
    events: EventNames = LEFT_OUT
    on: Flag = LEFT_OUT


class ResendInput(Body):
    """Which event is sent once more: the delivery of one of the attempts."""

    delivery_id: Id


class WebhookQuery(Query):
    """A page of webhooks, or of what was sent to one."""

    limit: Annotated[int, Field(ge=1, le=200), QueryNumber] | None = None
    cursor: Annotated[str, StringConstraints(max_length=1000)] | None = None
