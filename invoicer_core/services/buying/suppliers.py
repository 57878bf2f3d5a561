"""Suppliers: the parties we buy from."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import func, or_, select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import Page, SupplierSnapshot
from invoicer_core.domain.work import RunSnapshot
from invoicer_core.models import db
from invoicer_core.models.outbox import WorkflowRun
from invoicer_core.models.parties import Client, Supplier
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.models.trade import Bill
from invoicer_core.services import parties
from invoicer_core.services.fields import Check, text, whole
from invoicer_core.services.listing import ID_MOST
from invoicer_core.services.parties import PartyKind, party_values
from invoicer_core.services.rows import find_row
from invoicer_core.services.statements import run_rows

ONBOARDING: Final = "supplier-onboarding"
SUPPLIER_CHECKS: Final[Mapping[str, Check]] = {
    "client_id": whole(1, ID_MOST),
    "notes": text(5_000, lines=True),
}


def create(*, fields: Mapping[str, Any], by: Actor) -> SupplierSnapshot:
    """Add a supplier. ``client_id`` links the client record it is invoiced through.

    Raises:
        InvalidInput: a pointer per wrong field.
        NotFound: no such client.
    """
    _check_client(fields)
    return parties.create(_KIND, fields, by=by)


def checked(*, fields: Mapping[str, Any], pointer: str = "") -> dict[str, Any]:
    """The fields of a new supplier as they would be stored.

    Args:
        pointer: what stands before the pointers of the errors.

    Raises:
        InvalidInput: a pointer per wrong field.
    """
    return parties.check_party(fields, SUPPLIER_CHECKS, pointer=pointer)


def get(*, supplier_id: int) -> SupplierSnapshot:
    """One supplier. Raises NotFound."""
    return _KIND.snapshot(_KIND.row(supplier_id))


def by_email(*, email: str) -> SupplierSnapshot | None:
    """The oldest supplier with this e-mail address, or None."""
    row = db.session.scalars(
        select(Supplier)
        .where(
            Supplier.business_id == current_business_id(),
            Supplier.deleted_at.is_(None),
            func.lower(Supplier.email) == func.lower(email),
        )
        .order_by(Supplier.id)
    ).first()
    return None if row is None else _KIND.snapshot(row)


def with_tax_id(*, tax_id: str) -> list[SupplierSnapshot]:
    """The suppliers with this VAT id or tax number, however it is spaced; the oldest first."""
    wanted = "".join(each for each in tax_id if each.isalnum()).upper()
    if not wanted:
        return []
    plain = [
        func.upper(func.regexp_replace(column, "[^[:alnum:]]", "", "g"))
        for column in (Supplier.vat_id, Supplier.tax_number)
    ]
    rows = db.session.scalars(
        select(Supplier)
        .where(
            Supplier.business_id == current_business_id(),
            Supplier.deleted_at.is_(None),
            or_(*(each == wanted for each in plain)),
        )
        .order_by(Supplier.id)
    )
    return _snapshots(rows.all())


def find(
    *,
    q: str | None = None,
    status: str | None = None,
    start: date | None = None,
    end: date | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[SupplierSnapshot]:
    """Suppliers, the newest first; see `parties.find`."""
    return parties.find(
        _KIND, q=q, status=status, start=start, end=end, sort=sort, limit=limit, cursor=cursor
    )


def update(
    *, supplier_id: int, fields: Mapping[str, Any], by: Actor, expected_version: int | None = None
) -> SupplierSnapshot:
    """Change the given fields; None empties one. Raises InvalidInput, NotFound, StaleVersion."""
    _check_client(fields)
    return parties.update(_KIND, supplier_id, fields, by=by, expected_version=expected_version)


def archive(*, supplier_id: int, by: Actor, archived: bool = True) -> SupplierSnapshot:
    """Take a supplier out of the lists, or back into them. Raises NotFound."""
    return parties.archive(_KIND, supplier_id, by=by, archived=archived)


def delete(*, supplier_id: int, by: Actor) -> None:
    """Remove a supplier. Raises NotFound."""
    parties.delete(_KIND, supplier_id, by=by)


def _check_client(fields: Mapping[str, Any]) -> None:
    client_id = fields.get("client_id")
    if isinstance(client_id, int) and not isinstance(client_id, bool):
        find_row(Client, client_id, "client", Client.deleted_at.is_(None), pointer="/client_id")


def _snapshots(rows: Sequence[Supplier]) -> list[SupplierSnapshot]:
    return [
        SupplierSnapshot(
            **party_values(row),
            id=row.id,
            public_id=row.public_id,
            client_id=row.client_id,
            notes=row.notes,
            version=row.version,
            archived_at=row.archived_at,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row in rows
    ]


def onboarding(*, supplier_id: int) -> RunSnapshot | None:
    """The newest run of the supplier onboarding that is about this supplier, by its id in what a
    step gave or by the e-mail address the run began with; None without one. Raises NotFound."""
    row = _KIND.row(supplier_id)
    about = or_(
        *(
            WorkflowRun.output[step]["supplier_id"].astext == str(supplier_id)
            for step in ("HandleNewProvider", "HandleExistingProvider")
        )
    )
    if row.email:
        began = func.lower(WorkflowRun.input["supplier"]["email"].astext)
        about = or_(about, began == row.email.lower())
    run = db.session.scalars(
        select(WorkflowRun)
        .where(
            WorkflowRun.business_id == current_business_id(),
            WorkflowRun.workflow == ONBOARDING,
            about,
        )
        .order_by(WorkflowRun.id.desc())
    ).first()
    return None if run is None else run_rows.snapshot(run)


def _free(row: Supplier) -> None:
    """Refuse while bills of the supplier are in the books."""
    there = select(Bill.id).where(
        Bill.business_id == current_business_id(), Bill.supplier_id == row.id
    )
    if db.session.scalar(there.limit(1)) is not None:
        raise Conflict(say("There are bills of this supplier: archive it instead of deleting it."))


_KIND: Final[PartyKind[Supplier, SupplierSnapshot]] = PartyKind(
    "supplier", Supplier, SUPPLIER_CHECKS, _snapshots, _free
)
