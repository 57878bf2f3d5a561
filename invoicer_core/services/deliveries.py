"""What is owed to subscribers: how a try ended, what is parked, and how it is let run again."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from logging import getLogger
from typing import Any, Final

from flask import current_app
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from invoicer_core import host
from invoicer_core.domain.actor import Actor, plugin_actor
from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.events import EVENTS, Event, event_from
from invoicer_core.domain.snapshots import Page
from invoicer_core.domain.work import DeliverySnapshot
from invoicer_core.hooks import codec
from invoicer_core.host import states
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id, enter_business
from invoicer_core.services.transaction import transaction

log: Final = getLogger(__name__)

WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 8 * 60, 24 * 60))
"""How long to wait after the first, second ... failed try. After the last one it is parked."""

PATIENCE: Final = timedelta(days=7)
"""How old a delivery may get by asking to be tried later."""

_LONGEST_ERROR: Final = 2000
_SHORT_WAIT: Final = text("SET LOCAL lock_timeout = '1s'")
_TRY_NOW: Final = text("SELECT pg_notify('due', '')")

_LOAD: Final = text(
    "SELECT e.id, e.name, e.business_id, e.created_at, e.schema_version, e.data::text,"
    " e.invoice_id, d.id, d.attempts, now() - d.created_at"
    " FROM deliveries d JOIN events e ON e.business_id = d.business_id AND e.id = d.event_id"
    " WHERE d.business_id = :business AND d.id = :id"
)
_EVENTS: Final = text(
    "SELECT id, name, business_id, created_at, schema_version, data::text FROM events"
    " WHERE business_id = :business AND id = ANY(:ids) ORDER BY id"
)
_SETTLE: Final = text(
    "UPDATE deliveries SET state = :state, error = :error, leased_until = NULL,"
    " done_at = CASE WHEN :state IN ('done', 'skipped') THEN now() END"
    " WHERE business_id = :business AND id = :id AND state IN ('leased', 'due')"
)
_POSTPONE: Final = text(
    "UPDATE deliveries SET state = 'due', due_at = now() + :wait, leased_until = NULL,"
    " error = :error, attempts = greatest(attempts - :forgiven, 0)"
    " WHERE business_id = :business AND id = :id AND state IN ('leased', 'due')"
)
_HAND_BACK: Final = text(
    "UPDATE deliveries SET attempts = attempts - 1"
    " WHERE business_id = :business AND id = :id AND state = 'leased'"
)
_LIST: Final = text(
    "SELECT d.id, d.event_id, e.name AS event, d.subscriber, d.state, d.attempts, d.due_at,"
    " d.created_at, d.done_at, e.invoice_id, coalesce(d.error, CASE WHEN d.attempts > 0"
    " THEN 'The worker died during each of these tries.'"
    " WHEN starts_with(d.subscriber, 'webhook:') THEN 'Kept: the webhook had been given up.'"
    " ELSE 'Held back while its plugin was paused.' END) AS error"
    " FROM deliveries d JOIN events e ON e.business_id = d.business_id AND e.id = d.event_id"
    " WHERE d.business_id = :business AND d.state = 'parked'"
    " AND (:before = 0 OR d.id < :before)"
    " AND (:subscriber = '' OR d.subscriber = :subscriber)"
    " ORDER BY d.id DESC LIMIT :limit"
)
_REPLAY: Final = text(
    "UPDATE deliveries SET state = 'due', due_at = now(), attempts = 0, error = NULL"
    " WHERE business_id = :business AND state = 'parked'"
    " AND (:all OR id = ANY(:ids)) AND (:subscriber = '' OR subscriber = :subscriber)"
    " RETURNING id"
)
_HOLD: Final = text(
    "UPDATE deliveries SET state = 'parked', error = :error WHERE business_id = :business"
    " AND state = 'due' AND subscriber = ANY(:subscribers)"
)


@dataclass(frozen=True, slots=True)
class Owed:
    """A delivery that is being worked on. ``event`` is None for work that is no public fact;
    then ``data`` says what is to be done."""

    id: int
    name: str
    attempts: int
    age: timedelta
    data: Any
    invoice_id: int | None
    event: Event | None
    event_id: int = 0


def load(*, delivery_id: int) -> Owed:
    """What is owed by a delivery. Raises NotFound."""
    row = db.session.execute(_LOAD, _here(id=delivery_id)).first()
    if row is None:
        raise NotFound.of("delivery", delivery_id)
    event_id, name, business_id, at, version, data, invoice_id, found_id, attempts, age = row
    event = _event(event_id, name, business_id, at, version, data)
    payload = event.data if event is not None else codec.loads(data)
    return Owed(found_id, name, attempts, age, payload, invoice_id, event, event_id)


def events(*, event_ids: Sequence[int]) -> tuple[Event, ...]:
    """Facts by their ids, in order; those that are no public facts are left out."""
    rows = db.session.execute(_EVENTS, _here(ids=list(event_ids)))
    return tuple(event for row in rows if (event := _event(*row)) is not None)


def _event(event_id: int, name: str, business_id: int, at: Any, version: int, data: str) -> Any:
    if name not in EVENTS:
        return None
    return event_from(
        event_id=event_id,
        name=name,
        business_id=business_id,
        occurred_at=at,
        data=codec.loads(data),
        version=version,
    )


# --- how a try ended ---------------------------------------------------------------------------


def settle(*, delivery_id: int, state: str = "done", error: str | None = None) -> None:
    """Close a delivery (``done``, ``skipped``, ``parked``) within the caller's transaction."""
    db.session.execute(_SETTLE, _here(id=delivery_id, state=state, error=_short(error)))


