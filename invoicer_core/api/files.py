"""Uploaded files: multipart in, downloads out."""

from flask import request

from invoicer_core.api.answers import Binary, WithHeaders
from invoicer_core.api.problems import WrongMediaType
from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.lists import FileQuery
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import FieldError, InvalidInput
from invoicer_core.domain.snapshots import FileSnapshot, Page
from invoicer_core.services import files
from invoicer_core.services.identity.sessions import Identity

resource = Resource("files", tag="Files")

FORM = {
    "type": "object",
    "required": ["file"],
    "additionalProperties": False,
    "properties": {"file": {"type": "string", "format": "binary"}},
}
_BYTES = "application/octet-stream"
"""Of every download: a browser saves it and never shows it. ``media_type`` says what it is."""
_CLOSED = {"Content-Security-Policy": "sandbox; default-src 'none'"}
"""Should a browser show a download all the same, nothing in it may run or load."""


@resource.get("/files", "files.read", query=FileQuery, answer=Page[FileSnapshot])
def list_files(query: FileQuery, who: Identity) -> Page[FileSnapshot]:
    """List the files.

    The newest first. Sort by name, size or created_at; - in front descends."""
    return files.find(**query.filters(), costs=who.may("costs.read"))


@resource.post(
    "/files", "files.write", multipart=FORM, answer=FileSnapshot, status=201,
    location="/files/{id}",
)  # fmt: skip
def upload_file(by: Actor) -> FileSnapshot:
    """Upload a file.

    Pictures (PNG, JPEG, GIF, WebP) are drawn anew without metadata; documents (PDF, text, CSV,
    office) and videos (MP4, QuickTime, WebM) are kept as they are. The bytes decide, not the name
    or the declared type."""
    if request.mimetype != "multipart/form-data":
        raise WrongMediaType("Send the file as multipart/form-data, in the part named file.")
    parts = [name for name, _ in request.files.items(multi=True)]
    fields = [name for name, _ in request.form.items(multi=True)]
    faults = [
        FieldError(f"/{name[:100]}", "There is no such part; there is file.")
        for name in [*fields, *parts]
        if name != "file" or name in fields
    ]
    if parts.count("file") != 1:
        faults.append(FieldError("/file", "Send exactly one file, in the part named file."))
    if faults:
        raise InvalidInput(faults[0].message, faults)
    sent = request.files["file"]
    return files.upload(name=sent.filename or "", data=sent.stream.read(), by=by)


@resource.get("/files/{fileId}", "files.read", answer=FileSnapshot)
def get_file(file_id: int, who: Identity) -> FileSnapshot:
    """Get what is known of a file."""
    return files.get(file_id=file_id, costs=who.may("costs.read"))


@resource.get("/files/{fileId}/content", "files.read", answer=bytes, media_type=_BYTES)
def download_file(file_id: int, who: Identity) -> WithHeaders:
    """Download a file."""
    known, data = files.content(file_id=file_id, costs=who.may("costs.read"))
    return WithHeaders(Binary(data, _BYTES, known.name), _CLOSED)


@resource.delete("/files/{fileId}", "files.write")
def delete_file(file_id: int, by: Actor) -> None:
    """Delete a file."""
    files.delete(file_id=file_id, by=by)
