"""Products: from rows to snapshots."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import select

from invoicer_core.domain.snapshots import ProductSnapshot
from invoicer_core.models import db
from invoicer_core.models.catalog import Category, Product, TaxRate
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.rows import find_row


def load(product_id: int, *, lock: bool = False) -> Product:
    """A product that is not deleted. Raises NotFound."""
    return find_row(Product, product_id, "product", Product.deleted_at.is_(None), lock=lock)


def snapshot(row: Product) -> ProductSnapshot:
    """The answer of one product."""
    return snapshots([row])[0]


def snapshots(rows: Sequence[Product]) -> list[ProductSnapshot]:
    """The answers of many, with two look-ups for all."""
    percents = _percents({row.tax_rate_id for row in rows if row.tax_rate_id is not None})
    names = _names({row.category_id for row in rows if row.category_id is not None})
    return [
        ProductSnapshot(
            id=row.id,
            public_id=row.public_id,
            sku=row.sku,
            name=row.name,
            description=row.description,
            category=names.get(row.category_id),
            category_id=row.category_id,
            unit=row.unit,
            unit_price=row.unit_price,
            cost_price=row.cost_price,
            currency=row.currency,
            tax_rate=percents.get(row.tax_rate_id),
            tax_rate_id=row.tax_rate_id,
            stock_quantity=row.stock_quantity,
            low_stock_level=row.low_stock_level,
            is_active=row.is_active,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row in rows
    ]


def _percents(ids: set[int]) -> dict[int | None, Decimal]:
    if not ids:
        return {}
    found = select(TaxRate.id, TaxRate.rate).where(
        TaxRate.business_id == current_business_id(), TaxRate.id.in_(ids)
    )
    return {key: rate for key, rate in db.session.execute(found)}  # noqa: C416 - typed


def _names(ids: set[int]) -> dict[int | None, str]:
    if not ids:
        return {}
    found = select(Category.id, Category.name).where(
        Category.business_id == current_business_id(), Category.id.in_(ids)
    )
    return {key: name for key, name in db.session.execute(found)}  # noqa: C416 - typed
