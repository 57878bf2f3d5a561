"""What plugins ask for with ``ctx.later``: written down as a delivery, in the same transaction."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import text

from invoicer_core.domain.actor import plugin_actor
from invoicer_core.domain.errors import NotFound, Unavailable
from invoicer_core.hooks import codec
from invoicer_core.hooks.offers import Job, Schedule
from invoicer_core.host import offers
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import once

EVENT: Final = "job.requested"
"""Not a fact of the catalogue: it reaches nobody but the job's plugin."""

_WRITE: Final = text(
    "WITH e AS ("
    " INSERT INTO events (business_id, name, data, actor)"
    " SELECT :business, :name, CAST(:data AS jsonb), :actor"
    " WHERE :key = '' OR NOT EXISTS ("
    "  SELECT FROM deliveries d JOIN events o"
    "  ON o.business_id = d.business_id AND o.id = d.event_id"
    "  WHERE d.business_id = :business AND d.subscriber = :subscriber AND d.state = 'due'"
    "  AND o.data ->> 'job' = :job AND o.data ->> 'key' = :key)"
    " RETURNING id)"
    " INSERT INTO deliveries (business_id, event_id, subscriber, due_at)"
    " SELECT :business, e.id, :subscriber, now() + :delay FROM e"
)
_WAKE: Final = text("SELECT pg_notify('due', '')")


def later(
    plugin: str,
    business_id: int,
    job: str,
    arguments: Mapping[str, Any],
    delay: timedelta,
    key: str | None,
) -> None:
    """Write the job down; commits on its own unless a transaction is open.

    Raises:
        NotFound: the plugin offers no such job.
        ValueError: for another business than the one that was entered.
    """
    if business_id != current_business_id():
        raise ValueError("a job is written down for the business that was entered")
    offers.find(db.session, Job, job, business_id, plugin=plugin)
    data = {"plugin": plugin, "job": job, "arguments": dict(arguments)}
    if key is not None:
        data["key"] = key
    values = {
        "business": business_id,
        "name": EVENT,
        "data": codec.dumps(data),
        "actor": plugin_actor(plugin).label,
        "subscriber": f"job:{plugin}",
        "job": job,
        "key": key or "",
        "delay": delay,
    }
    db.session.execute(_WRITE, values)
    db.session.execute(_WAKE)
    if "unit" not in db.session().info:
        db.session.commit()


def scheduled(*, plugin: str, schedule: str, period: str) -> bool:
    """Write down the job of a schedule, once a period; False when that was done, or when the plugin
    is off, paused or gone. Commits the job together with its mark."""
    business_id = current_business_id()
    try:
        found = offers.find(db.session, Schedule, schedule, business_id, plugin=plugin)
        if not once.first_time("schedule", plugin, schedule, period):
            return False
        key = f"schedule {schedule}"
        later(plugin, business_id, found.offer.job, {}, timedelta(0), key)
    except (NotFound, Unavailable):
        return False
    finally:
        db.session.rollback()
    return True


def run(data: Mapping[str, Any]) -> None:
    """Call the job, in the business that was entered.

    Raises:
        NotFound, Unavailable: its plugin is gone, switched off or paused.
    """
    found = offers.find(
        db.session, Job, str(data["job"]), current_business_id(), plugin=str(data["plugin"])
    )
    db.session.rollback()
    found.offer.run(found.ctx, **dict(data["arguments"]))
