"""Money received and given back. `recording` puts it on invoices, `refunds` gives it back."""

from invoicer_core.services.payments.reading import STATUSES, find, get
from invoicer_core.services.payments.recording import allocate, pay_balance, record, unallocate
from invoicer_core.services.payments.refunds import refund, release

__all__ = [
    "STATUSES",
    "allocate",
    "find",
    "get",
    "pay_balance",
    "record",
    "refund",
    "release",
    "unallocate",
]
