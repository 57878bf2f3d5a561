"""Webhooks to others: what is shown of them, and how a message is signed (Standard Webhooks 1.0).

The signed text is ``<webhook-id>.<webhook-timestamp>.<body>``; the key are the bytes behind
``whsec_``. While a secret is being replaced, both sign, parted by a space.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal

PREFIX: Final = "whsec_"
KEY_BYTES: Final = 32
PING: Final = "webhook.ping"
"""The test message. Not a fact: it reaches only the endpoint that it tests."""

EndpointState = Literal["on", "off", "failing"]
AttemptState = Literal["begun", "succeeded", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSnapshot:
    """An endpoint; its secret is never shown again. ``waiting`` and ``held`` count deliveries
    that are due and that are kept until someone lets them go."""

    id: int
    url: str
    description: str | None = None
    events: tuple[str, ...]
    state: EndpointState
    failures: int = 0
    failing_since: datetime | None = None
    hold_until: datetime | None = None
    last_success_at: datetime | None = None
    last_error: str | None = None
    former_until: datetime | None = None
    waiting: int = 0
    held: int = 0
    version: int = 1
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAttemptSnapshot:
    """One attempt; ``request`` and ``response`` are the beginnings of both bodies."""

    id: int
    endpoint_id: int
    delivery_id: int
    event_id: int
    event: str
    url: str
    state: AttemptState
    status: int | None = None
    milliseconds: int | None = None
    error: str | None = None
    request: str = ""
    response: str | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSecret:
    """An endpoint and its new secret, which is given out this once."""

    id: int
    secret: str
    webhook: WebhookSnapshot


def secret_of(key: bytes) -> str:
    """A key as its owner is shown it."""
    return PREFIX + b64encode(key).decode("ascii")


def message_id(event_id: int) -> str:
    """The same for every try, so that a receiver recognises what it has seen."""
    return f"evt_{event_id}"


def signatures(secrets: Iterable[str], message: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature``: one signature for each secret.

    Args:
        message: the value of ``webhook-id``.
        timestamp: seconds since 1970, the value of ``webhook-timestamp``.
    """
    signed = f"{message}.{timestamp}.".encode() + body
    return " ".join(_signature(secret, signed) for secret in secrets)


def _signature(secret: str, signed: bytes) -> str:
    key = b64decode(secret.removeprefix(PREFIX))
    return "v1," + b64encode(hmac.new(key, signed, sha256).digest()).decode("ascii")
