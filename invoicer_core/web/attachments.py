"""The part of a page that shows what is attached, and its forms."""

from typing import Any, Final, cast

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import Forbidden, NotFound
from invoicer_core.services import files
from invoicer_core.services.files import attachments
from invoicer_core.services.files.attachments import AttachmentSnapshot, Kind
from invoicer_core.web import access, headers, uploads
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.invoices import id_of

CHOICES: Final = 8
READ: Final[dict[str, str]] = {
    "invoice": "invoices.read", "client": "clients.read", "product": "products.read",
    "supplier": "suppliers.read", "bill": "costs.read", "order": "orders.read",
}  # fmt: skip
WRITE: Final[dict[str, str]] = {
    "invoice": "invoices.write", "client": "clients.write", "product": "products.write",
    "supplier": "suppliers.write", "bill": "suppliers.write", "order": "orders.write",
}  # fmt: skip


def install(site: Site) -> None:
    """Add the pages of this file, and the words its template needs."""
    place = "/files/attached/<kind>/<int:to_id>"
    site.add_url_rule(place, "attached_files", attached_files)
    site.add_url_rule(place, "attach_file", attach_file, methods=["POST"])
    site.add_url_rule(f"{place}/choices", "file_choices", file_choices)
    site.add_url_rule(
        "/files/attachments/<int:attachment_id>/remove",
        "detach_file",
        detach_file,
        methods=["POST"],
    )
    site.app_template_global("attached")(attached)
    site.app_template_global("may_attach")(may_attach)
    site.app_template_global("upload_limit")(upload_limit)


def attached(kind: str, to_id: int) -> tuple[AttachmentSnapshot, ...]:
    """What is attached, for the template; lets the page play videos of our own."""
    headers.widen("media-src", "'self'")
    if not (access.may("files.read") and access.may(READ[kind])):
        return ()
    return attachments.of((cast(Kind, kind), to_id), costs=access.may("costs.read"))


def may_attach(kind: str) -> bool:
    """Whether the visitor may put files there and take them off."""
    return access.may("files.write") and access.may(WRITE[kind])


def upload_limit() -> int:
    """How many bytes a file may have."""
    return uploads.most_bytes()


def page_of(kind: str, to_id: int) -> str:
    """The page of the thing that a file is on."""
    values: dict[str, Any] = {f"{kind}_id": to_id}
    return url_for(f"web.{kind}", **values)


@members("files.read")
def attached_files(kind: str, to_id: int) -> Answer:
    """The part alone, after something changed."""
    _check(kind, to_id, READ)
    return render_template("files/attached.html", kind=kind, to_id=to_id)


@members("files.write")
def file_choices(kind: str, to_id: int) -> Answer:
    """Files that are not on this yet, whose name holds what was typed."""
    _check(kind, to_id, WRITE)
    there = {each.file.id for each in attachments.of((cast(Kind, kind), to_id))}
    page = files.find(q=request.args.get("q", "")[:100], costs=access.may("costs.read"), limit=20)
    found = [each for each in page.items if each.id not in there][:CHOICES]
    return render_template("files/choices.html", found=found, kind=kind, to_id=to_id)


@uploads.takes_files
@members("files.write")
def attach_file(kind: str, to_id: int) -> Answer:
    """Upload files and put them on this; or put one there that was uploaded before."""
    _check(kind, to_id, WRITE)
    to = (cast(Kind, kind), to_id)
    file_id = id_of(request.form.get("file_id"))
    if file_id is not None:
        known = files.get(file_id=file_id, costs=access.may("costs.read"))
        attachments.attach(file_id=known.id, to=to, by=access.actor())
        flash(_("%(name)s is attached.", name=known.name), "success")
        return redirect(page_of(kind, to_id) + "#attachments")

    def keep(name: str, data: bytes) -> str:
        stored = files.upload(name=name, data=data, by=access.actor())
        return attachments.attach(file_id=stored.id, to=to, by=access.actor()).file.name

    return uploads.each_kept(keep, page_of(kind, to_id) + "#attachments")


@members("files.write")
def detach_file(attachment_id: int) -> Answer:
    """Take a file off; it stays among the files."""
    found = attachments.get(attachment_id=attachment_id)
    _check(found.kind, found.to_id, WRITE)
    attachments.detach(attachment_id=attachment_id, by=access.actor())
    flash(_("%(name)s is taken off. It stays among the files.", name=found.file.name), "success")
    return redirect(page_of(found.kind, found.to_id) + "#attachments")


def _check(kind: str, to_id: int, permissions: dict[str, str]) -> None:
    """The thing is there, and the visitor may do this to it."""
    if kind not in permissions:
        raise NotFound(_("There is nothing of this kind that files could be attached to."))
    if not access.may(permissions[kind]):
        raise Forbidden(_("Your role does not include this. An owner can change your role."))
    attachments.check((cast(Kind, kind), to_id))
