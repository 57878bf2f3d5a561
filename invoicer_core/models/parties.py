"""Clients with their contacts, and suppliers."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Computed, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.models.base import Base, Edited, OfBusiness, PartyColumns, Public, Row, owned

_SEARCH = "lower(name || ' ' || coalesce(legal_name, '') || ' ' || coalesce(email, '') || ' ' || coalesce(city, ''))"  # noqa: E501


class Client(Row, OfBusiness, Edited, Public, PartyColumns, Base):
    """The party we invoice."""

    __tablename__ = "clients"

    buyer_reference: Mapped[str | None]
    credit_limit: Mapped[Decimal | None]
    notes: Mapped[str | None]
    archived_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None]
    erased_at: Mapped[datetime | None]
    channels: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    search: Mapped[str] = mapped_column(Computed(_SEARCH, persisted=True))

    __table_args__ = (
        *owned("clients", refers=[("merged_into_id", "clients")]),
        Index(
            "uq_clients_email",
            "business_id",
            text("lower(email)"),
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_clients_search",
            "business_id",
            "search",
            postgresql_using="gin",
            postgresql_ops={"search": "gin_trgm_ops"},
        ),
    )


class Contact(Row, OfBusiness, Edited, Base):
    """A person at a client."""

    __tablename__ = "contacts"

    client_id: Mapped[int]
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    role: Mapped[str | None]
    is_primary: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = owned("contacts", refers=[("client_id", "clients")])


class Supplier(Row, OfBusiness, Edited, Public, PartyColumns, Base):
    """The party we buy from; may be linked to the client record it is invoiced through."""

    __tablename__ = "suppliers"

    client_id: Mapped[int | None]
    notes: Mapped[str | None]
    archived_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    search: Mapped[str] = mapped_column(Computed(_SEARCH, persisted=True))

    __table_args__ = (
        *owned("suppliers", refers=[("client_id", "clients")]),
        Index(
            "ix_suppliers_search",
            "business_id",
            "search",
            postgresql_using="gin",
            postgresql_ops={"search": "gin_trgm_ops"},
        ),
    )
