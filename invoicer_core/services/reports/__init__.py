"""Reports: tables with sums that agree with the lists they are made of.

All amounts are stored totals of documents, stored tax groups and postings; nothing is computed anew
from lines and rates.
"""

from collections.abc import Callable, Mapping
from typing import Final

from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.saying import say
from invoicer_core.services.reports import gaps, receivables, received, sales, taxes
from invoicer_core.services.reports.wishes import BANDS, BASES, Report, Wish, currencies

__all__ = ["BANDS", "BASES", "NAMES", "Report", "Wish", "build", "currencies"]

_MAKERS: Final[Mapping[str, Callable[[Wish], Report]]] = {
    "receivables": receivables.report,
    "tax": taxes.report,
    "clients": sales.by_client,
    "products": sales.by_product,
    "payments": received.report,
    "numbers": gaps.report,
}
NAMES: Final = tuple(_MAKERS)


def build(name: str, wish: Wish) -> Report:
    """One report. Raises NotFound when there is none of that name."""
    maker = _MAKERS.get(name)
    if maker is None:
        raise NotFound(say("There is no report of this name."))
    return maker(wish)
