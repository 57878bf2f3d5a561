"""What a worker does with a batch of deliveries: one business, one subscriber, one at a time."""

from collections.abc import Callable
from datetime import timedelta
from logging import getLogger
from typing import Final
from uuid import UUID

import psycopg
from sqlalchemy.exc import DBAPIError

from invoicer_core import host
from invoicer_core.domain.errors import InvoicerError, NotFound, Unavailable
from invoicer_core.hooks.answers import OutcomeUnknown, PermanentFailure, RetryLater
from invoicer_core.hooks.workflows import SHORT
from invoicer_core.host import Outcome
from invoicer_core.jobs import station
from invoicer_core.jobs.limits import OutOfTime, wall_limit
from invoicer_core.jobs.routing import is_own
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import deliveries, faults, payments, tasks, workflows
from invoicer_core.services.deliveries import Owed
from invoicer_core.services.messages import sending, watching
from invoicer_core.services.plugins import plugin_jobs
from invoicer_core.services.webhooks import webhook_sending

log: Final = getLogger(__name__)

Handler = Callable[[Owed], Outcome]
_DONE: Final = Outcome("done")

WEBHOOK_SECONDS: Final = 20
"""Wall clock of one call of a webhook, however slowly its answer trickles in."""


NO_ROOM: Final = timedelta(seconds=5)
"""How long a step waits that finds the queue of the long ones full."""


def deliver(business_id: int, subscriber: str, batch: list[list[int]]) -> None:
    """Hand each delivery of the batch to its subscriber, in the business.

    Args:
        batch: pairs of a delivery's id and the number of tries begun when it was handed out.
    """
    leases = station.current().leases
    with leases.batch([delivery_id for delivery_id, _ in batch]):
        for delivery_id, attempts in batch:
            with leases.hold(delivery_id, attempts) as ours:
                if ours:
                    _one(business_id, subscriber, delivery_id)


def _one(business_id: int, subscriber: str, delivery_id: int) -> None:
    """One try. What the database cannot be told now, the end of the lease tells it later."""
    here = station.current()
    try:
        with enter_business(business_id):
            owed = deliveries.load(delivery_id=delivery_id)
            db.session.rollback()
            limit = workflows.limit_of(owed) if subscriber == workflows.SUBSCRIBER else None
            if not here.isolated and _is_foreign(subscriber, owed, limit):
                _hand_on(business_id, subscriber, owed, limit or SHORT)
                return
            with wall_limit(_wall(here.wall_seconds, limit)):
                outcome = _outcome(subscriber, owed)
            db.session.rollback()
            _close(subscriber, owed, outcome)
    except (DBAPIError, psycopg.Error) as error:
        log.warning("delivery %s is left to its lease: %s", delivery_id, error)
        db.session.remove()


def _is_foreign(subscriber: str, owed: Owed, limit: timedelta | None) -> bool:
    """Whether the try would run the code of a plugin that did not come with the core, or may take
    minutes."""
    if limit is not None and limit > SHORT:
        return True
    plugin = workflows.plugin_of(owed) if subscriber == workflows.SUBSCRIBER else None
    return plugin is not None and not is_own(host.current().registry, plugin)


def _hand_on(business_id: int, subscriber: str, owed: Owed, limit: timedelta) -> None:
    """Leave the try to an isolated process; where too many wait for it, let it come due later."""
    deliveries.hand_back(delivery_id=owed.id)
    handed = station.current().forward(business_id, subscriber, owed.id, owed.attempts - 1, limit)
    if not handed:
        deliveries.postpone(delivery_id=owed.id, wait=NO_ROOM)
        db.session.commit()


def _wall(seconds: int | None, limit: timedelta | None) -> int | None:
    """The longest that a try may take; that of a step has room for its whole limit."""
    if seconds is None or limit is None:
        return seconds
    return seconds + int(limit.total_seconds())


def _outcome(subscriber: str, owed: Owed) -> Outcome:
    """How the try ended; whatever was raised is turned into words."""
    try:
        return _handler(subscriber)(owed)
    except RetryLater as later:
        return Outcome("retry", later.after, later.reason)
    except (PermanentFailure, OutcomeUnknown) as final:
        return Outcome("parked", error=f"{type(final).__name__}: {final.reason}")
    except OutOfTime as late:
        return Outcome("retry", error=str(late))
    except (NotFound, Unavailable) as absent:
        if subscriber.startswith("job:"):
            return Outcome("held", error=absent.detail)
        return Outcome("retry", error=absent.detail)
    except (InvoicerError, Exception, SystemExit) as error:
        if faults.is_outage(error):
            raise
        log.exception("%s failed with %s", subscriber, owed.name)
        return Outcome("retry", error=f"{type(error).__name__}: {error}")


