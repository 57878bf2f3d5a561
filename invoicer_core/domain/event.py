"""What a fact is: the base of all events, the typed view of its data, and its envelope."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Final, Generic, TypeVar, overload
from uuid import UUID

T = TypeVar("T")

EVENTS: Final[dict[str, type["Event"]]] = {}


@dataclass(frozen=True)
class Event:
    """Something that happened in a business and cannot be undone, only countered.

    Args:
        id: rising within the whole installation; the same event is delivered with the same id.
        business_id: whose fact it is.
        occurred_at: UTC.
        data: the snapshot, as JSON: numbers are ``Decimal`` or ``int``, times are ISO 8601 text.
        version: of the layout of ``data``; it rises when a field changes its meaning.
    """

    name: ClassVar[str]

    id: int
    business_id: int
    occurred_at: datetime
    data: Mapping[str, Any]
    version: int = 1

    def __init_subclass__(cls) -> None:
        name = cls.__dict__.get("name")
        if name is None:
            return
        if name in EVENTS:
            raise TypeError(f"two event classes are named {name}")
        EVENTS[name] = cls

    @classmethod
    def about(cls) -> str:
        """What happened, in one sentence."""
        sentence = " ".join((cls.__doc__ or "").split()).partition(". ")[0].rstrip(".")
        return f"{sentence}."


class _Read(Generic[T]):
    """A typed view of one member of an event's ``data``."""

    def __init__(self, key: str, convert: Callable[[Mapping[str, Any], str], T]) -> None:
        self.key = key
        self.convert = convert

    @overload
    def __get__(self, event: None, owner: type[Event]) -> "_Read[T]": ...

    @overload
    def __get__(self, event: Event, owner: type[Event]) -> T: ...

    def __get__(self, event: Event | None, owner: type[Event]) -> "T | _Read[T]":
        """Raises KeyError when the event does not carry it and the type has no None."""
        return self if event is None else self.convert(event.data, self.key)


def number(key: str) -> _Read[int]:
    """A whole number that the event always carries."""
    return _Read(key, lambda data, name: int(data[name]))


def optional_number(key: str) -> _Read[int | None]:
    """A whole number, None when left out."""
    return _Read(key, lambda data, name: int(data[name]) if name in data else None)


def text(key: str) -> _Read[str]:
    """A text that the event always carries."""
    return _Read(key, lambda data, name: str(data[name]))


def optional_text(key: str) -> _Read[str | None]:
    """A text, None when left out."""
    return _Read(key, lambda data, name: str(data[name]) if name in data else None)


def money(key: str) -> _Read[Decimal]:
    """An exact amount."""
    return _Read(key, lambda data, name: Decimal(str(data[name])))


def unique(key: str) -> _Read[UUID]:
    """A public id."""
    return _Read(key, lambda data, name: UUID(str(data[name])))


def event_from(
    *,
    event_id: int,
    name: str,
    business_id: int,
    occurred_at: datetime,
    data: Mapping[str, Any],
    version: int = 1,
) -> Event:
    """The typed event of a stored row.

    Raises:
        KeyError: when no event has this name.
    """
    return EVENTS[name](event_id, business_id, occurred_at, data, version)


def envelope(event: Event) -> dict[str, Any]:
    """The one form in which events travel: webhooks, the changes feed, the message ``changes``."""
    return {
        "id": event.id,
        "name": event.name,
        "business_id": event.business_id,
        "occurred_at": event.occurred_at,
        "version": event.version,
        "data": event.data,
    }


LIVE_NAMES: Final[dict[str, str]] = {
    "invoice.created": "INVOICE_CREATED",
    "invoice.updated": "INVOICE_UPDATED",
    "invoice.sent": "INVOICE_UPDATED",
    "invoice.issued": "INVOICE_SENT",
    "invoice.paid": "INVOICE_PAID",
    "payment.recorded": "PAYMENT_RECORDED",
}
"""The ``eventType`` of the live message ``invoice``: issuing is what turns an invoice's status to
``sent``, once; each delivery over a channel is one more update."""


def live_envelope(event: Event, invoice: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """The live message ``invoice``, None for an event that has no such form.

    Args:
        invoice: the invoice's JSON where ``data`` does not hold it (``payment.recorded`` of a
            payment over several invoices: one message for each).
    """
    kind = LIVE_NAMES.get(event.name)
    shown = invoice if invoice is not None else _invoice_of(event)
    if kind is None or shown is None:
        return None
    return {
        "type": "INVOICE_UPDATE",
        "eventType": kind,
        "customerId": shown.get("client_public_id"),
        "invoice": shown,
    }


def _invoice_of(event: Event) -> Mapping[str, Any] | None:
    if event.name.startswith("invoice."):
        return event.data
    held = event.data.get("invoice")
    return held if isinstance(held, Mapping) else None
