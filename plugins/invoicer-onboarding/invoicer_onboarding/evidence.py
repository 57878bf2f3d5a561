"""Whether a supplier is known already, and what speaks for it."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from invoicer_core.plugin import SupplierSnapshot
from invoicer_core.plugin.use_cases import searching, suppliers

ALIKE: Final = 0.85
LIKENESS: Final = "similarity"
TAX: Final = frozenset({"vat_id", "tax_number"})
_FORMS: Final = """
    ab ag bv co company corp gmbh inc kg limited llc llp ltd nv oy plc pty sa sarl sas sl spa srl
"""
FORMS: Final = frozenset(_FORMS.split())
_WORD: Final = re.compile(r"\w+")


def normalised(name: str) -> str:
    """A name without accents, signs, case and legal form."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(each for each in plain if not unicodedata.combining(each))
    words = _WORD.findall(plain.replace(".", ""))
    return " ".join(word for word in words if word not in FORMS) or " ".join(words)


def _sought(name: str) -> str:
    """The words to look a name up by: as they are written, without the legal form."""
    words = [each for each in _WORD.findall(name) if each.casefold() not in FORMS]
    return " ".join(words) or name


def gather(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every supplier that may be the one, with the reason and what speaks against it."""
    found: list[dict[str, Any]] = []
    for field in TAX:
        if given.get(field):
            known = suppliers.with_tax_id(tax_id=str(given[field]))
            found += [_told(each, "tax id", 1.0, given) for each in known]
    if given.get("email"):
        same = suppliers.by_email(email=str(given["email"]))
        found += [_told(same, "e-mail", 1.0, given)] if same else []
    wanted = normalised(str(given["name"]))
    page = suppliers.find(q=_sought(str(given["name"])), limit=50, status="all")
    alike = [each for each in page.items if normalised(each.name) == wanted]
    found += [_told(each, "name", 0.95, given) for each in alike]
    for hit in searching.search(kind="supplier", query=str(given["name"]), limit=5):
        if hit.score >= ALIKE:
            one = suppliers.get(supplier_id=hit.id)
            found.append(_told(one, LIKENESS, hit.score, given))
    return found


def verdict(found: list[dict[str, Any]]) -> str:
    """``old``, ``new``, or ``unclear`` when equally strong reasons name different suppliers, or
    the one they name has another tax number."""
    best = _best(found)
    named = {each["supplier_id"] for each in best}
    if len(named) > 1 or any(not TAX.isdisjoint(each["against"]) for each in best):
        return "unclear"
    return "old" if named else "new"


def chosen(found: list[dict[str, Any]]) -> int | None:
    """The supplier that the strongest reason names."""
    return next((int(each["supplier_id"]) for each in _best(found)), None)


def sure(found: list[dict[str, Any]]) -> int | None:
    """The supplier that is named by what it says of itself, with nothing against it."""
    plain = [each for each in found if each["by"] != LIKENESS]
    return chosen(plain) if verdict(plain) == "old" else None


def _best(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The strongest reasons. Likeness alone is none where a number or an address differs."""
    counted = [each for each in found if each["by"] != LIKENESS or not each["against"]]
    best = max((each["score"] for each in counted), default=0)
    return [each for each in counted if each["score"] == best]


def _told(
    supplier: SupplierSnapshot, by: str, score: float, given: Mapping[str, Any]
) -> dict[str, Any]:
    ours = {name: getattr(supplier, name) for name in (*sorted(TAX), "email")}
    against = [
        name
        for name, known in ours.items()
        if known and given.get(name) and compact(known) != compact(str(given[name]))
    ]
    return {
        "supplier_id": supplier.id,
        "name": supplier.name,
        "by": by,
        "score": round(score * 100),  # percent, as money alone has decimals
        "against": [] if by == "tax id" else against,
    }


def compact(value: str) -> str:
    """A number or an address without what makes no difference."""
    return "".join(each for each in value if each.isalnum() or each == "@").casefold()
