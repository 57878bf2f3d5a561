"""What a plugin may do with the core's data: the same functions that the core's own pages use.

Each is a transaction of its own, or part of the one it is called in; those that write take
``by=ctx.actor``. To write own rows and call several of them as one::

    with transaction(by=ctx.actor):
        ...
"""

from invoicer_core.services import (
    ai_tools,
    businesses,
    clients,
    credit_notes,
    documents,
    files,
    invoice_stock,
    invoices,
    messages,
    once,
    payments,
    products,
    reporting,
    reports,
    searching,
    sheets,
    tasks,
    workflows,
)
from invoicer_core.services.buying import suppliers
from invoicer_core.services.messages import consents, writing
from invoicer_core.services.transaction import transaction

__all__ = [
    "ai_tools",
    "businesses",
    "clients",
    "consents",
    "credit_notes",
    "documents",
    "files",
    "invoice_stock",
    "invoices",
    "messages",
    "once",
    "payments",
    "products",
    "reporting",
    "reports",
    "searching",
    "sheets",
    "suppliers",
    "tasks",
    "transaction",
    "workflows",
    "writing",
]