def _handler(subscriber: str) -> Handler:
    kind, _, name = subscriber.partition(":")
    if kind == "plugin":
        return lambda owed: _to_plugin(name, owed)
    if kind == "job":
        return _to_job
    if kind == webhook_sending.SUBSCRIBER:
        return lambda owed: _to_webhook(int(name), owed)
    return _CORE[kind]


def _to_plugin(name: str, owed: Owed) -> Outcome:
    return host.deliver(name, owed.event) if owed.event is not None else Outcome("skipped")


def _to_job(owed: Owed) -> Outcome:
    plugin_jobs.run(owed.data)
    return _DONE


def _to_webhook(endpoint_id: int, owed: Owed) -> Outcome:
    try:
        call = webhook_sending.begin(endpoint_id=endpoint_id, delivery_id=owed.id)
    except webhook_sending.Held as held:
        return Outcome("retry", held.wait, str(held))
    if call is None:
        return _DONE
    db.session.rollback()
    try:
        with wall_limit(WEBHOOK_SECONDS):
            end = webhook_sending.make(call)
    except OutOfTime:
        end = webhook_sending.End(f"It took longer than {WEBHOOK_SECONDS} seconds.")
    gave_up = webhook_sending.finish(call, end)
    if end.error is None:
        return _DONE
    if call.is_ping:
        return Outcome("skipped", error=end.error)
    return Outcome("parked" if gave_up else "retry", error=end.error)


def _to_message(owed: Owed) -> Outcome:
    last = deliveries.wait_after(owed.attempts) is None
    sending.send_queued(message_id=int(owed.data["id"]), delivery_id=owed.id, last=last)
    return _DONE


def _to_watch(owed: Owed) -> Outcome:
    wait = watching.watch(message_id=int(owed.data["id"]))
    return _DONE if wait is None else Outcome("retry", wait, "no news of it yet")


def _to_workflows(owed: Owed) -> Outcome:
    workflows.advance(owed=owed)
    return _DONE


def _to_payments(owed: Owed) -> Outcome:
    """Ask the provider of a begun payment or refund what became of it, until that is known."""
    if "refund" in owed.data:
        asked = {"payment_id": int(owed.data["id"]), "refund_id": int(owed.data["refund"])}
        again = payments.follow_refund(**asked)
        return _DONE if again is None else Outcome("retry", again, "the provider has not said yet")
    if owed.invoice_id is None:
        return _DONE
    wait = payments.follow(invoice_id=owed.invoice_id, public_id=UUID(owed.data["attempt"]))
    return _DONE if wait is None else Outcome("retry", wait, "the provider has not said yet")


def _to_tasks(owed: Owed) -> Outcome:
    tasks.run(owed=owed)
    return _DONE


_CORE: Final[dict[str, Handler]] = {
    sending.SUBSCRIBER: _to_message,
    watching.SUBSCRIBER: _to_watch,
    workflows.SUBSCRIBER: _to_workflows,
    tasks.SUBSCRIBER: _to_tasks,
    payments.SUBSCRIBER: _to_payments,
}


def _close(subscriber: str, owed: Owed, outcome: Outcome) -> None:
    if outcome.state == "done" and subscriber == workflows.SUBSCRIBER:
        return  # closed or postponed already, in the transaction of the step's effect
    if outcome.state == "done" or outcome.state == "skipped":
        deliveries.settle(delivery_id=owed.id, state=outcome.state, error=outcome.error)
        db.session.commit()
    elif outcome.state == "held":
        deliveries.settle(delivery_id=owed.id, state="parked", error=outcome.error)
        db.session.commit()
    elif outcome.state == "retry":
        error = outcome.error or "asked to be tried later"
        if deliveries.failed(owed=owed, error=error, after=outcome.after):
            _gave_up(subscriber, owed, error)
    else:
        error = outcome.error or "refused for good"
        deliveries.settle(delivery_id=owed.id, state="parked", error=error)
        db.session.commit()
        _gave_up(subscriber, owed, error)


def _gave_up(subscriber: str, owed: Owed, error: str) -> None:
    """Parked: a run stops where it stands; a plugin is counted against."""
    kind, _, plugin = subscriber.partition(":")
    if subscriber == workflows.SUBSCRIBER:
        workflows.gave_up(delivery_id=owed.id, error=error)
    elif kind in ("plugin", "job"):
        deliveries.gave_up(plugin=plugin, error=error)
