"""Files: uploading, looking at them, where they are attached, renaming and deleting."""

from typing import Final

from babel.numbers import format_decimal
from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError, NotFound
from invoicer_core.domain.snapshots import FileSnapshot
from invoicer_core.services import files
from invoicer_core.services.files import attachments, thumbnails
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats, headers, uploads
from invoicer_core.web import attachments as parts
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.site import query_of

CLOSED: Final = "sandbox; default-src 'none'"
"""Of downloads: should a browser show one all the same, nothing in it may run or load."""
SHOWN: Final = f"{CLOSED}; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
"""Of pictures and videos: a browser that shows one in a tab of its own lays it out by styles."""
READER: Final = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
)
"""Of PDFs: a browser's reader refuses to start in a sandbox; it runs nothing of ours."""
TEXT_SHOWN: Final = 20_000


def install(site: Site) -> None:
    """Add the pages of this file."""
    post = ["POST"]
    site.add_url_rule("/files", "files", file_list)
    site.add_url_rule("/files", "upload_files", upload_files, methods=post)
    site.add_url_rule("/files/<int:file_id>", "file", file)
    site.add_url_rule("/files/<int:file_id>/content", "file_content", file_content)
    site.add_url_rule("/files/<int:file_id>/preview", "file_preview", file_preview)
    site.add_url_rule("/files/<int:file_id>/thumbnail", "file_thumbnail", file_thumbnail)
    site.add_url_rule("/files/<int:file_id>/rename", "rename_file", rename_file, methods=post)
    site.add_url_rule("/files/<int:file_id>/delete", "delete_file", delete_file, methods=post)
    site.app_template_filter("file_size")(file_size)
    uploads.install(site)
    parts.install(site)


def file_size(size: int) -> str:
    """A size as people say it: ``1.2 MB``."""
    locale = formats.locale()
    if size >= 1_000_000:
        return str(_("%(size)s MB", size=_one_digit(size / 1_000_000)))
    if size >= 1_000:
        return str(_("%(size)s kB", size=format_decimal(round(size / 1_000), locale=locale)))
    return str(_("%(size)s bytes", size=size))


def _one_digit(size: float) -> str:
    return format_decimal(round(size, 1), format="#,##0.#", locale=formats.locale())


@members("files.read")
def file_list() -> Answer:
    """Files by kind or name, the newest first."""
    query = query_of("kind", "q", "cursor")
    if query.get("kind") not in files.KINDS:
        query.pop("kind", None)
    page = files.find(
        q=query.get("q"),
        kind=query.get("kind"),
        costs=access.may("costs.read"),
        cursor=query.get("cursor"),
        limit=48,
    )
    headers.widen("media-src", "'self'")
    labels = (_("All"), _("Pictures"), _("Documents"), _("Videos"))
    tabs = list(zip(("", *files.KINDS), labels, strict=True))
    return render_template("files/list.html", page=page, query=query, tabs=tabs)


@uploads.takes_files
@members("files.write")
def upload_files() -> Answer:
    """Keep the files of the form."""

    def keep(name: str, data: bytes) -> str:
        return files.upload(name=name, data=data, by=access.actor()).name

    return uploads.each_kept(keep, url_for("web.files"))


@members("files.read")
def file(file_id: int) -> Answer:
    """One file: what it shows, where it is attached."""
    return _page(_known(file_id))


def _known(file_id: int) -> FileSnapshot:
    return files.get(file_id=file_id, costs=access.may("costs.read"))


def _page(known: FileSnapshot, form: Form | None = None, *, show: str = "") -> str:
    headers.widen("media-src", "'self'")
    headers.widen("frame-src", "'self'")
    found = [
        (place, parts.page_of(place.kind, place.id))
        for place in attachments.places(file_id=known.id)
        if access.may(parts.READ[place.kind])
    ]
    return render_template(
        "files/detail.html",
        file=known,
        form=form or Form({"name": known.name}),
        places=found,
        text=_text(known),
        show=show,
    )


def _text(known: FileSnapshot) -> str | None:
    """The first lines of a plain text."""
    if not known.media_type.startswith("text/"):
        return None
    _same, data = files.content(file_id=known.id, costs=access.may("costs.read"))
    return data[:TEXT_SHOWN].decode("utf-8-sig", "ignore")


@members("files.read")
def file_content(file_id: int) -> Answer:
    """The file, to keep; straight from its store where that gives out links."""
    if address := files.link(file_id=file_id, costs=access.may("costs.read")):
        return redirect(address)
    known, data = files.content(file_id=file_id, costs=access.may("costs.read"))
    response = Response(data, mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=known.name)
    response.headers["Content-Security-Policy"] = CLOSED
    return response


@members("files.read")
def file_preview(file_id: int) -> Answer:
    """A picture, video or PDF, to be looked at in the browser; anything else is not shown."""
    known, data = files.content(file_id=file_id, costs=access.may("costs.read"))
    is_pdf = known.media_type == "application/pdf"
    if not is_pdf and known.media_type.partition("/")[0] not in ("image", "video"):
        raise NotFound(_("This kind of file cannot be shown here. Download it instead."))
    response = Response(data, mimetype=known.media_type)
    response.headers.set("Content-Disposition", "inline", filename=known.name)
    if is_pdf:
        response.headers["Content-Security-Policy"] = READER
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
    else:
        response.headers["Content-Security-Policy"] = SHOWN
    return response.make_conditional(request, accept_ranges=True, complete_length=len(data))


@members("files.read")
def file_thumbnail(file_id: int) -> Answer:
    """A picture, small."""
    data = thumbnails.of_file(file_id=file_id, costs=access.may("costs.read"))
    response = Response(data, mimetype=thumbnails.MEDIA_TYPE)
    response.headers["Content-Security-Policy"] = CLOSED
    return response


@members("files.write")
def rename_file(file_id: int) -> Answer:
    """Call it differently."""
    known = _known(file_id)
    form = Form.sent(request.form, formats.locale())
    name = form.text("name", required=True, longest=150)
    if not form.ok or name is None:
        return _page(known, form, show="rename"), 422
    try:
        done = files.rename(file_id=file_id, name=name, by=access.actor())
    except InvoicerError as error:
        form.refuse(error)
        return _page(known, form, show="rename"), status_of(error)
    flash(_("Now called %(name)s.", name=done.name), "success")
    return redirect(url_for("web.file", file_id=file_id))


@members("files.write")
def delete_file(file_id: int) -> Answer:
    """Throw it away, unless something still needs it."""
    known = _known(file_id)
    try:
        files.delete(file_id=file_id, by=access.actor())
    except InvoicerError as error:
        flash(told(error.detail), "danger")
        return redirect(url_for("web.file", file_id=file_id))
    flash(_("%(name)s is deleted.", name=known.name), "success")
    return redirect(url_for("web.files"))
