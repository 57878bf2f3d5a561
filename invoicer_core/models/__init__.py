"""Tables, no decisions. Importing this package registers all of them."""

from invoicer_core.models import (
    access,
    catalog,
    documents,
    identity,
    insight,
    invoices,
    orders,
    outbox,
    parties,
    payments,
    plugins,
    portal,
    statements,
    tasks,
    texts,
    trade,
    webhooks,
)
from invoicer_core.models.base import Base, db

__all__ = [
    "Base",
    "access",
    "catalog",
    "db",
    "documents",
    "identity",
    "insight",
    "invoices",
    "orders",
    "outbox",
    "parties",
    "payments",
    "plugins",
    "portal",
    "statements",
    "tasks",
    "texts",
    "trade",
    "webhooks",
]
