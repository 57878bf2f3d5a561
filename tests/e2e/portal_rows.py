"""What the clients' pages need to be looked at: a payment under way, a question for a code, and a
session. Call these within the business."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.models import db
from invoicer_core.models.payments import Payment
from invoicer_core.models.portal import PaymentAttempt, PortalCode
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.identity.security_log import NOBODY
from invoicer_core.services.portal import visitors

CODE = "00000000"
COOKIE = "invoicer_portal"
PATH = "/portal"


def begun_payment(invoice: InvoiceSnapshot, amount: Decimal = Decimal(1)) -> UUID:
    """A payment that was begun at a provider; the id in its page's address (``attempt``)."""
    payment = Payment(
        business_id=current_business_id(),
        client_id=invoice.client_id,
        invoice_id=invoice.id,
        amount=amount,
        currency=invoice.currency,
        method="online",
        status="pending",
        date=invoice.issue_date,
        provider="till",
        recorded_by="client",
    )
    db.session.add(payment)
    db.session.flush()
    db.session.add(
        PaymentAttempt(
            business_id=payment.business_id,
            payment_id=payment.id,
            plugin="paying",
            instructions="Pay at the desk.",
        )
    )
    db.session.commit()
    return payment.public_id


def question(client_id: int, email: str) -> UUID:
    """A question for a code (``question``); the right answer is `CODE`."""
    found = visitors.ask(client_id=client_id, email=email, visitor=NOBODY)
    row = db.session.scalars(select(PortalCode).where(PortalCode.public_id == found)).one()
    row.code_hash = visitors.hash_of_code(found, CODE)
    db.session.commit()
    return found


def session(client_id: int, email: str) -> str:
    """The content of the cookie `COOKIE` (path `PATH`) of somebody who has entered; ``email`` is
    one of the client's."""
    asked = question(client_id, email)
    return visitors.enter(client_id=client_id, question=asked, code=CODE, visitor=NOBODY)
