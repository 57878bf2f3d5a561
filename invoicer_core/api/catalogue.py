"""Every resource of the API, in the order of the documentation."""

from collections.abc import Iterator
from typing import Final

from invoicer_core.api import (
    account,
    attachments,
    bills,
    businesses,
    client_changes,
    clients,
    credit_notes,
    files,
    happenings,
    invoices,
    members,
    messages,
    orders,
    payments,
    plugins,
    products,
    reports,
    series,
    statements,
    suppliers,
    tasks,
    tax_rates,
    templates,
    webhooks,
    workflows,
)
from invoicer_core.api.resources import Operation, Resource

RESOURCES: Final[tuple[Resource, ...]] = (
    account.resource,
    businesses.resource,
    members.resource,
    clients.resource,
    client_changes.resource,
    statements.resource,
    suppliers.resource,
    bills.resource,
    products.resource,
    tax_rates.resource,
    orders.resource,
    invoices.resource,
    credit_notes.resource,
    payments.resource,
    files.resource,
    attachments.resource,
    reports.resource,
    tasks.resource,
    workflows.resource,
    messages.resource,
    templates.resource,
    series.resource,
    happenings.resource,
    webhooks.resource,
    plugins.resource,
)


def operations() -> Iterator[Operation]:
    """Every declared operation."""
    for resource in RESOURCES:
        yield from resource.operations
