"""What the page shows: plain text already in the reader's language, no numbers left to format."""

from dataclasses import dataclass
from typing import Literal

_TEXT_WIDTH = 165.0  # mm of A4 between the margins


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
    """Free text, under a heading where it has one."""

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
    sums: tuple[Sum, ...]
    remarks: tuple[str, ...]
    payment: PaymentBox | None
    passages: tuple[Passage, ...]
    footer: tuple[tuple[Fact, ...], ...]
    page_of: tuple[str, str, str]
    introduction: str = ""

    @property
    def is_brief(self) -> bool:
        """Whether remarks and free text fit into the space beside the summary."""
        texts = [*self.remarks, *(passage.text for passage in self.passages)]
        return sum(len(text) + 40 * (text.count("\n") + 1) for text in texts) <= 420

    @property
    def footer_widths(self) -> tuple[float, ...]:
        """Millimetres for each column of the footer, by its longest line."""
        longest = [max(len(f"{fact.label} {fact.value}") for fact in each) for each in self.footer]
        weights = [min(max(length, 14), 40) for length in longest]
        return tuple(_TEXT_WIDTH * weight / sum(weights) for weight in weights)
