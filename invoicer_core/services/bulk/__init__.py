"""One act on many invoices."""

from invoicer_core.services.bulk.records import (
    EXPORT,
    MOST,
    PAY,
    SEND,
    ZIP,
    Choice,
    Outlook,
    fits,
    ids_of,
    look,
    start,
)

__all__ = [
    "EXPORT",
    "MOST",
    "PAY",
    "SEND",
    "ZIP",
    "Choice",
    "Outlook",
    "fits",
    "ids_of",
    "look",
    "start",
]
