"""What the plugin remembers: effects that happened, and files that are being read."""

from datetime import datetime
from typing import Any

from sqlalchemy import Identity, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.plugin.tables import DeclarativeBase, OfBusiness, table_registry


class Base(DeclarativeBase):
    """Tables of this plugin."""

    registry = table_registry("onboarding")


class Effect(OfBusiness, Base):
    """Something that was done once; written in the transaction of what was done."""

    __tablename__ = "effects"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    key: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))

    __table_args__ = (UniqueConstraint("business_id", "key"),)


class Import(OfBusiness, Base):
    """A file with many suppliers; ``position`` rows of ``rows`` are done."""

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    position: Mapped[int] = mapped_column(server_default="0")
    errors: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
