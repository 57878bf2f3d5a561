"""Webhooks to others: their endpoints, as the business keeps them. `webhook_sending` sends."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, text

from invoicer_core import host
from invoicer_core.domain import webhooks as domain
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, NotFound
from invoicer_core.domain.events import EVENTS
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import Page
from invoicer_core.domain.webhooks import WebhookAttemptSnapshot, WebhookSnapshot
from invoicer_core.hooks import codec
from invoicer_core.host.vault import Place
from invoicer_core.models import db
from invoicer_core.models.outbox import Delivery
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.models.webhooks import WebhookAttempt, WebhookEndpoint
from invoicer_core.services import deliveries, secret_keys
from invoicer_core.services import fields as check
from invoicer_core.services.listing import Ordering, has_id, one_of, read_page
from invoicer_core.services.rows import assign, check_version, find_row, touch
from invoicer_core.services.transaction import transaction
from invoicer_core.services.webhooks import outbound

MOST: Final = 20
"""Endpoints of one business."""

OVERLAP: Final = timedelta(hours=24)
"""How long the former secret still signs after a new one was made."""

EXCERPTS_KEPT: Final = timedelta(days=30)

_ORDERING: Final = Ordering(WebhookEndpoint.id, {}, default="id")
_LOG: Final = Ordering(WebhookAttempt.__table__.c.id, {})
_OWE: Final = text(
    "WITH e AS (INSERT INTO events (business_id, name, data, actor)"
    " VALUES (:business, :name, CAST(:data AS jsonb), :actor) RETURNING id)"
    " INSERT INTO deliveries (business_id, event_id, subscriber)"
    " SELECT :business, e.id, :subscriber FROM e RETURNING id"
)
_OWE_AGAIN: Final = text(
    "INSERT INTO deliveries (business_id, event_id, subscriber)"
    " SELECT business_id, event_id, subscriber FROM deliveries"
    " WHERE business_id = :business AND id = :id AND subscriber = :subscriber RETURNING id"
)
_WAKE: Final = text("SELECT pg_notify('due', '')")
_SET: Final = text(
    "UPDATE deliveries SET state = :state, error = :error WHERE business_id = :business"
    " AND subscriber = :subscriber AND state = ANY(:states)"
)
_FORGET: Final = text(
    "UPDATE webhook_attempts SET request = '', response = NULL WHERE business_id = :business"
    " AND created_at < now() - :kept AND (request <> '' OR response IS NOT NULL)"
)


def subscriber_of(endpoint_id: int) -> str:
    """Its name among the deliveries."""
    return f"webhook:{endpoint_id}"


def allows_loopback() -> bool:
    """Whether this very machine may be called: in the demo only, which nobody reaches."""
    return secret_keys.settings().demo


def _url(value: Any) -> str:
    address = str(check.text(outbound.LONGEST_URL)(value))
    try:
        outbound.checked(address, loopback=allows_loopback())
    except outbound.Forbidden as refusal:
        raise ValueError(str(refusal)) from refusal
    return address


def _events(value: Any) -> list[str]:
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(say("Choose at least one event."))
    unknown = [str(each)[:100] for each in value if each not in EVENTS]
    if unknown:
        raise ValueError(say("There is no event named %(name)s.", name=unknown[0]))
    return sorted(set(value))


CHECKS: Final[Mapping[str, check.Check]] = {
    "url": _url,
    "description": check.text(200),
    "events": _events,
}


def create(*, fields: Mapping[str, Any], by: Actor) -> tuple[WebhookSnapshot, str]:
    """Add an endpoint. Returns it with its secret, which is not given out again.

    Raises:
        InvalidInput: the address may not be called, or an event does not exist.
        Conflict: there are `MOST` of them.
    """
    values = check.check_fields(fields, CHECKS, required=("url", "events"))
    with transaction(by=by) as unit:
        if _count() >= MOST:
            raise Conflict(
                say("A business has at most %(most)s webhooks: delete one first.", most=MOST)
            )
        row = WebhookEndpoint(business_id=current_business_id(), **values)
        db.session.add(row)
        db.session.flush()
        secret = domain.secret_of(secrets.token_bytes(domain.KEY_BYTES))
        row.sealed = _sealed(row.id, secret)
        db.session.flush()
        unit.record("webhook.created", webhook=row.id, events=values["events"])
        return _snapshot(row), secret


def get(*, endpoint_id: int) -> WebhookSnapshot:
    """One endpoint. Raises NotFound."""
    return _snapshots([_row(endpoint_id)])[0]


def find(*, limit: int | None = None, cursor: str | None = None) -> Page[WebhookSnapshot]:
    """The endpoints, the oldest first."""
    statement = select(WebhookEndpoint).where(
        WebhookEndpoint.business_id == current_business_id(), WebhookEndpoint.deleted_at.is_(None)
    )
    return read_page(statement, _ORDERING, _snapshots, sort=None, limit=limit, cursor=cursor)


def update(
    *, endpoint_id: int, fields: Mapping[str, Any], by: Actor, expected_version: int | None = None
) -> WebhookSnapshot:
    """Change address, description or events; another address starts with a clean record.

    Raises:
        InvalidInput, NotFound, StaleVersion.
    """
    values = check.check_fields(fields, CHECKS, required=("url", "events"), partial=True)
    with transaction(by=by) as unit:
        row = _row(endpoint_id, lock=True)
        check_version(row, expected_version, "webhook", lambda: _snapshot(row))
        changed = assign(row, values)
        if "url" in changed:
            _forgive(row)
        if changed:
            db.session.flush()
            db.session.refresh(row)
            unit.record("webhook.updated", webhook=row.id, fields=sorted(changed))
        return _snapshot(row)


def switch(*, endpoint_id: int, on: bool, by: Actor) -> int:
    """Switch an endpoint on or off. On: everything that was kept for it is sent now; returns how
    much. Off: what is due is kept, and nothing new is collected.

    Raises:
        NotFound: no such endpoint.
    """
    with transaction(by=by) as unit:
        row = _row(endpoint_id, lock=True)
        row.state = "on" if on else "off"
        _forgive(row)
        touch(row)
        db.session.flush()
        count = 0
        if on:
            count = deliveries.replay_all(by=by, subscriber=subscriber_of(row.id))
        else:
            _move(row.id, ("due",), "parked", say("Kept while the webhook was switched off."))
        unit.record("webhook.switched", webhook=row.id, on=on)
        return count


def rotate(*, endpoint_id: int, by: Actor) -> str:
    """Make a new secret and return it, once. The former one signs too for 24 hours.

    Raises:
        NotFound: no such endpoint.
    """
    with transaction(by=by) as unit:
        row = _row(endpoint_id, lock=True)
        secret = domain.secret_of(secrets.token_bytes(domain.KEY_BYTES))
        row.former_sealed, row.former_until = row.sealed, datetime.now(UTC) + OVERLAP
        row.sealed = _sealed(row.id, secret)
        touch(row)
        db.session.flush()
        unit.record("webhook.secret_changed", webhook=row.id)
        return secret


def delete(*, endpoint_id: int, by: Actor) -> None:
    """Take an endpoint away with its secrets; what it is still owed is dropped. Raises NotFound."""
    with transaction(by=by) as unit:
        row = _row(endpoint_id, lock=True)
        row.deleted_at = datetime.now(UTC)
        row.sealed = row.former_sealed = None
        db.session.flush()
        _move(row.id, ("due", "parked"), "skipped", "The webhook was deleted.")
        unit.record("webhook.deleted", webhook=row.id)


def ping(*, endpoint_id: int, by: Actor) -> int:
    """Send a test message, even while the endpoint is off; returns the id of its delivery.

    Raises:
        NotFound: no such endpoint.
    """
    with transaction(by=by) as unit:
        row = _row(endpoint_id)
        values = {
            "business": row.business_id,
            "name": domain.PING,
            "data": codec.dumps({"webhook_id": row.id, "message": "It works."}),
            "actor": by.label,
            "subscriber": subscriber_of(row.id),
        }
        delivery_id = db.session.execute(_OWE, values).scalar_one()
        db.session.execute(_WAKE)
        unit.record("webhook.tested", webhook=row.id)
        return int(delivery_id)


def resend(*, endpoint_id: int, delivery_id: int, by: Actor) -> None:
    """Send an event once more, with the same ``webhook-id``.

    Raises:
        NotFound: the endpoint has no such delivery.
        Conflict: it is on its way.
    """
    with transaction(by=by) as unit:
        row = _row(endpoint_id, lock=True)
        row.hold_until = None
        db.session.flush()
        values = {
            "business": current_business_id(),
            "id": delivery_id,
            "subscriber": subscriber_of(endpoint_id),
        }
        state = db.session.scalar(
            select(Delivery.state).where(
                Delivery.business_id == values["business"],
                Delivery.id == delivery_id,
                Delivery.subscriber == values["subscriber"],
            )
        )
        if state in ("due", "leased"):
            raise Conflict(say("This event is waiting for its next try already."))
        if state == "parked":
            deliveries.replay(delivery_id=delivery_id, by=by)
            return
        if db.session.execute(_OWE_AGAIN, values).first() is None:
            raise NotFound.of("delivery", delivery_id)
        db.session.execute(_WAKE)
        unit.record("webhook.resent", webhook=endpoint_id, delivery=delivery_id)


def attempts(
    *,
    endpoint_id: int,
    state: str | None = None,
    delivery_id: int | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[WebhookAttemptSnapshot]:
    """The log of an endpoint, the newest first. Raises NotFound."""
    _row(endpoint_id)
    statement = select(WebhookAttempt).where(
        WebhookAttempt.business_id == current_business_id(),
        WebhookAttempt.endpoint_id == endpoint_id,
        has_id(WebhookAttempt.delivery_id, delivery_id),
        one_of(WebhookAttempt.state, state, ("begun", "succeeded", "failed"), "/state"),
    )
    return read_page(statement, _LOG, _attempts, sort=None, limit=limit, cursor=cursor)


def failing() -> tuple[WebhookSnapshot, ...]:
    """The endpoints that were given up."""
    statement = select(WebhookEndpoint).where(
        WebhookEndpoint.business_id == current_business_id(),
        WebhookEndpoint.deleted_at.is_(None),
        WebhookEndpoint.state == "failing",
    )
    rows = db.session.scalars(statement).all()
    return tuple(_snapshots(rows)) if rows else ()


def purge() -> None:
    """Forget what was said in attempts of more than 30 days ago. Commits."""
    values = {"business": current_business_id(), "kept": EXCERPTS_KEPT}
    db.session.execute(_FORGET, values)
    db.session.commit()


# --- for `webhook_sending` ---------------------------------------------------------------------


def secrets_of(row: WebhookEndpoint) -> list[str]:
    """The secrets that sign now, the newest first."""
    sealed = [row.sealed]
    if row.former_until is not None and row.former_until > datetime.now(UTC):
        sealed.append(row.former_sealed)
    vault, place = host.current().vault, _place(row.id)
    return [vault.open(place, each) for each in sealed if each is not None]


def hold_back(endpoint_id: int, error: str) -> None:
    """Keep what is due, within the caller's transaction."""
    _move(endpoint_id, ("due",), "parked", error)


