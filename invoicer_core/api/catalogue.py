"""Every resource of the API, in the order of the documentation."""

from collections.abc import Iterator
from typing import Final

from invoicer_core.api import (
    account,
    businesses,
    members,
)
from invoicer_core.api.resources import Operation, Resource

RESOURCES: Final[tuple[Resource, ...]] = (
    account.resource,
    businesses.resource,
    members.resource,
)


def operations() -> Iterator[Operation]:
    """Every declared operation."""
    for resource in RESOURCES:
        yield from resource.operations
