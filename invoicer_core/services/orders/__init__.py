"""Orders: `records` keeps them, `order_items` prices them."""

from invoicer_core.services.orders.records import (
    CHECKS,
    NEXT,
    STATUSES,
    counts,
    create,
    delete,
    find,
    get,
    preview,
    to_invoice,
    totals_of,
    update,
)

__all__ = [
    "CHECKS",
    "NEXT",
    "STATUSES",
    "counts",
    "create",
    "delete",
    "find",
    "get",
    "preview",
    "to_invoice",
    "totals_of",
    "update",
]
