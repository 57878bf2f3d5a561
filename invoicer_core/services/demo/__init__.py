"""The demo business, made through the services."""

from invoicer_core.services.demo.records import (
    BOOK,
    BUSINESS,
    CLIENT,
    CLIENTS,
    FULL,
    GOODS,
    OIL,
    PRODUCTS,
    REDUCED,
    SALES,
    SHELVES,
    SKUS,
    TABLE,
    WORK,
    made_item,
    seed,
)

__all__ = [
    "BOOK",
    "BUSINESS",
    "CLIENT",
    "CLIENTS",
    "FULL",
    "GOODS",
    "OIL",
    "PRODUCTS",
    "REDUCED",
    "SALES",
    "SHELVES",
    "SKUS",
    "TABLE",
    "WORK",
    "made_item",
    "seed",
]
