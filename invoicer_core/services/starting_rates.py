"""The tax rates that a new business starts with, by country; it edits them as it likes.

Standard and reduced rates of value added tax as published by the tax authorities for 2026.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_VAT: Final = {
    "AT": "20 13 10", "BE": "21 12 6", "BG": "20 9", "CH": "8.1 3.8 2.6", "CY": "19 9 5",
    "CZ": "21 12", "DE": "19 7", "DK": "25", "EE": "24 13 9", "ES": "21 10 4", "FI": "25.5 13.5",
    "FR": "20 10 5.5 2.1", "GB": "20 5", "GR": "24 13 6", "HR": "25 13 5", "HU": "27 18 5",
    "IE": "23 13.5 9", "IS": "24 11", "IT": "22 10 5 4", "LI": "8.1 3.8 2.6", "LT": "21 12 5",
    "LU": "17 14 8 3", "LV": "21 12 5", "MT": "18 7 5", "NL": "21 9", "NO": "25 15 12",
    "PL": "23 8 5", "PT": "23 13 6", "RO": "21 11", "SE": "25 12 6", "SI": "22 9.5 5",
    "SK": "23 19 5", "TR": "20 10 1", "UA": "20 14 7", "ZA": "15",
}  # fmt: skip
_GST: Final = {"AU": "10", "CA": "5", "IN": "18 5", "NZ": "15", "SG": "9"}
_OTHER: Final = {"JP": ("Consumption tax", "10 8"), "MX": ("IVA", "16 8"), "CL": ("IVA", "19")}
_UNION: Final = frozenset(
    (
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
        "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StartingRate:
    """One tax rate; the first of a country is its default."""

    name: str
    category: str
    rate: Decimal
    exemption_code: str | None = None
    exemption_text: str | None = None


def starting_rates(country: str | None) -> tuple[StartingRate, ...]:
    """The rates of a country; without one, or with an unknown one, only "No tax"."""
    code = country or ""
    if code in _VAT:
        name, percents = "VAT", _VAT[code]
    elif code in _GST:
        name, percents = "GST", _GST[code]
    else:
        name, percents = _OTHER.get(code, ("", ""))
    found = [StartingRate(name, "S", Decimal(percent)) for percent in percents.split()]
    if code in _UNION:
        found.append(
            StartingRate("Reverse charge", "AE", Decimal(0), "VATEX-EU-AE", "Reverse charge")
        )
        found.append(
            StartingRate(
                "Intra-Community supply", "K", Decimal(0), "VATEX-EU-IC", "Intra-Community supply"
            )
        )
    found.append(StartingRate("No tax", "Z", Decimal(0)))
    return tuple(found)