def _move(endpoint_id: int, states: Sequence[str], state: str, error: str) -> None:
    values = {
        "business": current_business_id(),
        "subscriber": subscriber_of(endpoint_id),
        "states": list(states),
        "state": state,
        "error": error,
    }
    db.session.execute(_SET, values)


def _place(endpoint_id: int) -> Place:
    return Place(current_business_id(), "webhooks", str(endpoint_id))


def _sealed(endpoint_id: int, secret: str) -> str:
    return host.current().vault.seal(_place(endpoint_id), secret)


def _forgive(row: WebhookEndpoint) -> None:
    row.failures, row.failing_since, row.hold_until = 0, None, None


def _row(endpoint_id: int, *, lock: bool = False) -> WebhookEndpoint:
    alive = WebhookEndpoint.deleted_at.is_(None)
    return find_row(WebhookEndpoint, endpoint_id, "webhook", alive, lock=lock)


def _count() -> int:
    statement = select(func.count()).where(
        WebhookEndpoint.business_id == current_business_id(), WebhookEndpoint.deleted_at.is_(None)
    )
    return int(db.session.scalar(statement) or 0)


def _snapshot(row: WebhookEndpoint) -> WebhookSnapshot:
    return _snapshots([row])[0]


def _snapshots(rows: Sequence[Any]) -> list[WebhookSnapshot]:
    counts = _open([row.id for row in rows])
    taken = WebhookSnapshot.__dataclass_fields__.keys() - {"waiting", "held", "events"}
    return [
        WebhookSnapshot(
            **{name: getattr(row, name) for name in taken},
            events=tuple(row.events),
            waiting=sum(counts.get((row.id, state), 0) for state in ("due", "leased")),
            held=counts.get((row.id, "parked"), 0),
        )
        for row in rows
    ]


def _open(endpoint_ids: Sequence[int]) -> dict[tuple[int, str], int]:
    """How many deliveries of these are not done, by endpoint and state."""
    names = {subscriber_of(each): each for each in endpoint_ids}
    statement = (
        select(Delivery.subscriber, Delivery.state, func.count())
        .where(
            Delivery.business_id == current_business_id(),
            Delivery.subscriber.in_(names),
            Delivery.state.in_(("due", "leased", "parked")),
        )
        .group_by(Delivery.subscriber, Delivery.state)
    )
    rows = db.session.execute(statement).all() if names else ()
    return {(names[subscriber], state): int(count) for subscriber, state, count in rows}


def _attempts(rows: Sequence[Any]) -> list[WebhookAttemptSnapshot]:
    make: Callable[..., WebhookAttemptSnapshot] = WebhookAttemptSnapshot
    names = WebhookAttemptSnapshot.__dataclass_fields__
    return [make(**{name: getattr(row, name) for name in names}) for row in rows]
