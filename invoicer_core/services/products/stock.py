"""The stock of products: a row per change, never edited, and the sum on the product itself."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Text, func, select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, FieldError
from invoicer_core.domain.money import LIMIT
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import Page, ProductSnapshot, StockMovementSnapshot
from invoicer_core.models import db
from invoicer_core.models.catalog import Product, StockMovement
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.fields import check_fields, number, text
from invoicer_core.services.listing import Ordering, matches, read_page, within_days
from invoicer_core.services.products.product_rows import load, snapshot
from invoicer_core.services.rows import refuse
from invoicer_core.services.transaction import Unit, transaction

CHECKS: Final = {"quantity": number(), "reason": text(200)}


def move(
    *,
    product_id: int,
    quantity: Decimal,
    reason: str,
    by: Actor,
    invoice_id: int | None = None,
) -> StockMovementSnapshot:
    """Add to the stock, or take from it with a negative quantity.

    A product that was not counted is counted from now on, from zero.

    Raises:
        InvalidInput: a quantity of zero, no reason.
        NotFound: no such product.
        Conflict: more would be taken than is there (``/quantity``).
    """
    given = {"quantity": quantity, "reason": reason}
    values = check_fields(given, CHECKS, required=("quantity", "reason"))
    if not values["quantity"]:
        refuse("/quantity", say("A movement of nothing is none: give a quantity."))
    with transaction(by=by) as unit:
        product = load(product_id, lock=True)
        return record(unit, product, values["quantity"], values["reason"], invoice_id)


def count(
    *, product_id: int, quantity: Decimal, reason: str, by: Actor
) -> StockMovementSnapshot | None:
    """Set the stock to what was counted. None where that is what stood there already.

    Raises:
        InvalidInput: below zero, no reason.
        NotFound: no such product.
    """
    values = check_fields(
        {"quantity": quantity, "reason": reason}, CHECKS, required=("quantity", "reason")
    )
    if values["quantity"] < 0:
        refuse("/quantity", say("Nobody can count less than nothing."))
    with transaction(by=by) as unit:
        product = load(product_id, lock=True)
        change = values["quantity"] - (product.stock_quantity or Decimal(0))
        if change:
            return record(unit, product, change, values["reason"])
        if product.stock_quantity is None:
            product.stock_quantity = Decimal(0)
            db.session.flush()
            unit.record("product.stock_moved", product=product.id, quantity=change)
        return None


def record(
    unit: Unit,
    product: Product,
    quantity: Decimal,
    reason: str,
    invoice_id: int | None = None,
    *,
    may_lack: bool = False,
) -> StockMovementSnapshot:
    """Write a movement of a product whose row is locked; tells when it crosses the low level.

    Args:
        may_lack: let the stock go below zero: what was sold is sold.
    """
    before = product.stock_quantity or Decimal(0)
    after = before + quantity
    if after < 0 and quantity < 0 and not may_lack:
        raise _not_there(before, -quantity)
    if after >= LIMIT:
        refuse("/quantity", say("The stock would be too large to be written down."))
    movement = StockMovement(
        business_id=current_business_id(),
        product_id=product.id,
        quantity=quantity,
        stock_after=after,
        reason=reason,
        invoice_id=invoice_id,
        actor=unit.by.label,
    )
    db.session.add(movement)
    counted = product.stock_quantity is not None
    product.stock_quantity = after
    db.session.flush()
    unit.record("product.stock_moved", product=product.id, quantity=quantity, reason=reason)
    level = product.low_stock_level
    if level is not None and after <= level and (before > level or not counted):
        unit.publish("product.low_stock", without_costs(snapshot(product)))
    return _snapshot(movement)


def _not_there(left: Decimal, wanted: Decimal) -> Conflict:
    message = say(
        "There are %(left)s in stock; %(value)s cannot be taken.",
        left=f"{left.normalize():f}",
        value=f"{wanted:f}",
    )
    return Conflict(message, [FieldError("/quantity", message)])


def without_costs(product: ProductSnapshot) -> ProductSnapshot:
    """The product as those see it who may not see what it costs: events go to everybody."""
    return replace(product, cost_price=None)


def movements(
    *,
    product_id: int,
    q: str | None = None,
    start: date | None = None,
    end: date | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[StockMovementSnapshot]:
    """What happened to a product's stock, the newest first; ``q`` is searched in the reasons.

    Raises:
        NotFound: no such product.
    """
    load(product_id)
    statement = select(StockMovement).where(
        StockMovement.business_id == current_business_id(),
        StockMovement.product_id == product_id,
        matches(func.lower(StockMovement.reason, type_=Text), q),
        within_days(StockMovement.created_at, start, end),
    )
    return read_page(
        statement,
        Ordering(StockMovement.id, {}),
        lambda rows: [_snapshot(row) for row in rows],
        sort=sort,
        limit=limit,
        cursor=cursor,
    )


def _snapshot(row: Any) -> StockMovementSnapshot:
    return StockMovementSnapshot(
        id=row.id,
        product_id=row.product_id,
        quantity=row.quantity,
        stock_after=row.stock_after,
        reason=row.reason,
        created_at=row.created_at,
        invoice_id=row.invoice_id,
        actor=row.actor,
    )
