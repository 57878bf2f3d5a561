"""Proof that the numbers of each series run on without a gap; what is missing or void by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import select

from invoicer_core.domain.account import GapReport, NumberRange
from invoicer_core.models import db
from invoicer_core.models.invoices import Invoice
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import series

MOST_VOID: Final = 1000
"""Void invoices that are named; nobody has more in a period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidNumber:
    """An invoice that was annulled: its number stays used."""

    invoice_id: int
    number: str
    issue_date: date | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One period of a series: 1 to ``last``, with what is missing and what is void."""

    series_id: int
    document_type: str
    name: str
    period: str
    last: int
    documents: int
    missing: tuple[NumberRange, ...] = ()
    void: tuple[VoidNumber, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every number from 1 to ``last`` has its document, and each only one."""
        return not self.missing and self.documents == self.last


def proofs() -> tuple[Proof, ...]:
    """Every period in which a number was given, the newest first within its series."""
    voids = _voids()
    found = [_proof(report, voids) for report in series.gap_report()]
    return tuple(sorted(found, key=lambda each: (each.document_type, each.series_id), reverse=True))


def _proof(report: GapReport, voids: dict[tuple[int, str], list[VoidNumber]]) -> Proof:
    return Proof(
        series_id=report.series_id,
        document_type=report.document_type,
        name=report.name,
        period=report.period,
        last=report.last,
        documents=report.documents,
        missing=report.missing,
        void=tuple(voids.get((report.series_id, report.period), ()))
        if report.document_type == "invoice"
        else (),
    )


def _voids() -> dict[tuple[int, str], list[VoidNumber]]:
    statement = (
        select(
            Invoice.series_id,
            Invoice.period,
            Invoice.id,
            Invoice.number,
            Invoice.issue_date,
            Invoice.void_reason,
        )
        .where(Invoice.business_id == current_business_id(), Invoice.state == "void")
        .order_by(Invoice.seq)
        .limit(MOST_VOID)
    )
    rows: Sequence[Any] = db.session.execute(statement).all()
    found: dict[tuple[int, str], list[VoidNumber]] = {}
    for series_id, period, invoice_id, number, day, reason in rows:
        void = VoidNumber(invoice_id=invoice_id, number=number, issue_date=day, reason=reason)
        found.setdefault((series_id, period), []).append(void)
    return found
