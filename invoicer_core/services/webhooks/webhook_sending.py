"""Telling a webhook: the attempt is written down before it is made, its end together with what
follows from it.

A receiver is called by one worker at a time, and one that fails is spared for a while
(`hold_until`): what comes due meanwhile waits without a try, so that a dead one costs one time-out
now and then, not one for each event, and never more than one worker's time. After three days
without a success, or when it says that it is gone (410), it is given up and the owners are told.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from logging import getLogger
from typing import Any, Final

from sqlalchemy import select, text

from invoicer_core.domain import webhooks as domain
from invoicer_core.domain.actor import SYSTEM
from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.saying import say
from invoicer_core.hooks import codec
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.models.webhooks import WebhookAttempt, WebhookEndpoint
from invoicer_core.services import (
    businesses,
    deliveries,
    mail_texts,
    messages,
    secret_keys,
    webhooks,
)
from invoicer_core.services.identity import members
from invoicer_core.services.transaction import transaction
from invoicer_core.services.webhooks import outbound

SUBSCRIBER: Final = "webhook"
"""What stands before the colon in the name of the subscriber."""

GIVEN_UP_AFTER: Final = timedelta(days=3)
FIRST_HOLD, LONGEST_HOLD = timedelta(seconds=20), timedelta(minutes=30)
LONGEST_ASKED: Final = timedelta(hours=1)
IN_FLIGHT: Final = timedelta(seconds=25)
"""Longer than any attempt takes: so long nobody else calls the same receiver."""

BUSY: Final = timedelta(seconds=1)
GONE: Final = 410

log: Final = getLogger(__name__)

_EVENT: Final = text(
    "SELECT e.id, e.name, e.business_id, e.created_at, e.schema_version, e.data::text"
    " FROM deliveries d JOIN events e ON e.business_id = d.business_id AND e.id = d.event_id"
    " WHERE d.business_id = :business AND d.id = :id"
)
_INTERRUPTED: Final = text(
    "UPDATE webhook_attempts SET state = 'failed', error = :error"
    " WHERE business_id = :business AND delivery_id = :delivery AND state = 'begun'"
)


class Held(Exception):
    """Not now: the receiver failed just before, or is being called. No attempt was made."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(say("It is being called, or failed just before: the next try waits."))
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Call:
    """An attempt that was written down and is to be made."""

    endpoint_id: int
    delivery_id: int
    attempt_id: int
    url: str
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    is_ping: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """How an attempt ended: ``error`` is None after a success."""

    error: str | None = None
    answer: outbound.Answer | None = None

    @property
    def after(self) -> timedelta | None:
        """The wait that the receiver asked for, in seconds only."""
        asked = (self.answer.retry_after or "") if self.answer is not None else ""
        if not (asked.isascii() and asked.isdigit() and len(asked) < 7):
            return None
        return min(timedelta(seconds=int(asked)), LONGEST_ASKED)


def begin(*, endpoint_id: int, delivery_id: int) -> Call | None:
    """Write an attempt down and commit it; None when there is nothing to do (any more).

    Raises:
        Held: the endpoint failed a moment ago.
    """
    row = db.session.scalars(
        select(WebhookEndpoint)
        .where(
            WebhookEndpoint.business_id == current_business_id(),
            WebhookEndpoint.id == endpoint_id,
            WebhookEndpoint.deleted_at.is_(None),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    event = db.session.execute(_EVENT, {"business": current_business_id(), "id": delivery_id}).one()
    is_ping = event.name == domain.PING
    if row is None or (row.state != "on" and not is_ping):
        _close_unsent(row, delivery_id)
        return None
    now = datetime.now(UTC)
    if row.hold_until is not None and row.hold_until > now and not is_ping:
        raise Held(row.hold_until - now if row.failures else BUSY)
    if not is_ping:
        row.hold_until = now + IN_FLIGHT
    return _written_down(row, delivery_id, event)


def _close_unsent(row: WebhookEndpoint | None, delivery_id: int) -> None:
    gone = row is None
    deliveries.settle(
        delivery_id=delivery_id,
        state="skipped" if gone else "parked",
        error=say("The webhook was deleted.") if gone else say("Kept while the webhook is not on."),
    )
    db.session.commit()


def _written_down(row: WebhookEndpoint, delivery_id: int, event: Any) -> Call:
    body = _body(event)
    message, timestamp = domain.message_id(event.id), int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Invoicer-Webhooks/1",
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": domain.signatures(
            webhooks.secrets_of(row), message, timestamp, body
        ),
    }  # fmt: skip
    error = say("The process that was sending it died: it may or may not have arrived.")
    values = {"business": row.business_id, "delivery": delivery_id, "error": error}
    db.session.execute(_INTERRUPTED, values)
    attempt = WebhookAttempt(
        business_id=row.business_id,
        endpoint_id=row.id,
        delivery_id=delivery_id,
        event_id=event.id,
        event=event.name,
        url=row.url,
        request=body[: outbound.EXCERPT].decode("utf-8", "ignore"),
    )
    db.session.add(attempt)
    db.session.commit()
    is_ping = event.name == domain.PING
    return Call(row.id, delivery_id, attempt.id, row.url, body, headers, is_ping)


