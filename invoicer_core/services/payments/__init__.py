"""Money received and given back. `recording` puts it on invoices, `refunds` gives it back, `online`
begins it at a provider, `charging` takes it from what a client saved; `settling`, `returns` and
`disputes` take note of what became of it."""

from invoicer_core.services.payments.attempts import AttemptSnapshot
from invoicer_core.services.payments.attempts import find as attempt
from invoicer_core.services.payments.charging import charge
from invoicer_core.services.payments.disputes import dispute
from invoicer_core.services.payments.following import (
    SUBSCRIBER,
    call_off,
    follow,
    follow_refund,
    look,
)
from invoicer_core.services.payments.online import Payable, Way, payable, start, title_of
from invoicer_core.services.payments.reading import RECEIVED, STATUSES, find, get, methods
from invoicer_core.services.payments.recording import allocate, pay_balance, record, unallocate
from invoicer_core.services.payments.refunds import refund, release
from invoicer_core.services.payments.returns import returned
from invoicer_core.services.payments.settling import decide, settle

__all__ = [
    "RECEIVED",
    "STATUSES",
    "SUBSCRIBER",
    "AttemptSnapshot",
    "Payable",
    "Way",
    "allocate",
    "attempt",
    "call_off",
    "charge",
    "decide",
    "dispute",
    "find",
    "follow",
    "follow_refund",
    "get",
    "look",
    "methods",
    "pay_balance",
    "payable",
    "record",
    "refund",
    "release",
    "returned",
    "settle",
    "start",
    "title_of",
    "unallocate",
]
