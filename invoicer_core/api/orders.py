"""Clients' orders."""

from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.lists import OrderQuery
from invoicer_core.api.schemas.trade import OrderInput, OrderInvoiceInput, OrderUpdate
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.snapshots import InvoiceSnapshot, OrderSnapshot, Page
from invoicer_core.services import orders

resource = Resource("orders", tag="Orders")


@resource.get("/orders", "orders.read", query=OrderQuery, answer=Page[OrderSnapshot])
def list_orders(query: OrderQuery) -> Page[OrderSnapshot]:
    """List the orders.

    The newest first. Sort by order_number, order_date, total_amount or created_at; - in front
    descends."""
    return orders.find(**query.filters())


@resource.post(
    "/orders", "orders.write", body=OrderInput, answer=OrderSnapshot, status=201,
    location="/orders/{id}",
)  # fmt: skip
def create_order(body: OrderInput, by: Actor) -> OrderSnapshot:
    """Create an order; it gets the next number of its series."""
    return orders.create(fields=body.sent(), by=by)


@resource.get("/orders/{orderId}", "orders.read", answer=OrderSnapshot)
def get_order(order_id: int) -> OrderSnapshot:
    """Get an order."""
    return orders.get(order_id=order_id)


@resource.put("/orders/{orderId}", "orders.write", body=OrderUpdate, answer=OrderSnapshot)
def update_order(order_id: int, body: OrderUpdate, by: Actor, version: int | None) -> OrderSnapshot:
    """Change an order.

    The status goes from pending to processing to completed; pending and processing ones can be
    cancelled. Lines, client and currency can change while it is pending and not invoiced."""
    return orders.update(order_id=order_id, fields=body.sent(), by=by, expected_version=version)


@resource.delete("/orders/{orderId}", "orders.write")
def delete_order(order_id: int, by: Actor) -> None:
    """Delete an order without invoices."""
    orders.delete(order_id=order_id, by=by)


@resource.post(
    "/orders/{orderId}/invoice", "invoices.write", body=OrderInvoiceInput, body_required=False,
    answer=InvoiceSnapshot, status=201, location="/invoices/{id}",
)  # fmt: skip
def invoice_order(order_id: int, body: OrderInvoiceInput, by: Actor) -> InvoiceSnapshot:
    """Make an invoice of an order: of all that is left, or of the given part."""
    for wished, permission in ((body.issue, "invoices.issue"), (body.send, "invoices.send")):
        if wished:
            by.require(permission)
    quantities = None
    if body.items is not None:
        quantities = {each.id: each.quantity for each in body.items}
        if len(quantities) != len(body.items):
            raise InvalidInput.at("/items", "A line of the order stands here more than once.")
    return orders.to_invoice(
        order_id=order_id, quantities=quantities, by=by, issue=body.issue, send=body.send
    )
