"""Payments: money received, what it is put on, and money that goes back."""

from invoicer_core.api.answers import Binary
from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.money import AllocationsInput, PaymentInput, RefundInput
from invoicer_core.api.schemas.queries import PaymentQuery
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import Page, PaymentSnapshot
from invoicer_core.services import documents, payments

resource = Resource("payments", tag="Payments")


@resource.get("/payments", "payments.read", query=PaymentQuery, answer=Page[PaymentSnapshot])
def list_payments(query: PaymentQuery) -> Page[PaymentSnapshot]:
    """List the payments, the newest first."""
    return payments.find(**query.filters())


@resource.post(
    "/payments", "payments.write", body=PaymentInput, answer=PaymentSnapshot, status=201,
    location="/payments/{id}",
)  # fmt: skip
def record_payment(body: PaymentInput, by: Actor) -> PaymentSnapshot:
    """Record money received."""
    return payments.record(draft=body.payment(), by=by)


@resource.get("/payments/{paymentId}", "payments.read", answer=PaymentSnapshot)
def get_payment(payment_id: int) -> PaymentSnapshot:
    """Get a payment."""
    return payments.get(payment_id=payment_id)


@resource.post(
    "/payments/{paymentId}/allocate", "payments.write", body=AllocationsInput,
    answer=PaymentSnapshot,
)  # fmt: skip
def allocate_payment(payment_id: int, body: AllocationsInput, by: Actor) -> PaymentSnapshot:
    """Put unapplied money on invoices of the same client."""
    parts = [(each.invoice_id, each.amount) for each in body.allocations]
    return payments.allocate(payment_id=payment_id, allocations=parts, by=by)


@resource.delete(
    "/payments/{paymentId}/allocations/{allocationId}", "payments.write", answer=PaymentSnapshot,
    status=200,
)  # fmt: skip
def unallocate_payment(payment_id: int, allocation_id: int, by: Actor) -> PaymentSnapshot:
    """Take money off an invoice again; a counter entry is added, nothing is deleted."""
    return payments.unallocate(payment_id=payment_id, allocation_id=allocation_id, by=by)


@resource.post(
    "/payments/{paymentId}/refund", "payments.refund", body=RefundInput, body_required=False,
    answer=PaymentSnapshot,
)  # fmt: skip
def refund_payment(payment_id: int, body: RefundInput, by: Actor) -> PaymentSnapshot:
    """Give money back: what is unapplied first, then off the invoices."""
    return payments.refund(payment_id=payment_id, by=by, amount=body.amount, reason=body.reason)


@resource.get("/payments/{paymentId}/receipt", "payments.read", answer=bytes,
              media_type="application/pdf", errors=(409,))  # fmt: skip
def get_payment_receipt(payment_id: int) -> Binary:
    """Get the receipt of a payment as a PDF.

    Its number is the payment's id. After a refund it shows what went back; a payment whose money
    has not come in answers 409.
    """
    stored, content = documents.await_pdf(payment_id=payment_id)
    return Binary(content, "application/pdf", stored.filename)
