"""What the page shows: plain text already in the reader's language, no numbers left to format."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table; ``width`` in millimetres, None for the one that takes the rest."""

    title: str
    style: Literal["position", "text", "number"]
    width: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A line: figures before and after the text, and small print below it."""

    position: str
    text: str
    small: tuple[str, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """A row of the summary."""

    label: str
    value: str
    style: Literal["plain", "strong", "due"] = "plain"


@dataclass(frozen=True, slots=True)
class PaymentBox:
    """How to pay: the account, and a QR image (data URI) where a SEPA transfer can do it."""

    title: str
    facts: tuple[Fact, ...]
    qr: str | None
    qr_caption: str
    qr_alternative: str


@dataclass(frozen=True, slots=True)
class Passage:
    """Free text under a heading."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A whole document."""

    language: str
    right_to_left: bool
    title: str
    author: str
    created: str
    heading: str
    number: str
    lead: str
    sender_name: str
    sender_line: str
    recipient: tuple[str, ...]
    has_logo: bool
    facts: tuple[Fact, ...]
    stamp: str | None
    notice: str | None
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    table_note: str | None
    sums: tuple[Sum, ...]
    remarks: tuple[str, ...]
    payment: PaymentBox | None
    passages: tuple[Passage, ...]
    footer: tuple[tuple[Fact, ...], ...]
    page_of: tuple[str, str, str]
