"""Statements of account: looked at, kept, as PDF, and sent."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from invoicer_core.api.answers import Binary
from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.accounts import (
    PeriodQuery,
    StatementInput,
    StatementQuery,
    StatementSending,
)
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import MessageSnapshot, Page
from invoicer_core.hooks.offers import Statement, StatementLine
from invoicer_core.services import documents, statements
from invoicer_core.services.clients import letters
from invoicer_core.services.statements import KeptStatement

resource = Resource("statements", tag="Statements")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatement:
    """A client's account over a period; one that was kept has an id and says the same for ever."""

    id: int | None = None
    public_id: UUID | None = None
    client_id: int
    client_name: str
    currency: str
    start: date
    end: date
    opening_balance: Decimal
    closing_balance: Decimal
    lines: tuple[StatementLine, ...]
    actor: str | None = None
    created_at: datetime | None = None


@resource.get(
    "/clients/{clientId}/statement", "clients.read", query=PeriodQuery, answer=AccountStatement
)
def compute_statement(client_id: int, query: PeriodQuery) -> AccountStatement:
    """Tell a client's account over a period as it is now; nothing is kept."""
    found = statements.compute(
        client_id=client_id, start=query.start, end=query.end, currency=query.currency
    )
    return _shown(found)


@resource.get("/statements", "clients.read", query=StatementQuery, answer=Page[AccountStatement])
def list_statements(query: StatementQuery) -> Page[AccountStatement]:
    """List the statements that were kept, the newest first."""
    page = statements.find(**query.filters())
    return Page(
        items=tuple(_kept(each) for each in page.items),
        next_cursor=page.next_cursor,
        total=page.total,
    )


@resource.post(
    "/clients/{clientId}/statements", "clients.write", body=StatementInput,
    answer=AccountStatement, status=201, location="/statements/{id}",
)  # fmt: skip
def keep_statement(client_id: int, body: StatementInput, by: Actor) -> AccountStatement:
    """Keep a client's account as it is now, to be given out; its PDF is made in the background.

    One that says the same is answered again instead of a second."""
    return _kept(
        statements.freeze(
            client_id=client_id, start=body.start, end=body.end, currency=body.currency, by=by
        )
    )


@resource.get("/statements/{statementId}", "clients.read", answer=AccountStatement)
def get_statement(statement_id: int) -> AccountStatement:
    """Get a statement that was kept."""
    return _kept(statements.get(statement_id=statement_id))


@resource.get(
    "/statements/{statementId}/pdf", "clients.read", answer=bytes, media_type="application/pdf"
)
def get_statement_pdf(statement_id: int) -> Binary:
    """Get the PDF of a statement; waits a little for one that is being made."""
    stored, content = documents.await_pdf(statement_id=statement_id)
    return Binary(content, "application/pdf", stored.filename)


@resource.post(
    "/statements/{statementId}/send", "invoices.send", body=StatementSending, body_required=False,
    answer=MessageSnapshot, status=202,
)  # fmt: skip
def send_statement(statement_id: int, body: StatementSending, by: Actor) -> MessageSnapshot:
    """Send a statement with its PDF by e-mail, as often as wanted."""
    return letters.send_statement(statement_id=statement_id, recipient=body.recipient, by=by)


def _kept(kept: KeptStatement) -> AccountStatement:
    return _shown(kept.statement, kept)


def _shown(found: Statement, kept: KeptStatement | None = None) -> AccountStatement:
    return AccountStatement(
        id=kept.id if kept else None,
        public_id=kept.public_id if kept else None,
        client_id=kept.client_id if kept else found.client.id,
        client_name=kept.client_name if kept else found.client.name,
        currency=found.currency,
        start=found.start,
        end=found.end,
        opening_balance=found.opening_balance,
        closing_balance=found.closing_balance,
        lines=tuple(found.lines),
        actor=kept.actor if kept else None,
        created_at=kept.created_at if kept else None,
    )
