"""What a PDF is made of: an invoice, a credit note, a payment's receipt, a statement of account.

Each has an edition, which names the state that is shown. It is made of facts that are only ever
added (voided or not; how many allocations and refunds), so that a PDF made while the state changed
is never taken for one of the new state.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypedDict, cast
from uuid import UUID

from invoicer_core.domain.errors import Conflict
from invoicer_core.domain.saying import say, state_word
from invoicer_core.domain.snapshots import CreditNoteSnapshot, InvoiceSnapshot, Party
from invoicer_core.hooks.offers import Receipt, Statement
from invoicer_core.services import clients, credit_notes, invoices, payments, statements

Kind = Literal["invoice", "credit_note", "receipt", "statement"]

RECEIVED: Final = payments.RECEIVED


class Of(TypedDict, total=False):
    """What is asked for: exactly one id."""

    invoice_id: int
    credit_note_id: int
    payment_id: int
    statement_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One thing in one state.

    Args:
        column: the column of ``documents`` that holds its id.
        title: what people call it.
        filename: the PDF's name, without its ending.
        locale: the reader's; None for the business's own.
        invoice_id: whose story it belongs to.
        mark: a word across the page.
        made_after: events after which a worker makes its PDF; empty where it is made when wanted.
    """

    kind: Kind
    column: str
    id: int
    public_id: UUID
    document: InvoiceSnapshot | CreditNoteSnapshot | Receipt | Statement
    edition: str
    title: str
    filename: str
    locale: str | None
    client_id: int
    invoice_id: int | None
    mark: str | None = None
    is_draft: bool = False
    made_after: tuple[str, ...] = ()


def load(of: Of) -> Paper:
    """What is asked for, as it is now.

    Raises:
        NotFound: there is none of this id.
        Conflict: a payment whose money has not come in.
    """
    if len(of) != 1:
        raise TypeError(f"Ask for one of {', '.join(_LOADERS)}, not for {len(of)}.")
    name, wanted = next(iter(of.items()))
    return _LOADERS[name](cast(int, wanted))


def _invoice(invoice_id: int) -> Paper:
    found = invoices.get(invoice_id=invoice_id)
    return Paper(
        kind="invoice",
        column="invoice_id",
        id=found.id,
        public_id=found.public_id,
        document=found,
        edition=found.state,
        title=found.invoice_number,
        filename=found.invoice_number,
        locale=_reads(found.buyer),
        client_id=found.client_id,
        invoice_id=found.id,
        mark=None if found.state == "issued" else found.state,
        is_draft=found.state == "draft",
        made_after=("invoice.issued", "invoice.voided"),
    )


def _credit_note(credit_note_id: int) -> Paper:
    found = credit_notes.get(credit_note_id=credit_note_id)
    return Paper(
        kind="credit_note",
        column="credit_note_id",
        id=found.id,
        public_id=found.public_id,
        document=found,
        edition="issued",
        title=found.credit_note_number,
        filename=found.credit_note_number,
        locale=_reads(found.buyer),
        client_id=found.client_id,
        invoice_id=found.invoice_id,
        made_after=("credit_note.issued",),
    )


def _receipt(payment_id: int) -> Paper:
    """The payment's id is the receipt's number: a receipt only says again what the payment is, so
    it takes no number of a series, and stays the same receipt after a refund."""
    found = payments.get(payment_id=payment_id)
    if found.status not in RECEIVED:
        raise Conflict(
            say(
                "Payment %(id)s is %(status)s: there is nothing to confirm.",
                id=found.id,
                status=state_word(found.status),
            )
        )
    client = clients.get(client_id=found.client_id)
    return Paper(
        kind="receipt",
        column="payment_id",
        id=found.id,
        public_id=found.public_id,
        document=Receipt(payment=found, client=client, public_id=found.public_id),
        edition=f"{found.status}-{len(found.allocations)}-{len(found.refunds)}",
        title=say("payment %(id)s", id=found.id),
        filename=f"receipt-{found.id}",
        locale=client.locale,
        client_id=found.client_id,
        invoice_id=found.invoice_id,
    )


def _statement(statement_id: int) -> Paper:
    """Frozen when it was given out: it has one edition only."""
    found = statements.get(statement_id=statement_id)
    said = found.statement
    return Paper(
        kind="statement",
        column="statement_id",
        id=found.id,
        public_id=found.public_id,
        document=said,
        edition="given",
        title=say("statement %(id)s", id=found.id),
        filename=f"statement-{said.start.isoformat()}-{said.end.isoformat()}-{found.id}",
        locale=said.client.locale,
        client_id=found.client_id,
        invoice_id=None,
    )


def _reads(buyer: Party | None) -> str | None:
    return buyer.locale if buyer is not None else None


_LOADERS: Final[Mapping[str, Callable[[int], Paper]]] = {
    "invoice_id": _invoice,
    "credit_note_id": _credit_note,
    "payment_id": _receipt,
    "statement_id": _statement,
}
