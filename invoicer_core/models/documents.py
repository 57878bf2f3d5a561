"""Rendered documents, uploaded files, and what was said to clients."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.models.base import Base, Edited, OfBusiness, Public, Row, owned

_STATES = "state IN ('queued', 'sent', 'delivered', 'failed', 'bounced', 'read', 'unknown')"


class StoredDocument(Row, OfBusiness, Base):
    """A rendered file of an invoice, credit note, payment or statement, hashed and stored."""

    __tablename__ = "documents"

    kind: Mapped[str]
    invoice_id: Mapped[int | None]
    credit_note_id: Mapped[int | None]
    payment_id: Mapped[int | None]
    statement_id: Mapped[int | None]
    revision: Mapped[int]
    store: Mapped[str]
    key: Mapped[str]
    sha256: Mapped[str]
    size: Mapped[int]
    media_type: Mapped[str]
    filename: Mapped[str]

    __table_args__ = (
        *owned(
            "documents",
            refers=[
                ("invoice_id", "invoices"),
                ("credit_note_id", "credit_notes"),
                ("payment_id", "payments"),
                ("statement_id", "statements"),
            ],
        ),
        Index(
            "uq_documents_revision",
            "business_id",
            "kind",
            sql("coalesce(invoice_id, 0)"),
            sql("coalesce(credit_note_id, 0)"),
            sql("coalesce(payment_id, 0)"),
            sql("coalesce(statement_id, 0)"),
            "revision",
            unique=True,
        ),
        Index("ix_documents_store", "business_id", "store", "id"),
    )


class File(Row, OfBusiness, Public, Base):
    """An uploaded file; its bytes lie in a store under a key made by us."""

    __tablename__ = "files"

    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    store: Mapped[str]
    key: Mapped[str]
    actor: Mapped[str]
    deleted_at: Mapped[datetime | None]

    __table_args__ = (
        *owned("files"),
        Index("ix_files_store", "business_id", "store", "id"),
    )


class Message(Row, OfBusiness, Edited, Base):
    """What was said to a client, or by one. ``token`` is the id that goes out with it, so that a
    message is recognised when its sending has to be repeated; ``provider_ref`` the id of one that
    came in."""

    __tablename__ = "messages"

    kind: Mapped[str]
    client_id: Mapped[int | None]
    invoice_id: Mapped[int | None]
    channel: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str | None]
    text: Mapped[str | None]
    html: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default=sql("'queued'"))
    error: Mapped[str | None]
    token: Mapped[str]
    attachments: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'"))
    direction: Mapped[str] = mapped_column(server_default=sql("'out'"))
    thread_id: Mapped[int | None]
    provider_ref: Mapped[str | None]
    automatic: Mapped[bool] = mapped_column(server_default=sql("false"))
    locale: Mapped[str | None]
    due_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]

    __table_args__ = (
        *owned(
            "messages",
            refers=[
                ("client_id", "clients"),
                ("invoice_id", "invoices"),
                ("thread_id", "messages"),
            ],
        ),
        UniqueConstraint("business_id", "token"),
        CheckConstraint(_STATES, name="state"),
        CheckConstraint("direction IN ('out', 'in')", name="direction"),
        Index("ix_messages_newest", "business_id", sql("id DESC")),
        Index(
            "uq_messages_provider_ref",
            "business_id",
            "channel",
            "provider_ref",
            unique=True,
            postgresql_where=sql("direction = 'in'"),
        ),
        Index(
            "ix_messages_unread",
            "business_id",
            postgresql_where=sql("direction = 'in' AND read_at IS NULL"),
        ),
    )


class MessageAttempt(Row, OfBusiness, Base):
    """One attempt over one channel."""

    __tablename__ = "message_attempts"

    message_id: Mapped[int]
    channel: Mapped[str]
    recipient: Mapped[str]
    state: Mapped[str]
    error: Mapped[str | None]
    provider_ref: Mapped[str | None]

    __table_args__ = (
        *owned("message_attempts", refers=[("message_id", "messages")], root=False),
        CheckConstraint(_STATES, name="state"),
        Index(
            "ix_message_attempts_provider_ref",
            "business_id",
            "channel",
            "provider_ref",
            postgresql_where=sql("provider_ref IS NOT NULL"),
        ),
    )


class MessageTemplate(Row, OfBusiness, Edited, Base):
    """A business's own words for a kind of message, instead of those that come with Invoicer."""

    __tablename__ = "message_templates"

    kind: Mapped[str]
    form: Mapped[str]
    language: Mapped[str]
    subject: Mapped[str | None]
    text: Mapped[str]

    __table_args__ = (
        *owned("message_templates"),
        UniqueConstraint("business_id", "kind", "form", "language"),
        CheckConstraint("form IN ('long', 'short')", name="form"),
    )
