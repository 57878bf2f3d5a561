"""What happened, told on the live channel: which message goes to which room.

Only writes to Redis; the web processes, which hold the sockets, pass it on.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from redis import Redis
from socketio import RedisManager

from invoicer_core.domain.events import (
    CreditNoteIssued,
    Event,
    InvoiceEvent,
    PaymentEvent,
    envelope,
    live_envelope,
)
from invoicer_core.hooks import codec
from invoicer_core.models import db
from invoicer_core.services import invoices
from invoicer_core.services.portal import view

CHANNEL: Final = "flask-socketio"
FOR_CLIENTS: Final = frozenset(
    {"invoice.voided", "invoice.overdue", "invoice.written_off", "payment.refunded",
     "payment.allocated", "credit_note.issued"}
)  # fmt: skip
"""Events that a client's own pages hear of as ``changes``, beside those of the live message."""

MILLISECOND: Final = 1_000_000
_LAST: Final = "invoicer:told:"
_TOGETHER: Final = 40
"""Commands that wait for one trip to Redis at most: the first one told waits for the last."""

_KEPT: Final = 300
"""Seconds that Redis knows when a room was last told something."""


class Told(NamedTuple):
    """One message for these rooms; who is in several hears it once."""

    rooms: tuple[str, ...]
    name: str
    data: Mapping[str, Any]


class LiveJson:
    """The codec as Socket.IO wants it: money stays exact on its way through."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        """JSON text of plain values and snapshots."""
        return codec.dumps(value)

    @staticmethod
    def loads(text: str | bytes, **_: Any) -> Any:
        """Plain values; refuses what the codec refuses."""
        return codec.loads(text)


class Announcer(RedisManager):  # type: ignore[misc]  # the library has no types
    """Writes to the channel, and says so when it cannot: the delivery then stays owed."""

    def __init__(self, connection: Redis) -> None:
        super().__init__(channel=CHANNEL, write_only=True, json=LiveJson)
        self._pipe = connection.pipeline(transaction=False)

    def _publish(self, data: Any) -> None:
        now = time.time_ns() // MILLISECOND
        for room in data["room"]:
            self._pipe.set(_LAST + room, now, ex=_KEPT)
        self._pipe.publish(self.channel, with_address(data["room"], self.json.dumps(data)))

    def tell(self, event: Event) -> None:
        """Send an event to every room that may hear it, with `send` at the latest. Raises
        redis.RedisError."""
        for told in messages_for(event):
            self.emit(told.name, told.data, room=list(told.rooms), namespace="/")
        if len(self._pipe) >= _TOGETHER:
            self.send()

    def send(self) -> None:
        """Hand over what was told and waits. Raises redis.RedisError: nobody heard of it."""
        self._pipe.execute()


def told_since(redis: Redis, room: str, moment: int) -> bool:
    """Whether the room was told something at ``moment`` (milliseconds since 1970) or later; True as
    well when that is too long ago to know. Raises redis.RedisError."""
    if moment <= time.time_ns() // MILLISECOND - _KEPT * 1000:
        return True
    last: Any = redis.get(_LAST + room)
    return last is not None and int(last) >= moment


def with_address(rooms: Sequence[str], text: str) -> str:
    """The message under a first line that names its rooms: who has nobody in them need not read
    on."""
    return " ".join(rooms) + "\n" + text


def addressed(message: bytes) -> tuple[list[str], bytes] | None:
    """The rooms and the message below; None for a message without address."""
    rooms, newline, text = message.partition(b"\n")
    return (rooms.decode().split(" "), text) if newline else None


def business_room(business_id: int) -> str:
    """The room of a business's members."""
    return f"business:{business_id}"


def client_room(public_id: object) -> str:
    """The room of one client's own pages."""
    return f"client:{public_id}"


def invoice_room(public_id: object) -> str:
    """The room of one invoice's public page."""
    return f"invoice:{public_id}"


def messages_for(event: Event) -> Iterator[Told]:
    """What is said, and where: members hear everything; a client's pages only what concerns
    them, without what is internal. A fact is told once: as ``invoice`` where it has that form, as
    ``changes`` otherwise."""
    members = business_room(event.business_id)
    as_invoice = False
    for shown in _invoices_of(event):
        message = live_envelope(event, shown)
        if message is not None:
            as_invoice = True
            yield Told((members,), "invoice", message)
        yield from _for_client(event, shown)
    if not as_invoice:
        yield Told((members,), "changes", envelope(event))


def _for_client(event: Event, invoice: Mapping[str, Any]) -> Iterator[Told]:
    if invoice.get("state") == "draft":
        return
    shown = view.invoice(invoice)
    rooms = (invoice_room(shown["public_id"]), client_room(shown["client_public_id"]))
    message = live_envelope(event, shown)
    if message is not None:
        yield Told(rooms, "invoice", message)
    if event.name in FOR_CLIENTS:
        yield Told(rooms, "changes", {**envelope(event), "data": shown})


def _invoices_of(event: Event) -> list[Mapping[str, Any]]:
    """The invoices that an event is about, as JSON."""
    if isinstance(event, InvoiceEvent):
        return [event.data]
    if not isinstance(event, PaymentEvent | CreditNoteIssued):
        return []
    held = event.data.get("invoice")
    if isinstance(held, Mapping):
        return [held]
    ids = {int(each["invoice_id"]) for each in event.data.get("allocations", ())}
    found = [codec.to_json(invoices.get(invoice_id=each)) for each in sorted(ids)]
    db.session.rollback()
    return found
