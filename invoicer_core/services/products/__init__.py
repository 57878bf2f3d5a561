"""Products: `records` keeps them; categories, stock, search, import and export."""

from invoicer_core.services.products.records import (
    CHECKS,
    FUZZY,
    MISTYPED,
    NOT_NEGATIVE,
    SHOWN,
    alike,
    among,
    check,
    create,
    delete,
    find,
    get,
    ranked,
    search,
    update,
)

__all__ = [
    "CHECKS",
    "FUZZY",
    "MISTYPED",
    "NOT_NEGATIVE",
    "SHOWN",
    "alike",
    "among",
    "check",
    "create",
    "delete",
    "find",
    "get",
    "ranked",
    "search",
    "update",
]
