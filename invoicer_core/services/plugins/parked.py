"""Deliveries that were given up or are held back: how many, and thrown away when people say so."""

from typing import Final

from sqlalchemy import func, select, text

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import NotFound
from invoicer_core.models import db
from invoicer_core.models.outbox import Delivery
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.transaction import transaction

_DISCARD: Final = text(
    "UPDATE deliveries SET state = 'skipped', done_at = now(),"
    " error = left('Discarded by ' || :who || '. ' || coalesce(error, ''), 2000)"
    " WHERE business_id = :business AND state = 'parked'"
    " AND (:all OR id = :id) AND (:subscriber = '' OR subscriber = :subscriber) RETURNING id"
)


def counts() -> dict[str, int]:
    """How many wait for a decision, by subscriber."""
    statement = (
        select(Delivery.subscriber, func.count())
        .where(Delivery.business_id == current_business_id(), Delivery.state == "parked")
        .group_by(Delivery.subscriber)
    )
    return {str(name): int(count) for name, count in db.session.execute(statement)}


def discard(*, delivery_id: int, by: Actor) -> None:
    """Throw one away: its subscriber will never hear of it. Raises NotFound."""
    with transaction(by=by) as unit:
        if not _discard(by, delivery_id, ""):
            raise NotFound.of("parked delivery", delivery_id)
        unit.record("delivery.discarded", delivery=delivery_id)


def discard_all(*, by: Actor, subscriber: str) -> int:
    """Throw away everything parked of a subscriber; how many that were."""
    with transaction(by=by) as unit:
        count = _discard(by, None, subscriber)
        if count:
            unit.record("delivery.discarded", count=count, subscriber=subscriber)
        return count


def _discard(by: Actor, delivery_id: int | None, subscriber: str) -> int:
    values = {
        "business": current_business_id(),
        "who": by.label,
        "all": delivery_id is None,
        "id": delivery_id or 0,
        "subscriber": subscriber,
    }
    return len(db.session.execute(_DISCARD, values).all())
