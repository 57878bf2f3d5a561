"""Facts and what is owed because of them; the audit chain."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.models.base import Base, OfBusiness, Row, owned


class Event(Row, OfBusiness, Base):
    """A fact. Append only. ``xid`` orders the changes feed by commit visibility: ids are given
    before the commit, so a reader that remembers only the last id would lose rows."""

    __tablename__ = "events"

    name: Mapped[str]
    schema_version: Mapped[int] = mapped_column(server_default=text("1"))
    data: Mapped[dict[str, Any]]
    client_id: Mapped[int | None]
    invoice_id: Mapped[int | None]
    actor: Mapped[str]
    xid: Mapped[int] = mapped_column(server_default=text("(pg_current_xact_id()::text::bigint)"))

    __table_args__ = (
        *owned("events", root=False),
        Index("ix_events_feed", "business_id", "xid", "id"),
        Index(
            "ix_events_invoice_id",
            "business_id",
            "invoice_id",
            postgresql_where=text("invoice_id IS NOT NULL"),
        ),
    )


class Delivery(Row, OfBusiness, Base):
    """One event owed to one subscriber. ``leased_until`` tells who works on it now."""

    __tablename__ = "deliveries"

    event_id: Mapped[int]
    subscriber: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'due'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    due_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    leased_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    error: Mapped[str | None]

    __table_args__ = (
        *owned("deliveries", root=False),
        ForeignKeyConstraint(["business_id", "event_id"], ["events.business_id", "events.id"]),
        Index("ix_deliveries_event_id", "business_id", "event_id"),
        CheckConstraint("state IN ('due', 'leased', 'done', 'parked', 'skipped')", name="state"),
        Index("ix_deliveries_due", "due_at", postgresql_where=text("state = 'due'")),
        Index("ix_deliveries_leased", "leased_until", postgresql_where=text("state = 'leased'")),
        Index(
            "ix_deliveries_parked", "business_id", "id", postgresql_where=text("state = 'parked'")
        ),
    )


class WorkflowRun(Row, OfBusiness, Base):
    """A workflow's way through its steps, as rows; each step is a delivery. ``told_before`` is the
    snapshot it began in: events that are not visible there were told since."""

    __tablename__ = "workflow_runs"

    workflow: Mapped[str]
    workflow_version: Mapped[int] = mapped_column(server_default=text("1"))
    state: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'running'"))
    error: Mapped[str | None]
    input: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    output: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    invoice_id: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    given_up_at: Mapped[datetime | None]
    told_before: Mapped[str] = mapped_column(server_default=text("(pg_current_snapshot()::text)"))

    __table_args__ = (
        *owned("workflow_runs", refers=[("invoice_id", "invoices")]),
        CheckConstraint(
            "status IN ('running', 'waiting', 'succeeded', 'failed', 'undoing', 'cancelled')",
            name="status",
        ),
        Index("ix_workflow_runs_status", "business_id", "status", "id"),
    )


class WorkflowStep(Row, OfBusiness, Base):
    """One step of a run: its state, how often tried, how it ended."""

    __tablename__ = "workflow_steps"

    run_id: Mapped[int]
    name: Mapped[str]
    position: Mapped[int]
    status: Mapped[str] = mapped_column(server_default=text("'running'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    error: Mapped[str | None]
    output: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    ended_at: Mapped[datetime | None]
    reason: Mapped[str | None]

    __table_args__ = owned("workflow_steps", refers=[("run_id", "workflow_runs")], root=False)


class AuditHead(OfBusiness, Base):
    """The end of a business's chain; its row is the lock that entries take."""

    __tablename__ = "audit_heads"

    business_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(server_default=text("0"))
    prev: Mapped[bytes] = mapped_column(server_default=text("'\\x'"))
    hash: Mapped[bytes] = mapped_column(server_default=text("'\\x'"))

    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.id"]),
        {"postgresql_with": {"fillfactor": 50}},
    )


class AuditEntry(OfBusiness, Base):
    """One link: ``hash = sha256(prev || payload)``; ``payload`` is the exact text that was
    hashed, so that the chain can be verified without guessing a serialisation."""

    __tablename__ = "audit_entries"

    business_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    payload: Mapped[str]
    prev: Mapped[bytes]
    hash: Mapped[bytes]

    __table_args__ = (ForeignKeyConstraint(["business_id"], ["businesses.id"]),)
