"""Statements of account: counted when they are looked at, frozen when they are given to somebody.

What was given out says the same for ever, whatever is booked later on the days it covers.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.money import is_currency, round_money
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import ClientSnapshot, Page, Party
from invoicer_core.hooks import codec
from invoicer_core.hooks.offers import Statement, StatementLine
from invoicer_core.models import db
from invoicer_core.models.parties import Client
from invoicer_core.models.statements import Statement as Row
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import businesses, clients, document_rows, postings
from invoicer_core.services.listing import Ordering, has_id, read_page
from invoicer_core.services.rows import find_row
from invoicer_core.services.transaction import transaction

_TABLE: Final = Row.__table__.c
_ORDERING: Final = Ordering(_TABLE.id, {})
_PARTY: Final = tuple(each.name for each in fields(Party))
_ONE_AT_A_TIME: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('statement ' || :client, 7204))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStatement:
    """A statement that was given out: what it says, and when by whom."""

    id: int
    public_id: UUID
    client_id: int
    client_name: str
    statement: Statement
    actor: str
    created_at: datetime


def compute(*, client_id: int, start: date, end: date, currency: str | None = None) -> Statement:
    """The account over a period, as it is now. Nothing is stored.

    Args:
        currency: one account per currency; None for the client's own.

    Raises:
        NotFound: no such client.
        InvalidInput: the period ends before it starts (``/to``), or no currency.
    """
    client = clients.get(client_id=client_id)
    if end < start:
        raise InvalidInput.at("/to", say("The period ends before it starts."))
    currency = currency or client.currency or businesses.current().currency or "EUR"
    if not is_currency(currency):
        raise InvalidInput.at("/currency", say("This is no currency's code of three letters."))
    opened = round_money(
        postings.opening(client_id=client_id, currency=currency, before=start), currency
    )
    lines = postings.between(
        client_id=client_id, currency=currency, start=start, end=end, balance=opened
    )
    return Statement(
        client=client,
        currency=currency,
        start=start,
        end=end,
        opening_balance=opened,
        closing_balance=lines[-1].balance if lines else opened,
        lines=lines,
    )


def freeze(
    *, client_id: int, start: date, end: date, by: Actor, currency: str | None = None
) -> KeptStatement:
    """Keep the account as it is now, to be given out; the one that is there if it says the same.

    Raises:
        NotFound, InvalidInput: as `compute`.
    """
    with transaction(by=by) as unit:
        db.session.execute(_ONE_AT_A_TIME, {"client": str(client_id)})
        found = compute(client_id=client_id, start=start, end=end, currency=currency)
        body = _body(found)
        digest = hashlib.sha256(codec.dumps(body).encode()).hexdigest()
        row = _same(client_id, digest)
        if row is None:
            row = Row(
                business_id=current_business_id(),
                client_id=client_id,
                currency=found.currency,
                start_date=start,
                end_date=end,
                opening_balance=found.opening_balance,
                closing_balance=found.closing_balance,
                body=body,
                digest=digest,
                actor=by.label,
            )
            db.session.add(row)
            db.session.flush()
            unit.record("statement.made", statement=row.id, client=client_id, sha256=digest)
        return _kept(row)


def get(*, statement_id: int) -> KeptStatement:
    """A statement that was given out. Raises NotFound."""
    return _kept(find_row(Row, statement_id, "statement"))


def find(
    *, client_id: int | None = None, limit: int | None = None, cursor: str | None = None
) -> Page[KeptStatement]:
    """Statements that were given out, newest first."""
    statement = select(Row).where(
        Row.business_id == current_business_id(), has_id(_TABLE.client_id, client_id)
    )
    return read_page(statement, _ORDERING, _all_kept, limit=limit, cursor=cursor)


def _same(client_id: int, digest: str) -> Row | None:
    statement = select(Row).where(
        Row.business_id == current_business_id(), Row.client_id == client_id, Row.digest == digest
    )
    return db.session.scalars(statement.order_by(Row.id.desc())).first()


def _body(found: Statement) -> dict[str, Any]:
    """What its paper says, as it is stored: the client as a party, and every line."""
    client = {name: getattr(found.client, name) for name in _PARTY}
    body: dict[str, Any] = codec.to_json(
        {
            "client": {name: value for name, value in client.items() if value is not None},
            "currency": found.currency,
            "start": found.start,
            "end": found.end,
            "opening_balance": found.opening_balance,
            "closing_balance": found.closing_balance,
            "lines": list(found.lines),
        }
    )
    return body


def _all_kept(rows: Sequence[Row]) -> list[KeptStatement]:
    return [_kept(row) for row in rows]


def _kept(row: Row) -> KeptStatement:
    statement = _statement(row)
    return KeptStatement(
        id=row.id,
        public_id=row.public_id,
        client_id=row.client_id,
        client_name=statement.client.name,
        statement=statement,
        actor=row.actor,
        created_at=row.created_at,
    )


def _statement(row: Row) -> Statement:
    return Statement(
        client=_client(row),
        currency=row.currency,
        start=row.start_date,
        end=row.end_date,
        opening_balance=row.opening_balance,
        closing_balance=row.closing_balance,
        lines=tuple(_line(line) for line in row.body["lines"]),
        public_id=row.public_id,
    )


def _client(row: Row) -> ClientSnapshot:
    """The client as it was; who it is now does not matter to the paper."""
    party = document_rows.read_party(row.body["client"])
    assert party is not None  # noqa: S101 - `_body` writes it
    public_id = db.session.scalar(
        select(Client.public_id).where(
            Client.business_id == current_business_id(), Client.id == row.client_id
        )
    )
    return ClientSnapshot(
        **{name: getattr(party, name) for name in _PARTY},
        id=row.client_id,
        public_id=public_id or row.public_id,
        created_at=row.created_at,
        updated_at=row.created_at,
    )


def _line(line: Mapping[str, Any]) -> StatementLine:
    return StatementLine(
        date=date.fromisoformat(line["date"]),
        kind=line["kind"],
        number=line["number"],
        amount=Decimal(line["amount"]),
        balance=Decimal(line["balance"]),
    )
