"""Businesses, those they deal with, and the people who work in them."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Identifier:
    """An id with its scheme: a registration [BT-30] or an electronic address [BT-34]."""

    value: str
    scheme: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A business, client or supplier as it stands on a document."""

    name: str
    legal_name: str | None = None
    email: str | None = None
    phone: str | None = None
    address: str | None = None
    city: str | None = None
    postcode: str | None = None
    region: str | None = None
    country: str | None = None
    vat_id: str | None = None
    tax_number: str | None = None
    registration: Identifier | None = None
    electronic_address: Identifier | None = None
    contact_name: str | None = None
    iban: str | None = None
    bic: str | None = None
    currency: str | None = None
    locale: str | None = None
    payment_terms_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessSnapshot(Party):
    """The legal entity that issues. ``role`` is that of the member who asks."""

    id: int
    public_id: UUID
    time_zone: str
    settings: dict[str, Any] = field(default_factory=dict)
    version: int = 1
    created_at: datetime
    updated_at: datetime
    role: str | None = None
    logo_file_id: int | None = None
    color: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSnapshot:
    """A person at a client."""

    id: int
    name: str
    email: str | None = None
    phone: str | None = None
    role: str | None = None
    is_primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSnapshot(Party):
    """The party we invoice. ``balance`` is what is open, in the client's currency; ``channels`` the
    ways to reach it in the order they are tried, empty for the business's own order."""

    id: int
    public_id: UUID
    buyer_reference: str | None = None
    credit_limit: Decimal | None = None
    notes: str | None = None
    contacts: tuple[ContactSnapshot, ...] = ()
    balance: Decimal | None = None
    channels: tuple[str, ...] = ()
    version: int = 1
    archived_at: datetime | None = None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierSnapshot(Party):
    """The party we buy from."""

    id: int
    public_id: UUID
    client_id: int | None = None
    notes: str | None = None
    version: int = 1
    archived_at: datetime | None = None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSnapshot:
    """A user's seat in a business; ``pending`` until who was invited has chosen a password."""

    id: int
    user_id: int
    email: str
    name: str | None = None
    role: str
    permissions: tuple[str, ...] = ()
    pending: bool = False
    version: int = 1
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSnapshot:
    """A person who can sign in."""

    id: int
    public_id: UUID
    email: str
    name: str | None = None
    locale: str | None = None
    created_at: datetime
