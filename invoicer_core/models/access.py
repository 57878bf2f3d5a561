"""Second factors and recovery codes of users; API keys of businesses; how far their set-up is."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.models.base import Base, OfBusiness, Row, owned


class SecondFactor(Row, Base):
    """The authenticator app of a user. ``sealed`` is its secret, encrypted; not confirmed: being
    set up. ``last_step`` is the time step of the last code taken, so that none is good twice."""

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    sealed: Mapped[str]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(server_default=text("0"))
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    failed_at: Mapped[datetime | None]


class RecoveryCode(Row, Base):
    """A code for the day the authenticator app is lost: hashed, good once."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    code_hash: Mapped[bytes]
    used_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)


class ApiKey(Row, OfBusiness, Base):
    """A key for programs, with less than its creator may do. Only its hash is kept; ``hint`` is
    its beginning, by which people tell keys apart."""

    __tablename__ = "api_keys"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str]
    hint: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (*owned("api_keys"), Index("ix_api_keys_user_id", "user_id"))


class FirstStep(OfBusiness, Base):
    """One step of the first set-up that was done or skipped. No row: it is still open."""

    __tablename__ = "first_steps"

    business_id: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.id"]),
        CheckConstraint("state IN ('done', 'skipped')", name="state"),
    )
