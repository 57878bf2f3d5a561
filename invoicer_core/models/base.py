"""The database object and what every table shares."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from sqlalchemy.schema import SchemaItem

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """All tables; bigint ids, numeric money, time zone aware instants, text without limits."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={
            int: BigInteger,
            str: Text,
            Decimal: Numeric,
            datetime: DateTime(timezone=True),
            date: Date,
            bytes: LargeBinary,
            dict[str, Any]: JSONB,
            list[Any]: JSONB,
            list[str]: ARRAY(Text),
        },
    )


db: SQLAlchemy = SQLAlchemy(
    model_class=Base, session_options={"expire_on_commit": False}, disable_autonaming=True
)


class Row:
    """An id and the instants of a row."""

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Edited:
    """Rows that are edited: the version answers `If-Match`."""

    version: Mapped[int] = mapped_column(server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class OfBusiness:
    """Rows of one business: walls 3 and 4 of the tenancy stand on this column."""

    business_id: Mapped[int]


class Public:
    """Rows that outsiders may name: portal, live channel, files."""

    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)


class PartyColumns:
    """The fields of a party; see `domain.snapshots.Party`."""

    name: Mapped[str]
    legal_name: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    address: Mapped[str | None]
    city: Mapped[str | None]
    postcode: Mapped[str | None]
    region: Mapped[str | None]
    country: Mapped[str | None]
    vat_id: Mapped[str | None]
    tax_number: Mapped[str | None]
    registration: Mapped[dict[str, Any] | None]
    electronic_address: Mapped[dict[str, Any] | None]
    contact_name: Mapped[str | None]
    iban: Mapped[str | None]
    bic: Mapped[str | None]
    currency: Mapped[str | None]
    locale: Mapped[str | None]
    payment_terms_days: Mapped[int | None]


def owned(
    table: str, *, refers: Sequence[tuple[str, str]] = (), root: bool = True
) -> tuple[SchemaItem, ...]:
    """Table arguments of a tenant table: its composite key, and composite references.

    Args:
        table: the table's own name.
        root: refer to the business itself; False where a mandatory parent already does, so that
            busy tables do not all lock the one row of the business.
        refers: pairs (column, table referred to); each becomes a foreign key on
            ``(business_id, column)``, so that a row can never point into another business, and an
            index, so that looking from the other side is cheap.
    """
    items: list[SchemaItem] = [UniqueConstraint("business_id", "id")]
    if root:
        items.append(ForeignKeyConstraint(["business_id"], ["businesses.id"]))
    for column, target in refers:
        items.append(
            ForeignKeyConstraint(["business_id", column], [f"{target}.business_id", f"{target}.id"])
        )
        items.append(Index(f"ix_{table}_{column}", "business_id", column))
    return tuple(items)
