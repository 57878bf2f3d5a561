"""Statements of a client's account, one by one and in runs."""

from invoicer_core.services.statements.records import (
    KeptStatement,
    compute,
    find,
    freeze,
    get,
)

__all__ = [
    "KeptStatement",
    "compute",
    "find",
    "freeze",
    "get",
]
