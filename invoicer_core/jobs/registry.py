"""The list of everything that a worker may be asked to call."""

from invoicer_core.jobs.deliver import deliver
from invoicer_core.jobs.queue import REGISTRY
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import overdue, upkeep

DELIVER, OVERDUE, PURGE, PURGE_SHARED = "deliver", "overdue", "purge", "purge_shared"


def sweep_overdue(business_ids: list[int]) -> None:
    """Tell what has become overdue in these businesses."""
    for business_id in business_ids:
        with enter_business(business_id):
            overdue.sweep()


def purge(business_ids: list[int]) -> None:
    """Throw away what has had its time in these businesses."""
    for business_id in business_ids:
        with enter_business(business_id):
            upkeep.purge_business()


REGISTRY.update(
    {
        DELIVER: deliver,
        OVERDUE: sweep_overdue,
        PURGE: purge,
        PURGE_SHARED: upkeep.purge_shared,
    }
)
