"""Tables, no decisions. Importing this package registers all of them."""

from invoicer_core.models import (
    catalog,
    documents,
    identity,
    invoices,
    orders,
    outbox,
    parties,
    payments,
    plugins,
)
from invoicer_core.models.base import Base, db

__all__ = [
    "Base",
    "catalog",
    "db",
    "documents",
    "identity",
    "invoices",
    "orders",
    "outbox",
    "parties",
    "payments",
    "plugins",
]
