"""What happened and what is still owed: the changes feed, parked deliveries, the audit log."""

from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.base import NoFields
from invoicer_core.api.schemas.queries import AuditQuery, FeedQuery, ParkedQuery
from invoicer_core.domain.account import AuditCheck, AuditEntrySnapshot, Changes
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import Page
from invoicer_core.domain.work import DeliverySnapshot
from invoicer_core.services import audit, changes, deliveries

resource = Resource("happenings", tag="Events")


@resource.get("/changes", "events.read", query=FeedQuery, answer=Changes)
def list_changes(query: FeedQuery) -> Changes:
    """What happened after a cursor, the oldest first, without gaps.

    Keep `next` and ask again with `after`; when `more` is false you have seen everything.
    """
    return changes.feed(after=query.after, limit=query.limit)


@resource.get("/deliveries", "deliveries.read", query=ParkedQuery, answer=Page[DeliverySnapshot])
def list_parked_deliveries(query: ParkedQuery) -> Page[DeliverySnapshot]:
    """List the deliveries that were given up or are held back."""
    return deliveries.list_parked(
        subscriber=query.subscriber, limit=query.limit, cursor=query.cursor
    )


@resource.post(
    "/deliveries/{deliveryId}/replay", "deliveries.write", body=NoFields, body_required=False,
    status=204,
)  # fmt: skip
def replay_delivery(delivery_id: int, by: Actor) -> None:
    """Let a parked delivery be tried again."""
    deliveries.replay(delivery_id=delivery_id, by=by)


@resource.get("/audit", "audit.read", query=AuditQuery, answer=Page[AuditEntrySnapshot])
def list_audit_entries(query: AuditQuery) -> Page[AuditEntrySnapshot]:
    """List the audit log, the newest entry first."""
    return audit.find(sort=query.sort, limit=query.limit, cursor=query.cursor)


@resource.get("/audit/verify", "audit.read", answer=AuditCheck)
def verify_audit() -> AuditCheck:
    """Walk the audit chain and say whether anything was changed."""
    return audit.verify()
