"""The words a document prints, one JSON table per language in the folder ``words``.

A language without a table gets English words; numbers and dates follow the locale all the same,
unless it is written from the right.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

_FOLDER = Path(__file__).with_name("words")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's table. Braces are filled by ``str.format``. ``exemptions`` is by tax category,
    ``units`` by UN/ECE Recommendation 20 code (one, several), ``methods`` by payment
    method, ``kinds`` by the kind of a statement's line."""

    invoice: str
    credit_note: str
    receipt: str
    draft: str
    void: str
    number: str
    issue_date: str
    due_date: str
    your_reference: str
    purchase_order: str
    order: str
    service_period: str
    client_vat_id: str
    client_tax_number: str
    credited_invoice: str
    reason: str
    due_by: str
    due: str
    nothing_due: str
    credited: str
    received: str
    position: str
    description: str
    quantity: str
    unit_price: str
    tax: str
    vat: str
    amount: str
    item_number: str
    per_unit: str
    each: str
    discount: str
    charge: str
    subtotal: str
    discounts: str
    charges: str
    net_total: str
    tax_row: str
    total: str
    withheld: str
    prepaid: str
    rounding: str
    amount_due: str
    total_credited: str
    prices_include_tax: str
    payment_details: str
    account_holder: str
    reference: str
    scan_to_pay: str
    qr_alternative: str
    notes: str
    terms: str
    page_of: str
    draft_notice: str
    void_notice: str
    void_notice_undated: str
    contact: str
    identification: str
    bank: str
    phone: str
    vat_id: str
    tax_number: str
    registration: str
    payment_date: str
    method: str
    invoice_number: str
    unapplied: str
    refunded: str
    amount_received: str
    statement: str
    period: str
    date: str
    balance: str
    opening_balance: str
    closing_balance: str
    exemptions: Mapping[str, str]
    units: Mapping[str, Sequence[str]]
    methods: Mapping[str, str]
    kinds: Mapping[str, str]
    right_to_left: bool = False


def _table(raw: dict[str, Any]) -> Words:
    """Raises TypeError for a missing or unknown word."""
    known = {field.name for field in fields(Words)}
    if unknown := raw.keys() - known:
        raise TypeError(f"Unknown words: {sorted(unknown)}")
    tables = {
        name: MappingProxyType(value) for name, value in raw.items() if isinstance(value, dict)
    }
    return Words(**{**raw, **tables})


CATALOG: Mapping[str, Words] = MappingProxyType(
    {
        path.stem: _table(json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(_FOLDER.glob("*.json"))
    }
)


def words_for(language: str) -> Words:
    """The table of a two-letter language; English when there is none."""
    return CATALOG.get(language, CATALOG["en"])