def postpone(
    *, delivery_id: int, wait: timedelta, error: str | None = None, forgive: bool = False
) -> None:
    """Try again after ``wait``, within the caller's transaction.

    Args:
        forgive: do not count the try that just ended.
    """
    _postpone(delivery_id, wait, error, forgiven=int(forgive))


def _postpone(delivery_id: int, wait: timedelta, error: str | None, *, forgiven: int) -> None:
    values = _here(id=delivery_id, wait=wait, error=_short(error), forgiven=forgiven)
    db.session.execute(_POSTPONE, values)


def hand_back(*, delivery_id: int) -> None:
    """Undo the beginning of a try that another process will make. Commits."""
    db.session.execute(_HAND_BACK, _here(id=delivery_id))
    db.session.commit()


def wait_after(attempts: int) -> timedelta | None:
    """How long to wait after so many failed tries, with a tenth of jitter; None: no more."""
    if attempts > len(WAITS):
        return None
    return WAITS[max(attempts, 1) - 1] * random.uniform(0.9, 1.1)  # noqa: S311 - no secret


def failed(*, owed: Owed, error: str, after: timedelta | None = None) -> bool:
    """A try failed: plan the next one, or park. Commits. True when it was parked.

    Args:
        after: the wait that the handler asked for; such tries do not count.
    """
    wait = after if after is not None else wait_after(owed.attempts)
    if wait is None or (after is not None and owed.age > PATIENCE):
        settle(delivery_id=owed.id, state="parked", error=error)
        db.session.commit()
        return True
    postpone(delivery_id=owed.id, wait=wait, error=error, forgive=after is not None)
    db.session.commit()
    return False


def gave_up(*, plugin: str, error: str) -> None:
    """Count a parked delivery against its plugin; too many in a row pause it here, with an event,
    and everything else that it is owed is kept until it is resumed."""
    if host.parked(plugin, current_business_id(), error):
        _tell_paused(plugin, error)


def tell_paused(plugin: str, business_id: int, reason: str) -> None:
    """Tell that a plugin was paused while another transaction is open, which may be undone: in a
    session of its own that never waits long for what the other one holds."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    try:
        with app.app_context(), enter_business(business_id):
            db.session.execute(_SHORT_WAIT)
            _tell_paused(plugin, reason)
    except DBAPIError:
        log.exception("the pause of %s was not told to business %s", plugin, business_id)


def _tell_paused(plugin: str, reason: str) -> None:
    with transaction(by=plugin_actor(plugin)) as unit:
        hold_back(plugin=plugin, reason=reason)
        unit.publish("plugin.paused", {"plugin": plugin, "reason": _short(reason)})
        unit.record("plugin.paused", plugin=plugin)


def hold_back(*, plugin: str, reason: str) -> None:
    """Park what a paused plugin is owed, within the caller's transaction."""
    db.session.execute(
        _HOLD, _here(error=f"paused: {_short(reason)}", subscribers=_subscribers_of(plugin))
    )


# --- people ------------------------------------------------------------------------------------


def list_parked(
    *, subscriber: str | None = None, limit: int | None = None, cursor: str | None = None
) -> Page[DeliverySnapshot]:
    """Deliveries that were given up or are held back, newest first."""
    size = min(max(limit or 50, 1), 200)
    before = int(cursor) if cursor and cursor.isascii() and cursor.isdigit() else 0
    values = _here(limit=size + 1, before=before, subscriber=subscriber or "")
    rows = [DeliverySnapshot(**row) for row in db.session.execute(_LIST, values).mappings()]
    more = str(rows[size - 1].id) if len(rows) > size else None
    return Page(items=tuple(rows[:size]), next_cursor=more)


def replay(*, delivery_id: int, by: Actor) -> None:
    """Try a parked delivery again, now. Raises NotFound when it is not parked."""
    with transaction(by=by) as unit:
        if not _replay([delivery_id], every=False, subscriber=""):
            raise NotFound.of("parked delivery", delivery_id)
        unit.record("delivery.replayed", delivery=delivery_id)


def replay_all(*, by: Actor, subscriber: str | None = None) -> int:
    """Try everything parked again (or all of one subscriber); how many that were."""
    with transaction(by=by) as unit:
        count = _replay([], every=True, subscriber=subscriber or "")
        if count:
            unit.record("delivery.replayed", count=count, subscriber=subscriber or "all")
        return count


def resume_plugin(*, plugin: str, by: Actor) -> int:
    """End a plugin's pause and deliver what it is owed; how many deliveries that were.

    Raises:
        NotFound: it is not paused.
    """
    with transaction(by=by) as unit:
        if not states.resume(db.session, current_business_id(), plugin):
            raise NotFound.of("paused plugin", plugin)
        count = sum(
            _replay([], every=True, subscriber=subscriber) for subscriber in _subscribers_of(plugin)
        )
        unit.publish("plugin.resumed", {"plugin": plugin})
        unit.record("plugin.resumed", plugin=plugin, deliveries=count)
        return count


def _replay(ids: Sequence[int], *, every: bool, subscriber: str) -> int:
    values = _here(ids=list(ids), all=every, subscriber=subscriber)
    count = len(db.session.execute(_REPLAY, values).all())
    if count:
        db.session.execute(_TRY_NOW)
    return count


def _subscribers_of(plugin: str) -> list[str]:
    return [f"plugin:{plugin}", f"job:{plugin}"]


def _here(**values: Any) -> dict[str, Any]:
    return {"business": current_business_id(), **values}


def _short(error: str | None) -> str | None:
    return error if error is None else error[:_LONGEST_ERROR]
