"""Orders: from rows to snapshots, and what their invoices took of them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, cast

from sqlalchemy import select

from invoicer_core.domain.money import round_money
from invoicer_core.domain.snapshots import InvoiceSnapshot, OrderItemSnapshot, OrderSnapshot
from invoicer_core.models import db
from invoicer_core.models.invoices import Invoice
from invoicer_core.models.orders import Order, OrderItem
from invoicer_core.models.parties import Client
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.document_rows import read_tax
from invoicer_core.services.rows import find_row, touch
from invoicer_core.services.transaction import Unit

Status = Literal["pending", "processing", "completed", "cancelled"]


def load(order_id: int, *, lock: bool = False) -> Order:
    """An order that is not deleted. Raises NotFound."""
    return find_row(Order, order_id, "order", Order.deleted_at.is_(None), lock=lock)


def items_of(order_ids: Sequence[int]) -> Mapping[int, list[OrderItem]]:
    """The lines of orders, in their order."""
    found: dict[int, list[OrderItem]] = {order_id: [] for order_id in order_ids}
    rows = db.session.scalars(
        select(OrderItem)
        .where(OrderItem.business_id == current_business_id(), OrderItem.order_id.in_(order_ids))
        .order_by(OrderItem.order_id, OrderItem.position)
        .execution_options(populate_existing=True)
    )
    for row in rows:
        found[row.order_id].append(row)
    return found


def snapshot(row: Order) -> OrderSnapshot:
    """The answer of one order."""
    return snapshots([row])[0]


def snapshots(rows: Sequence[Order]) -> list[OrderSnapshot]:
    """The answers of many, with three look-ups for all."""
    if not rows:
        return []
    db.session.flush()
    items = items_of([row.id for row in rows])
    names = _client_names({row.client_id for row in rows})
    invoices = _invoices_of([row.id for row in rows])
    return [
        OrderSnapshot(
            id=row.id,
            public_id=row.public_id,
            order_number=row.order_number,
            client_id=row.client_id,
            client_name=names.get(row.client_id),
            status=cast(Status, row.status),
            currency=row.currency,
            total_amount=round_money(row.total_amount, row.currency),
            order_date=row.order_date,
            notes=row.notes,
            items=tuple(_item(item, row.currency) for item in items[row.id]),
            invoice_ids=tuple(invoices.get(row.id, ())),
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row in rows
    ]


def _item(row: OrderItem, currency: str) -> OrderItemSnapshot:
    return OrderItemSnapshot(
        id=row.id,
        product_name=row.product_name,
        quantity=row.quantity,
        unit_price=row.unit_price,
        total_price=round_money(row.total_price, currency),
        product_id=row.product_id,
        unit=row.unit,
        taxes=tuple(read_tax(tax) for tax in row.taxes),
        invoiced_quantity=row.invoiced_quantity,
    )


def _client_names(ids: set[int]) -> dict[int, str]:
    rows = db.session.execute(
        select(Client.id, Client.name).where(
            Client.business_id == current_business_id(), Client.id.in_(ids)
        )
    )
    return {key: name for key, name in rows}  # noqa: C416


def _invoices_of(ids: Sequence[int]) -> dict[int, list[int]]:
    rows = db.session.execute(
        select(Invoice.order_id, Invoice.id)
        .where(
            Invoice.business_id == current_business_id(),
            Invoice.order_id.in_(ids),
            Invoice.deleted_at.is_(None),
        )
        .order_by(Invoice.id)
    )
    found: dict[int, list[int]] = {}
    for order_id, invoice_id in rows:
        if order_id is not None:
            found.setdefault(order_id, []).append(invoice_id)
    return found


def give_back(unit: Unit, invoice: InvoiceSnapshot) -> None:
    """An invoice of an order is deleted or void: what it took can be invoiced again.

    A line is known again by product, text and price, so that an edited draft gives back what it
    still has of the order.
    """
    if invoice.order_id is None:
        return
    order = find_row(Order, invoice.order_id, "order", lock=True)
    items = items_of([order.id])[order.id]
    for line in invoice.items:
        rest = line.quantity
        for item in items:
            if (item.product_id, item.product_name, item.unit_price) == (
                line.product_id,
                line.description,
                line.unit_price,
            ):
                back = min(max(rest, Decimal(0)), item.invoiced_quantity)
                item.invoiced_quantity -= back
                rest -= back
    touch(order)
    db.session.flush()
    unit.record("order.given_back", order=order.id, invoice=invoice.id)
