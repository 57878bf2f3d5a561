"""The catalogue as a table, in the columns that the import reads again."""

from collections.abc import Iterator, Sequence
from typing import Final

from invoicer_core.domain.snapshots import ProductSnapshot
from invoicer_core.services import products
from invoicer_core.services.products.importing import FIELDS

PAGE: Final = 200


def columns(*, costs: bool) -> tuple[str, ...]:
    """The fields in the order of the table; what products cost is for those who may see it."""
    return tuple(field for field in FIELDS if costs or field != "cost_price")


def rows(*, fields: Sequence[str], status: str | None = None) -> Iterator[list[object]]:
    """One row per product, by name, read page by page."""
    cursor = None
    while True:
        page = products.find(status=status, sort="name", limit=PAGE, cursor=cursor)
        for product in page.items:
            yield [_cell(product, field) for field in fields]
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


def _cell(product: ProductSnapshot, field: str) -> object:
    value: object = getattr(product, field)
    return value
