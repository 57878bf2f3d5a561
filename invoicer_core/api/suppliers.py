"""Suppliers."""

from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.lists import PartyQuery
from invoicer_core.api.schemas.trade import ArchiveInput, SupplierInput, SupplierUpdate
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import Page, SupplierSnapshot
from invoicer_core.services.buying import suppliers

resource = Resource("suppliers", tag="Suppliers")


@resource.get("/suppliers", "suppliers.read", query=PartyQuery, answer=Page[SupplierSnapshot])
def list_suppliers(query: PartyQuery) -> Page[SupplierSnapshot]:
    """List the suppliers.

    The newest first. Sort by name, email, created_at or updated_at; - in front descends."""
    return suppliers.find(**query.filters())


@resource.post(
    "/suppliers", "suppliers.write", body=SupplierInput, answer=SupplierSnapshot, status=201,
    location="/suppliers/{id}",
)  # fmt: skip
def create_supplier(body: SupplierInput, by: Actor) -> SupplierSnapshot:
    """Create a supplier."""
    return suppliers.create(fields=body.sent(), by=by)


@resource.get("/suppliers/{supplierId}", "suppliers.read", answer=SupplierSnapshot)
def get_supplier(supplier_id: int) -> SupplierSnapshot:
    """Get a supplier."""
    return suppliers.get(supplier_id=supplier_id)


@resource.put(
    "/suppliers/{supplierId}", "suppliers.write", body=SupplierUpdate, answer=SupplierSnapshot
)
def update_supplier(
    supplier_id: int, body: SupplierUpdate, by: Actor, version: int | None
) -> SupplierSnapshot:
    """Change a supplier; fields that are left out stay as they are."""
    return suppliers.update(
        supplier_id=supplier_id, fields=body.sent(), by=by, expected_version=version
    )


@resource.delete("/suppliers/{supplierId}", "suppliers.write")
def delete_supplier(supplier_id: int, by: Actor) -> None:
    """Delete a supplier."""
    suppliers.delete(supplier_id=supplier_id, by=by)


@resource.post(
    "/suppliers/{supplierId}/archive", "suppliers.write", body=ArchiveInput, body_required=False,
    answer=SupplierSnapshot,
)  # fmt: skip
def archive_supplier(supplier_id: int, body: ArchiveInput, by: Actor) -> SupplierSnapshot:
    """Take a supplier out of the lists, or back into them."""
    return suppliers.archive(supplier_id=supplier_id, by=by, archived=body.archived)
