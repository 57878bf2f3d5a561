"""What invoices do to the stock: issuing takes out what was sold, annulling gives it back.

Both may be asked for as often as one likes, and in any order: a lock per invoice puts them in a
row, and each looks at the invoice as it is by then.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from sqlalchemy import func, select, text

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import InvoiceSnapshot, StockMovementSnapshot
from invoicer_core.domain.units import DEFAULT
from invoicer_core.models import db
from invoicer_core.models.catalog import Product, StockMovement
from invoicer_core.models.invoices import CreditNote
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import invoices
from invoicer_core.services.products import stock
from invoicer_core.services.transaction import Unit, transaction

_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:place, 7205))")


def take_out(*, invoice_id: int, by: Actor) -> tuple[StockMovementSnapshot, ...]:
    """Take what an issued invoice sells out of the stock of the products that count theirs.

    The stock may go below zero. A line counts when its unit is the product's, or is not said
    (pieces): kilograms and grams are not converted. Nothing happens for a draft, an annulled
    invoice, or what was taken already.

    Raises:
        NotFound: no such invoice.
    """
    with transaction(by=by) as unit:
        _lock(invoice_id)
        invoice = invoices.get(invoice_id=invoice_id)
        if invoice.state != "issued" or _is_credited_in_full(invoice):
            return ()
        products = _counted({item.product_id for item in invoice.items if item.product_id})
        sold = {key: -quantity for key, quantity in _sold(invoice, products).items()}
        return _move(unit, invoice, products, sold, f"invoice {invoice.invoice_number}")


def give_back(*, invoice_id: int, by: Actor) -> tuple[StockMovementSnapshot, ...]:
    """Put back what an invoice took, once it is void or credited in full; before, nothing.

    Raises:
        NotFound: no such invoice.
    """
    with transaction(by=by) as unit:
        _lock(invoice_id)
        invoice = invoices.get(invoice_id=invoice_id)
        if invoice.state == "void":
            reason = f"void of {invoice.invoice_number}"
        elif _is_credited_in_full(invoice):
            reason = f"credit of {invoice.invoice_number}"
        else:
            return ()
        taken = {key: -quantity for key, quantity in _moved(invoice_id).items()}
        return _move(unit, invoice, _counted(set(taken)), taken, reason)


# --- inside -------------------------------------------------------------------------------------


def _lock(invoice_id: int) -> None:
    db.session.execute(_ONE_AT_A_TIME, {"place": f"stock of invoice {invoice_id}"})


def _counted(ids: set[int]) -> Mapping[int, Product]:
    """The products that count their stock, locked in the order of their ids."""
    statement = (
        select(Product)
        .where(
            Product.business_id == current_business_id(),
            Product.id.in_(ids),
            Product.deleted_at.is_(None),
            Product.stock_quantity.is_not(None),
        )
        .order_by(Product.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in db.session.scalars(statement)} if ids else {}


def _sold(invoice: InvoiceSnapshot, products: Mapping[int, Product]) -> dict[int, Decimal]:
    sold: dict[int, Decimal] = defaultdict(Decimal)
    for item in invoice.items:
        product = products.get(item.product_id or 0)
        if product is not None and item.unit in (product.unit, DEFAULT):
            sold[product.id] += item.quantity
    return sold


def _moved(invoice_id: int) -> dict[int, Decimal]:
    """What the invoice did to each product's stock so far."""
    statement = (
        select(StockMovement.product_id, func.sum(StockMovement.quantity))
        .where(
            StockMovement.business_id == current_business_id(),
            StockMovement.invoice_id == invoice_id,
        )
        .group_by(StockMovement.product_id)
    )
    return {key: quantity for key, quantity in db.session.execute(statement)}  # noqa: C416 - typed


def _move(
    unit: Unit,
    invoice: InvoiceSnapshot,
    products: Mapping[int, Product],
    quantities: Mapping[int, Decimal],
    reason: str,
) -> tuple[StockMovementSnapshot, ...]:
    done = _done(invoice.id, reason)
    return tuple(
        stock.record(unit, product, quantities[key], reason, invoice.id, may_lack=True)
        for key, product in products.items()
        if quantities.get(key) and key not in done
    )


def _done(invoice_id: int, reason: str) -> Sequence[int]:
    statement = select(StockMovement.product_id).where(
        StockMovement.business_id == current_business_id(),
        StockMovement.invoice_id == invoice_id,
        StockMovement.reason == reason,
    )
    return db.session.scalars(statement).all()


def _is_credited_in_full(invoice: InvoiceSnapshot) -> bool:
    statement = select(func.sum(CreditNote.total_amount)).where(
        CreditNote.business_id == current_business_id(), CreditNote.invoice_id == invoice.id
    )
    return db.session.scalar(statement) == invoice.total_amount
