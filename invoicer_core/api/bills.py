"""Suppliers' bills: what is owed to whom, and what was paid."""

from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.buying import (
    BillInput,
    BillPaymentInput,
    BillQuery,
    BillUpdate,
    ReasonInput,
)
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import Page
from invoicer_core.services.buying import bills
from invoicer_core.services.buying.bill_rows import BillPaymentSnapshot, BillSnapshot

resource = Resource("bills", tag="Bills")


@resource.get("/bills", "costs.read", query=BillQuery, answer=Page[BillSnapshot])
def list_bills(query: BillQuery) -> Page[BillSnapshot]:
    """List suppliers' bills.

    The newest first. Sort by number, bill_date, due_date or total_amount; - in front descends."""
    return bills.find(**query.filters())  # type: ignore[arg-type]  # checked by the query


@resource.post(
    "/bills", "suppliers.write", body=BillInput, answer=BillSnapshot, status=201,
    location="/bills/{id}", errors=(404, 409),
)  # fmt: skip
def record_bill(body: BillInput, by: Actor) -> BillSnapshot:
    """Write down a supplier's bill."""
    fields = body.sent()
    return bills.record(supplier_id=fields.pop("supplier_id"), fields=fields, by=by)


@resource.get("/bills/owed", "costs.read", answer=list[bills.Owed])
def list_owed() -> tuple[bills.Owed, ...]:
    """Tell what is owed and was paid, by currency."""
    return bills.owed()


@resource.get("/bills/{billId}", "costs.read", answer=BillSnapshot)
def get_bill(bill_id: int) -> BillSnapshot:
    """Get a supplier's bill."""
    return bills.get(bill_id=bill_id)


@resource.put(
    "/bills/{billId}", "suppliers.write", body=BillUpdate, answer=BillSnapshot, errors=(409,)
)
def update_bill(bill_id: int, body: BillUpdate, by: Actor, version: int | None) -> BillSnapshot:
    """Change a supplier's bill; fields that are left out stay as they are."""
    return bills.update(bill_id=bill_id, fields=body.sent(), by=by, expected_version=version)


@resource.post(
    "/bills/{billId}/void", "suppliers.write", body=ReasonInput, answer=BillSnapshot, errors=(409,)
)
def void_bill(bill_id: int, body: ReasonInput, by: Actor) -> BillSnapshot:
    """Take back a bill that is not right; nothing may be paid for it."""
    return bills.void(bill_id=bill_id, reason=body.reason, by=by)


@resource.get("/bills/{billId}/payments", "costs.read", answer=list[BillPaymentSnapshot])
def list_bill_payments(bill_id: int) -> tuple[BillPaymentSnapshot, ...]:
    """List what was paid for a bill, the payments that were undone among them."""
    return bills.payments(bill_id=bill_id)


@resource.post(
    "/bills/{billId}/payments", "suppliers.write", body=BillPaymentInput, answer=BillSnapshot,
    errors=(409,),
)  # fmt: skip
def pay_bill(bill_id: int, body: BillPaymentInput, by: Actor) -> BillSnapshot:
    """Write down money paid for a bill, at most what is open."""
    return bills.pay(bill_id=bill_id, fields=body.sent(), by=by)


@resource.post(
    "/bills/{billId}/payments/{paymentId}/undo", "suppliers.write", body=ReasonInput,
    answer=BillSnapshot, errors=(409,),
)  # fmt: skip
def undo_bill_payment(bill_id: int, payment_id: int, body: ReasonInput, by: Actor) -> BillSnapshot:
    """Take back a payment that was written down by mistake."""
    return bills.undo_payment(bill_id=bill_id, payment_id=payment_id, reason=body.reason, by=by)
