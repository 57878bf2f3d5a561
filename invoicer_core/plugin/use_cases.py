"""What a plugin may do with the core's data: the same functions that the core's own pages use.

Each is a transaction of its own, or part of the one it is called in; those that write take
``by=ctx.actor``. To write own rows and call several of them as one::

    with transaction(by=ctx.actor):
        ...
"""

from invoicer_core.services import (
    businesses,
    clients,
    credit_notes,
    documents,
    invoice_stock,
    invoices,
    messages,
    payments,
    products,
    suppliers,
    workflows,
)
from invoicer_core.services.transaction import transaction

__all__ = [
    "businesses",
    "clients",
    "credit_notes",
    "documents",
    "invoice_stock",
    "invoices",
    "messages",
    "payments",
    "products",
    "suppliers",
    "transaction",
    "workflows",
]
