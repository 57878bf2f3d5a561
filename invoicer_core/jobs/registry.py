"""The list of everything that a worker may be asked to call."""

from invoicer_core.jobs.deliver import deliver
from invoicer_core.jobs.plugin_schedules import SCHEDULED
from invoicer_core.jobs.queue import REGISTRY
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import exports, overdue, report_files, upkeep
from invoicer_core.services.bulk import bulk_files, bulk_work
from invoicer_core.services.clients import importing as clients_importing
from invoicer_core.services.documents import moving
from invoicer_core.services.plugins import plugin_jobs
from invoicer_core.services.products import importing as products_importing
from invoicer_core.services.statements import runs

TASK_WORK = (
    bulk_files,
    bulk_work,
    exports,
    clients_importing,
    products_importing,
    runs,
    report_files,
    moving,
)
"""Modules whose work tasks ask for: importing them registers it."""

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


def plugin_scheduled(plugin: str, schedule: str, period: str, business_ids: list[int]) -> None:
    """Write down a plugin's job for its period in these businesses, where it was not yet."""
    for business_id in business_ids:
        with enter_business(business_id):
            plugin_jobs.scheduled(plugin=plugin, schedule=schedule, period=period)


REGISTRY.update(
    {
        DELIVER: deliver,
        OVERDUE: sweep_overdue,
        PURGE: purge,
        PURGE_SHARED: upkeep.purge_shared,
        SCHEDULED: plugin_scheduled,
    }
)
