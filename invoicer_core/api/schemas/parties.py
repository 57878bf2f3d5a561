"""The fields of a party: business, client, supplier."""

from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import Field, StringConstraints, WithJsonSchema

from invoicer_core.api.schemas.base import (
    LEFT_OUT,
    Body,
    Flag,
    Id,
    Name,
    Stored,
    Text20,
    Text40,
    Text100,
    Text200,
    Text500,
    Text1000,
    Text2000,
    WholeNumber,
)
from invoicer_core.api.schemas.messages import ChannelName, ChannelOrder
from invoicer_core.domain.money import MINOR_UNITS
from invoicer_core.domain.parties import COUNTRIES

Country = Annotated[
    str,
    StringConstraints(strict=True, pattern=r"^[A-Za-z]{2}$"),
    WithJsonSchema({"type": "string", "enum": sorted(COUNTRIES)}),
]
Currency = Annotated[
    str,
    StringConstraints(strict=True, pattern=r"^[A-Za-z]{3}$"),
    WithJsonSchema({"type": "string", "enum": sorted(MINOR_UNITS)}),
]
TimeZone = Annotated[
    str,
    StringConstraints(strict=True, max_length=64),
    WithJsonSchema({"type": "string", "enum": sorted(available_timezones())}),
]
LocaleTag = Annotated[
    str,
    StringConstraints(
        strict=True, max_length=35, pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$"
    ),
]
Days = Annotated[int, Field(ge=0, le=3650), WholeNumber]


class IdentifierInput(Body):
    """An id with its scheme."""

    value: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=100), Stored]
    scheme: Text20 | None = None


class PartyFields(Body):
    """What a business, client or supplier may be called by."""

    legal_name: Text200 | None = None
    email: Text500 | None = None
    phone: Text100 | None = None
    address: Text500 | None = None
    city: Text100 | None = None
    postcode: Text20 | None = None
    region: Text100 | None = None
    country: Country | None = None
    vat_id: Text40 | None = None
    tax_number: Text40 | None = None
    registration: IdentifierInput | None = None
    electronic_address: IdentifierInput | None = None
    contact_name: Text200 | None = None
    iban: Text100 | None = None
    bic: Text20 | None = None
    currency: Currency | None = None
    locale: LocaleTag | None = None
    payment_terms_days: Days | None = None


class DocumentTexts(Body):
    """The business's own words on its documents, in one language."""

    introduction: Text2000 | None = None
    terms: Text500 | None = None
    footer: Text2000 | None = None


Language = Literal["en", "de", "fr", "es"]
Column = Literal["position", "item_number", "quantity", "unit_price", "tax"]


ClockTime = Annotated[str, StringConstraints(pattern="^(off|([01][0-9]|2[0-3]):[0-5][0-9])$")]


class BusinessSettings(Body):
    """How the business works; a setting that is left out stays as it is."""

    on_create: Annotated[str, StringConstraints(pattern="^(draft|issue|send)$")] | None = None
    fiscal_year_start: Annotated[int, Field(ge=1, le=12), WholeNumber] | None = None
    prices_include_tax: Flag | None = None
    mail_sent: Flag | None = None
    mail_paid: Flag | None = None
    mail_overdue: Flag | None = None
    invoice_notes: Text2000 | None = None
    invoice_footer: Text2000 | None = None
    payment_terms: Text500 | None = None
    mail_signature: Text1000 | None = None
    document_texts: dict[Language, DocumentTexts] | None = None
    hidden_columns: list[Column] | None = None
    paper: Literal["A4", "letter"] | None = None
    document_template: Literal["classic", "modern", "compact", "elegant"] | None = None
    carriers: dict[ChannelName, ChannelName] | None = None
    channel_order: ChannelOrder | None = None
    quiet_from: ClockTime | None = None
    quiet_until: ClockTime | None = None
    fallback_hours: Annotated[int, Field(ge=0, le=168), WholeNumber] | None = None


class BusinessFields(PartyFields):
    """A business; all fields may be left out."""

    name: Name = LEFT_OUT
    currency: Currency = LEFT_OUT
    time_zone: TimeZone | None = None
    color: Annotated[str, StringConstraints(pattern="^#[0-9A-Fa-f]{6}$")] | None = None
    logo_file_id: Id | None = None
    settings: BusinessSettings | None = None


class BusinessInput(BusinessFields):
    """A new business."""

    name: Name
