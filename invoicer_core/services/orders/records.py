"""Clients' orders: taken, worked on, and invoiced whole or in parts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Text, func, or_, select
from sqlalchemy import delete as delete_rows

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.document import Document, Item, Tax, Totals
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.errors import Conflict, FieldError, NotFound
from invoicer_core.domain.saying import say, state_word
from invoicer_core.domain.snapshots import InvoiceSnapshot, OrderSnapshot, Page
from invoicer_core.domain.totals import compute
from invoicer_core.models import db
from invoicer_core.models.orders import Order, OrderItem
from invoicer_core.models.parties import Client
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import drafting, invoices, series
from invoicer_core.services.document_rows import read_tax
from invoicer_core.services.fields import (
    Check,
    calendar_day,
    check_fields,
    choice,
    currency,
    text,
    whole,
)
from invoicer_core.services.listing import (
    ID_MOST,
    Ordering,
    has_id,
    matches,
    one_of,
    read_page,
    within_days,
)
from invoicer_core.services.orders.order_items import ITEMS, priced
from invoicer_core.services.orders.order_rows import items_of, load, snapshot, snapshots
from invoicer_core.services.rows import assign, check_version, touch
from invoicer_core.services.transaction import transaction

STATUSES: Final = ("pending", "processing", "completed", "cancelled")
NEXT: Final[Mapping[str, tuple[str, ...]]] = {
    "pending": ("processing", "cancelled"),
    "processing": ("completed", "cancelled"),
    "completed": (),
    "cancelled": (),
}
"""What may follow a status."""

CHECKS: Final[Mapping[str, Check]] = {
    "client_id": whole(1, ID_MOST),
    "currency": currency,
    "order_date": calendar_day,
    "notes": text(5_000, lines=True),
    "items": ITEMS,
}
_EVENTS: Final = {"completed": "order.completed", "cancelled": "order.cancelled"}


def create(*, fields: Mapping[str, Any], by: Actor) -> OrderSnapshot:
    """Take an order; it gets the next number of the business's order series.

    Raises:
        InvalidInput: a pointer per wrong field.
        NotFound: no such client, product or tax rate.
    """
    values = check_fields(fields, CHECKS, required=("client_id", "items"))
    with transaction(by=by) as unit:
        known = drafting.setting(values["client_id"], "order")
        document = priced(values["items"], values.get("currency") or known.currency)
        day = values.get("order_date") or known.today
        totals = compute(document)
        number = series.next_number("order", day, known.client_name)
        order = Order(
            business_id=current_business_id(),
            order_number=number.text,
            client_id=known.client_id,
            status="pending",
            currency=document.currency,
            total_amount=totals.total_amount,
            order_date=day,
            notes=values.get("notes"),
        )
        db.session.add(order)
        db.session.flush()
        _write_items(order, document)
        made = snapshot(order)
        unit.publish("order.created", made, client_id=order.client_id)
        unit.record("order.created", order=order.id, number=order.order_number)
        return made


def get(*, order_id: int) -> OrderSnapshot:
    """One order. Raises NotFound."""
    return snapshot(load(order_id))


def find(
    *,
    q: str | None = None,
    status: str | None = None,
    client_id: int | None = None,
    start: date | None = None,
    end: date | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[OrderSnapshot]:
    """Orders, the newest first; ``q`` is searched in numbers and clients, ``start`` and ``end``
    are days of order."""
    number = func.lower(Order.order_number, type_=Text)
    statement = (
        select(Order)
        .join(Client, (Client.business_id == Order.business_id) & (Client.id == Order.client_id))
        .where(
            Order.business_id == current_business_id(),
            Order.deleted_at.is_(None),
            or_(matches(number, q), matches(Client.search, q)),
            one_of(Order.status, status, STATUSES, "/status"),
            has_id(Order.client_id, client_id),
            within_days(Order.order_date, start, end),
        )
    )
    keys = {
        "order_number": number,
        "order_date": Order.order_date,
        "total_amount": Order.total_amount,
        "created_at": Order.created_at,
    }
    ordering = Ordering(Order.id, keys)
    return read_page(statement, ordering, snapshots, sort=sort, limit=limit, cursor=cursor)


def counts(*, client_id: int | None = None) -> dict[str, int]:
    """How many orders are in each state."""
    rows = db.session.execute(
        select(Order.status, func.count())
        .where(
            Order.business_id == current_business_id(),
            Order.deleted_at.is_(None),
            has_id(Order.client_id, client_id),
        )
        .group_by(Order.status)
    )
    return {status: count for status, count in rows}  # noqa: C416 - typed


def preview(*, items: Sequence[Mapping[str, Any]], currency: str) -> Totals:
    """What these lines come to. Stores nothing. Raises as `create` does."""
    checked = check_fields({"items": items}, {"items": ITEMS}, required=("items",))
    return compute(priced(checked["items"], currency))


def totals_of(order: OrderSnapshot) -> Totals:
    """The sums of a stored order, with its taxes by group."""
    lines = tuple(
        Item(
            description=item.product_name,
            quantity=item.quantity,
            unit_price=item.unit_price,
            unit=item.unit or "C62",
            taxes=item.taxes,
        )
        for item in order.items
    )
    return compute(Document(currency=order.currency, items=lines))


def update(
    *, order_id: int, fields: Mapping[str, Any], by: Actor, expected_version: int | None = None
) -> OrderSnapshot:
    """Change an order: its status at any time, its lines, client and currency while it is pending
    and nothing of it is invoiced.

    Raises:
        InvalidInput, NotFound, StaleVersion: as ever.
        Conflict: the status cannot follow, or it is too late for the change.
    """
    checks = {**CHECKS, "status": choice(*STATUSES)}
    required = ("client_id", "currency", "order_date", "items", "status")
    values = check_fields(fields, checks, required=required, partial=True)
    with transaction(by=by) as unit:
        order = load(order_id, lock=True)
        check_version(order, expected_version, "order", lambda: snapshot(order))
        status = values.pop("status", order.status)
        _check_status(order.status, status)
        lines = {"items", "client_id", "currency"} & set(values)
        if lines:
            _check_open(order)
            values |= _renewed(order, values)
        changed = assign(order, {**values, "status": status})
        if lines and not changed:
            touch(order)
        if not changed and not lines:
            return snapshot(order)
        db.session.flush()
        edited = snapshot(order)
        event = _EVENTS.get(status, "order.updated") if "status" in changed else "order.updated"
        unit.publish(event, edited, client_id=order.client_id)
        unit.record(event, order=order.id, status=status)
        return edited


def delete(*, order_id: int, by: Actor) -> None:
    """Remove an order (the row stays, unseen). Raises NotFound; Conflict once invoiced."""
    with transaction(by=by) as unit:
        order = load(order_id, lock=True)
        if snapshot(order).invoice_ids:
            raise Conflict(say("This order has invoices: cancel it instead of deleting it."))
        order.deleted_at = datetime.now(UTC)
        touch(order)
        db.session.flush()
        unit.publish("order.cancelled", snapshot(order), client_id=order.client_id)
        unit.record("order.deleted", order=order.id)


def to_invoice(
    *,
    order_id: int,
    by: Actor,
    quantities: Mapping[int, Decimal] | None = None,
    issue: bool = False,
    send: bool = False,
) -> InvoiceSnapshot:
    """Make an invoice of what is not invoiced yet, or of the given quantities of lines.

    Args:
        quantities: id of a line -> how much of it; None: all that is left.

    Raises:
        NotFound: no such order or line.
        Conflict: cancelled, all invoiced, or more than is left.
    """
    with transaction(by=by) as unit:
        order = load(order_id, lock=True)
        if order.status == "cancelled":
            raise Conflict(say("This order is cancelled: it cannot be invoiced."))
        items = items_of([order.id])[order.id]
        wanted = _wanted(items, quantities)
        draft = InvoiceDraft(
            document=Document(
                currency=order.currency,
                items=tuple(_invoiced(item, quantity) for item, quantity in wanted),
            ),
            client_id=order.client_id,
            order_id=order.id,
            notes=order.notes,
        )
        for item, quantity in wanted:
            item.invoiced_quantity += quantity
        touch(order)
        db.session.flush()
        invoice = invoices.create(draft=draft, by=by, issue=issue, send=send)
        unit.publish("order.invoiced", snapshot(order), client_id=order.client_id)
        unit.record("order.invoiced", order=order.id, invoice=invoice.id)
        return invoice


def _check_status(status: str, wanted: str) -> None:
    if wanted != status and wanted not in NEXT[status]:
        message = say(
            "The order is %(status)s: it can become %(able)s.",
            status=state_word(status), able=_able(NEXT[status]),
        )  # fmt: skip
        raise Conflict(message, [FieldError("/status", message)])


def _able(following: Sequence[str]) -> str:
    if not following:
        return say("nothing else")
    if len(following) == 1:
        return state_word(following[0])
    first, second = following
    return say("%(first)s or %(second)s", first=state_word(first), second=state_word(second))


def _check_open(order: Order) -> None:
    if order.status != "pending":
        raise Conflict(
            say(
                "The order is %(status)s: only a pending one can be rewritten.",
                status=state_word(order.status),
            )
        )
    if snapshot(order).invoice_ids:
        raise Conflict(say("A part of this order is invoiced: it cannot be rewritten."))


def _renewed(order: Order, values: dict[str, Any]) -> dict[str, Any]:
    """The columns that follow from other lines, another client or currency."""
    known = drafting.setting(values.get("client_id", order.client_id), "order")
    money = values.get("currency", order.currency)
    given = values.pop("items", None)
    if given is None:
        lines = [_invoiced(item, item.quantity) for item in items_of([order.id])[order.id]]
        document = Document(currency=money, items=tuple(lines))
    else:
        document = priced(given, money)
    totals = compute(document)
    db.session.execute(
        delete_rows(OrderItem).where(
            OrderItem.business_id == current_business_id(), OrderItem.order_id == order.id
        )
    )
    _write_items(order, document)
    return {
        "client_id": known.client_id,
        "currency": money,
        "total_amount": totals.total_amount,
    }


def _write_items(order: Order, document: Document) -> None:
    totals = compute(document)
    for position, (item, sums) in enumerate(zip(document.items, totals.items, strict=True)):
        db.session.add(
            OrderItem(
                business_id=order.business_id,
                order_id=order.id,
                position=position,
                product_id=item.product_id,
                product_name=item.description,
                quantity=item.quantity,
                unit=item.unit,
                unit_price=item.unit_price,
                total_price=sums.total_price,
                taxes=[_tax_json(tax) for tax in item.taxes],
            )
        )
    db.session.flush()


def _tax_json(tax: Tax) -> dict[str, Any]:
    """Exact in JSON: the rate as a text."""
    values = {name: value for name, value in asdict(tax).items() if value is not None}
    return {**values, "rate": str(tax.rate)}


def _invoiced(item: OrderItem, quantity: Decimal) -> Item:
    return Item(
        description=item.product_name,
        quantity=quantity,
        unit_price=item.unit_price,
        unit=item.unit or "C62",
        product_id=item.product_id,
        taxes=tuple(read_tax(tax) for tax in item.taxes),
    )


def _wanted(
    items: Sequence[OrderItem], quantities: Mapping[int, Decimal] | None
) -> list[tuple[OrderItem, Decimal]]:
    left = {item.id: item.quantity - item.invoiced_quantity for item in items}
    if quantities is None:
        quantities = {key: rest for key, rest in left.items() if rest > 0}
        if not quantities:
            raise Conflict(say("All of this order is invoiced already."))
    faults = []
    for place, (key, quantity) in enumerate(quantities.items()):
        if key not in left:
            missing = NotFound.of("line of this order", key)
            raise NotFound(missing.detail, [FieldError(f"/items/{place}/id", missing.detail)])
        if not 0 < quantity <= left[key]:
            message = say(
                "From above 0 to %(left)s of this line can be invoiced.",
                left=format(left[key].normalize(), "f"),
            )
            faults.append(FieldError(f"/items/{place}/quantity", message))
    if faults or not quantities:
        raise Conflict(say("More cannot be invoiced than was ordered and is left."), faults)
    return [(item, quantities[item.id]) for item in items if item.id in quantities]
