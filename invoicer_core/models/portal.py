"""What clients do on their own pages: payments begun at a provider, codes, and portal sessions."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.models.base import Base, OfBusiness, Public, Row, owned


class PaymentAttempt(Row, OfBusiness, Base):
    """How a payment was begun at a provider; the money itself is the row in ``payments``.

    ``cancelled_at`` says that the payer came back by the provider's cancel button: the provider
    may still report otherwise, and its word counts.
    """

    __tablename__ = "payment_attempts"

    payment_id: Mapped[int]
    plugin: Mapped[str]
    redirect_url: Mapped[str | None]
    instructions: Mapped[str | None]
    reason: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]

    __table_args__ = (
        *owned("payment_attempts", refers=[("payment_id", "payments")], root=False),
        UniqueConstraint("business_id", "payment_id"),
    )


class PortalCode(Row, OfBusiness, Public, Base):
    """A one-time code, asked for by somebody who holds the link of an invoice of this client.

    ``email`` is empty where the address was none of the client's: no code of that row is right.
    """

    __tablename__ = "portal_codes"

    client_id: Mapped[int]
    email: Mapped[str | None]
    code_hash: Mapped[bytes]
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (
        *owned("portal_codes", refers=[("client_id", "clients")], root=False),
        CheckConstraint("tries >= 0", name="tries"),
    )


class PortalSession(Row, OfBusiness, Base):
    """A browser in which a client's pages are open; only the hash of its token is kept."""

    __tablename__ = "portal_sessions"

    client_id: Mapped[int]
    email: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    last_seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        *owned("portal_sessions", refers=[("client_id", "clients")], root=False),
        Index("ix_portal_sessions_expires_at", "business_id", "expires_at"),
    )