def _body(event: Any) -> bytes:
    """The envelope in which events travel everywhere."""
    return codec.dumps(
        {
            "id": event.id,
            "name": event.name,
            "business_id": event.business_id,
            "occurred_at": event.created_at,
            "version": event.schema_version,
            "data": codec.loads(event.data),
        }
    ).encode()


def make(call: Call) -> End:
    """Send it. Never raises for what the other side does."""
    try:
        answer = outbound.post(
            call.url, call.body, call.headers, loopback=webhooks.allows_loopback()
        )
    except (outbound.Forbidden, outbound.Unanswered) as reason:
        return End(error=str(reason))
    if 200 <= answer.status < 300:
        return End(answer=answer)
    if 300 <= answer.status < 400:
        words = say("It answered %(status)s: redirects are not followed.", status=answer.status)
        return End(words, answer)
    return End(say("It answered %(status)s.", status=answer.status), answer)


def finish(call: Call, end: End) -> bool:
    """Write down how it ended. After a success the delivery is settled in the same commit.

    Returns whether the endpoint was given up because of it.
    """
    attempt = db.session.get_one(WebhookAttempt, call.attempt_id)
    attempt.state = "succeeded" if end.error is None else "failed"
    attempt.error = end.error
    if end.answer is not None:
        attempt.status, attempt.response = end.answer.status, end.answer.body
        attempt.milliseconds = end.answer.milliseconds
    row = _locked(call.endpoint_id)
    if end.error is None:
        row.failures, row.failing_since, row.hold_until = 0, None, None
        row.last_success_at, row.last_error = datetime.now(UTC), None
        deliveries.settle(delivery_id=call.delivery_id)
        db.session.commit()
        return False
    if call.is_ping:
        db.session.commit()
        return False
    return _failed(row, end)


def _failed(row: WebhookEndpoint, end: End) -> bool:
    now = datetime.now(UTC)
    row.failures += 1
    row.last_error, row.failing_since = end.error, row.failing_since or now
    row.hold_until = now + (end.after or min(FIRST_HOLD * 2 ** min(row.failures - 1, 12),
                                             LONGEST_HOLD))  # fmt: skip
    gone = end.answer is not None and end.answer.status == GONE
    over = gone or now - row.failing_since >= GIVEN_UP_AFTER
    db.session.commit()
    if over and row.state == "on":
        _give_up(row.id, end.error or "")
    return over


def _locked(endpoint_id: int) -> WebhookEndpoint:
    return db.session.scalars(
        select(WebhookEndpoint)
        .where(
            WebhookEndpoint.business_id == current_business_id(), WebhookEndpoint.id == endpoint_id
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _give_up(endpoint_id: int, error: str) -> None:
    """Stop calling it, keep what it is owed, and tell the owners."""
    with transaction(by=SYSTEM) as unit:
        row = _locked(endpoint_id)
        if row.state != "on":
            return
        row.state = "failing"
        db.session.flush()
        webhooks.hold_back(row.id, say("Kept: the webhook was given up after a long failure."))
        unit.record("webhook.given_up", webhook=row.id, error=error)
        _tell_owners(row, error)


def _tell_owners(row: WebhookEndpoint, error: str) -> None:
    """By mail, where a channel for mails is on; the settings say it in any case."""
    locale = businesses.current().locale
    link = f"{secret_keys.settings().url}/settings/webhooks/{row.id}"
    for member in members.find():
        if member.role != "owner":
            continue
        values = {"name": member.name or member.email, "url": row.url, "error": error}
        letter = mail_texts.compose("webhook_given_up", locale, values, link=link)
        try:
            messages.queue(
                kind="webhook_given_up", recipient=member.email, subject=letter.subject,
                text=letter.text, html=letter.html, by=SYSTEM,
                token=f"webhook-{row.id}-{member.user_id}-{row.failures}-{row.failing_since}",
            )  # fmt: skip
        except InvoicerError as refusal:
            log.warning("an owner was not told of webhook %s: %s", row.id, refusal.detail)
