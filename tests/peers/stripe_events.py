"""Events of the Stripe peer: signed, sent, tried again, held back, and sent wrongly on demand."""

import hmac
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Event, Lock
from typing import Any, Final

from tests.peers.stripe_books import new_id, shown
from tests.peers.stripe_rules import Thing

API_VERSION: Final = "2026-10-28.endive"
TRIES: Final = 6
PATIENCE: Final = 20.0


@dataclass(frozen=True)
class Endpoint:
    """Where an account's events go. ``events`` empty: all of them."""

    url: str
    secret: str
    account: str
    events: tuple[str, ...] = ()


@dataclass
class Post:
    """Sends events. With ``held`` they wait in ``outbox`` until a test delivers them."""

    endpoints: list[Endpoint] = field(default_factory=list)
    outbox: list[Thing] = field(default_factory=list)
    answers: list[tuple[str, int]] = field(default_factory=list)
    held: bool = False
    _lock: Lock = field(default_factory=Lock)
    _stop: Event = field(default_factory=Event)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4))
    _sent: list[Future[None]] = field(default_factory=list)

    def tell(self, kind: str, thing: Thing, account: str) -> None:
        """Something happened."""
        event = event_of(kind, thing, livemode="_live_" in account)
        with self._lock:
            self.outbox.append({**event, "_account": account})
            if not self.held:
                for endpoint in self.listeners(account, kind):
                    self._sent.append(self._pool.submit(self._insist, event, endpoint))

    def listeners(self, account: str, kind: str) -> list[Endpoint]:
        """The endpoints of an account that want this type."""
        return [
            each
            for each in self.endpoints
            if each.account == account and (not each.events or kind in each.events)
        ]

    def settled(self) -> None:
        """Wait until all that was sent has been answered or given up."""
        while self._sent:
            self._sent.pop().result(PATIENCE * TRIES)

    def close(self) -> None:
        """Send nothing more."""
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _insist(self, event: Thing, endpoint: Endpoint) -> None:
        for number in range(TRIES):
            if number and self._stop.wait(0.1 * 2**number):
                return
            if 200 <= self.deliver(event, endpoint) < 300:
                return

    def deliver(
        self,
        event: Thing,
        endpoint: Endpoint,
        *,
        at: float | None = None,
        secret: str | None = None,
        change: Callable[[dict[str, Any]], None] | None = None,
        header: str | None = None,
    ) -> int:
        """One try: the status of the answer, 0 for none.

        Args:
            at: the time in the signature; now unless told.
            secret: another one than the endpoint's.
            change: what is done to the event before it is signed.
            header: instead of a signature; empty for none at all.
        """
        told = json.loads(json.dumps(shown(event)))
        if change is not None:
            change(told)
        body = json.dumps(told, indent=2).encode()
        signed = signature(body, secret or endpoint.secret, at) if header is None else header
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0"}
        if signed:
            headers["Stripe-Signature"] = signed
        call = urllib.request.Request(endpoint.url, body, headers)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(call, timeout=PATIENCE) as answer:  # noqa: S310
                status = int(answer.status)
        except urllib.error.HTTPError as error:
            status = error.code
        except OSError:
            status = 0
        self.answers.append((event["type"], status))
        return status


def event_of(kind: str, thing: Thing, *, livemode: bool) -> Thing:
    """An event about an object as it is now."""
    return {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": int(time.time()),
        "data": {"object": json.loads(json.dumps(shown(thing)))},
        "livemode": livemode,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def signature(body: bytes, secret: str, at: float | None = None) -> str:
    """The header ``Stripe-Signature`` of a body."""
    moment = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, sha256).hexdigest()
    return f"t={moment},v1={digest},v0={'0' * 64}"
