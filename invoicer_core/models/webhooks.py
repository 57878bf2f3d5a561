"""Addresses of others that hear of our events, and each attempt to tell them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.models.base import Base, Edited, OfBusiness, Row, owned


class WebhookEndpoint(Row, OfBusiness, Edited, Base):
    """Where to send which events. ``failing``: it was given up after a long failure; what it is
    owed from then on is kept. ``hold_until`` spares one that failed just now the next tries."""

    __tablename__ = "webhook_endpoints"

    url: Mapped[str]
    description: Mapped[str | None]
    events: Mapped[list[str]]
    state: Mapped[str] = mapped_column(server_default=text("'on'"))
    sealed: Mapped[str | None]
    former_sealed: Mapped[str | None]
    former_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    failing_since: Mapped[datetime | None]
    hold_until: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    deleted_at: Mapped[datetime | None]

    __table_args__ = (
        *owned("webhook_endpoints"),
        CheckConstraint("state IN ('on', 'off', 'failing')", name="state"),
        Index(
            "ix_webhook_endpoints_heard",
            "business_id",
            postgresql_where=text("state <> 'off' AND deleted_at IS NULL"),
        ),
    )


class WebhookAttempt(Row, OfBusiness, Base):
    """One attempt: what was sent where, and what came back. ``begun`` stays where the process
    died in the middle of it."""

    __tablename__ = "webhook_attempts"

    endpoint_id: Mapped[int]
    delivery_id: Mapped[int]
    event_id: Mapped[int]
    event: Mapped[str]
    url: Mapped[str]
    request: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'begun'"))
    status: Mapped[int | None]
    milliseconds: Mapped[int | None]
    error: Mapped[str | None]
    response: Mapped[str | None]

    __table_args__ = (
        *owned(
            "webhook_attempts",
            refers=[("endpoint_id", "webhook_endpoints"), ("delivery_id", "deliveries")],
            root=False,
        ),
        CheckConstraint("state IN ('begun', 'succeeded', 'failed')", name="state"),
    )
