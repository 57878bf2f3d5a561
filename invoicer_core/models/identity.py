"""Users, their seats in businesses, their sign-ins; the businesses themselves."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.models.base import Base, Edited, OfBusiness, PartyColumns, Public, Row, owned


class User(Row, Edited, Public, Base):
    """A person who can sign in. Belongs to no business; seats do that."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str | None]
    locale: Mapped[str | None]
    password_hash: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    last_business_id: Mapped[int | None]

    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower"),)


class SignIn(Row, Base):
    """One browser session or one family of refresh tokens; only hashes of the tokens are kept."""

    __tablename__ = "sign_ins"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    kind: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    former_hash: Mapped[bytes | None] = mapped_column(unique=True)
    rotated_at: Mapped[datetime | None]
    business_id: Mapped[int | None]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    last_seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoke_reason: Mapped[str | None]

    __table_args__ = (CheckConstraint("kind IN ('web', 'api')", name="kind"),)


class OneTimeToken(Row, Base):
    """A password reset or an e-mail confirmation: hashed, short-lived, used once. ``email`` is the
    address that is confirmed."""

    __tablename__ = "one_time_tokens"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    purpose: Mapped[str]
    email: Mapped[str | None]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SecurityEvent(Row, Base):
    """The security log: sign-ins, failures, resets, revocations. Append only."""

    __tablename__ = "security_events"

    name: Mapped[str]
    user_id: Mapped[int | None]
    email: Mapped[str | None]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    detail: Mapped[str | None]

    __table_args__ = (Index("ix_security_events_user_id", "user_id", "id"),)


class Business(Row, Edited, Public, PartyColumns, Base):
    """The legal entity that issues; the scope of every row."""

    __tablename__ = "businesses"

    time_zone: Mapped[str] = mapped_column(server_default=text("'UTC'"))
    settings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    logo_file_id: Mapped[int | None]
    color: Mapped[str | None]
    deleted_at: Mapped[datetime | None]


class Membership(Row, OfBusiness, Edited, Base):
    """A user's seat in a business."""

    __tablename__ = "memberships"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    role: Mapped[str]

    __table_args__ = (
        *owned("memberships"),
        UniqueConstraint("business_id", "user_id"),
        CheckConstraint("role IN ('owner', 'admin', 'accountant', 'staff', 'viewer')", name="role"),
    )


class IdempotencyKey(Row, OfBusiness, Base):
    """An answer that was given for a key, stored in the transaction of its effect."""

    __tablename__ = "idempotency_keys"

    user_id: Mapped[int]
    key: Mapped[str]
    fingerprint: Mapped[bytes]
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes]

    __table_args__ = (
        *owned("idempotency_keys"),
        UniqueConstraint("business_id", "user_id", "key"),
        Index("ix_idempotency_keys_created_at", "created_at"),
    )
