"""Files on invoices, clients, products, suppliers, bills and orders."""

from typing import Final

from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.accounts import AttachmentInput, AttachmentQuery
from invoicer_core.domain.actor import Actor
from invoicer_core.services import files
from invoicer_core.services.files import attachments
from invoicer_core.services.files.attachments import AttachmentSnapshot
from invoicer_core.services.identity.sessions import Identity

READ: Final = {
    "invoice": "invoices.read", "client": "clients.read", "product": "products.read",
    "supplier": "suppliers.read", "bill": "costs.read", "order": "orders.read",
}  # fmt: skip
"""What one must be allowed to see to see the files on it."""

WRITE: Final = {
    "invoice": "invoices.write", "client": "clients.write", "product": "products.write",
    "supplier": "suppliers.write", "bill": "suppliers.write", "order": "orders.write",
}  # fmt: skip
"""What one must be allowed to change to put files on it or take them off."""

resource = Resource("attachments", tag="Files")


@resource.get(
    "/attachments", "files.read", query=AttachmentQuery, answer=list[AttachmentSnapshot],
    errors=(404,),
)  # fmt: skip
def list_attachments(
    query: AttachmentQuery, by: Actor, who: Identity
) -> tuple[AttachmentSnapshot, ...]:
    """List the files on a thing, the first one first."""
    by.require(READ[query.kind])
    to = (query.kind, query.to_id)
    attachments.check(to)
    return attachments.of(to, costs=who.may("costs.read"))


@resource.post(
    "/attachments", "files.write", body=AttachmentInput, answer=AttachmentSnapshot, status=201,
    errors=(404,),
)  # fmt: skip
def attach_file(body: AttachmentInput, by: Actor, who: Identity) -> AttachmentSnapshot:
    """Put a file on a thing; one that is there already stays there once."""
    by.require(WRITE[body.kind])
    known = files.get(file_id=body.file_id, costs=who.may("costs.read"))
    return attachments.attach(file_id=known.id, to=(body.kind, body.to_id), by=by)


@resource.delete("/attachments/{attachmentId}", "files.write")
def detach_file(attachment_id: int, by: Actor) -> None:
    """Take a file off a thing; the file itself stays."""
    found = attachments.get(attachment_id=attachment_id)
    by.require(WRITE[found.kind])
    attachments.detach(attachment_id=attachment_id, by=by)
