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
    mine = current_business_id()
    rates = {row.tax_rate_id for row in rows if row.tax_rate_id is not None}
    groups = {row.category_id for row in rows if row.category_id is not None}
    percents: dict[int | None, Decimal] = {}
    names: dict[int | None, str] = {}
    if rates:
        found = select(TaxRate.id, TaxRate.rate).where(
            TaxRate.business_id == mine, TaxRate.id.in_(rates)
        )
        percents.update({key: rate for key, rate in db.session.execute(found)})  # noqa: C416
    if groups:
        named = select(Category.id, Category.name).where(
            Category.business_id == mine, Category.id.in_(groups)
        )
        names.update({key: name for key, name in db.session.execute(named)})  # noqa: C416
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
