"""Frozen values that services return: the JSON body, the webhook body, the template context,
the renderer's input, the hook argument and the live payload. One shape, many uses.

A field without a value is None and is left out of the JSON.
"""

from invoicer_core.domain.snapshots.documents import (
    CreditNoteSnapshot,
    DocumentBody,
    FileSnapshot,
    InvoiceItemSnapshot,
    InvoiceSnapshot,
    StoredDocument,
)
from invoicer_core.domain.snapshots.money import AllocationSnapshot, PaymentSnapshot, RefundSnapshot
from invoicer_core.domain.snapshots.parties import (
    BusinessSnapshot,
    ClientSnapshot,
    ContactSnapshot,
    Identifier,
    MemberSnapshot,
    Party,
    SupplierSnapshot,
    UserSnapshot,
)
from invoicer_core.domain.snapshots.telling import (
    MessageAttemptSnapshot,
    MessageSnapshot,
    Page,
    TimelineEntry,
)
from invoicer_core.domain.snapshots.trade import (
    CategorySnapshot,
    OrderItemSnapshot,
    OrderSnapshot,
    ProductSnapshot,
    StockMovementSnapshot,
    TaxRateSnapshot,
)

__all__ = [
    "AllocationSnapshot",
    "BusinessSnapshot",
    "CategorySnapshot",
    "ClientSnapshot",
    "ContactSnapshot",
    "CreditNoteSnapshot",
    "DocumentBody",
    "FileSnapshot",
    "Identifier",
    "InvoiceItemSnapshot",
    "InvoiceSnapshot",
    "MemberSnapshot",
    "MessageAttemptSnapshot",
    "MessageSnapshot",
    "OrderItemSnapshot",
    "OrderSnapshot",
    "Page",
    "Party",
    "PaymentSnapshot",
    "ProductSnapshot",
    "RefundSnapshot",
    "StockMovementSnapshot",
    "StoredDocument",
    "SupplierSnapshot",
    "TaxRateSnapshot",
    "TimelineEntry",
    "UserSnapshot",
]
