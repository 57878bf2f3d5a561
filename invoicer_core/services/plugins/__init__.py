"""Plugins as a business sees them: on, off, settings, health, what is parked."""

from invoicer_core.services.plugins.records import (
    api_resources,
    change,
    checks,
    find,
    get,
    held_by,
    may,
    quarantined,
    runs,
    slots,
    widgets,
)

__all__ = [
    "api_resources",
    "change",
    "checks",
    "find",
    "get",
    "held_by",
    "may",
    "quarantined",
    "runs",
    "slots",
    "widgets",
]
