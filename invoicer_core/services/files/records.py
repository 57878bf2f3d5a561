"""Uploaded files: recognised by their bytes, kept in the store, given out as downloads only."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from flask import current_app
from sqlalchemy import ColumnElement, Text, and_, func, or_, select

from invoicer_core.config import Config
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import FileSnapshot, Page
from invoicer_core.models import db
from invoicer_core.models.documents import File
from invoicer_core.models.identity import Business
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.documents import stores
from invoicer_core.services.files import attachments
from invoicer_core.services.files.file_kinds import file_name, recognise
from invoicer_core.services.files.file_rows import bytes_of, file_snapshot, of_no_bill
from invoicer_core.services.listing import Ordering, matches, read_page, within_days
from invoicer_core.services.rows import find_row, refuse
from invoicer_core.services.transaction import transaction

KINDS: Final = ("image", "document", "video")
EXTENSION: Final = "invoicer.config"
RESULTS: Final = "business/%/results/%"
"""Keys of what background tasks made (`result_files`)."""


def limit() -> int:
    """How many bytes an upload may have: the setting INVOICER_UPLOAD_MB."""
    config: Config = current_app.extensions[EXTENSION]
    return config.upload_bytes


def upload(*, name: str, data: bytes, by: Actor) -> FileSnapshot:
    """Keep a file. Pictures are drawn anew, without metadata.

    The bytes are stored before the row: bytes without a row are harmless, a row without bytes is
    not.

    Raises:
        InvalidInput: at ``/file``: empty, too large, not of an accepted kind, damaged.
        Unavailable: there is no store, or it does not answer.
    """
    most = limit()
    if len(data) > most:
        megabytes = most // 1_000_000
        raise InvalidInput.at(
            "/file", say("The file is too large: at most %(most)s MB.", most=megabytes)
        )
    known = recognise(data, name)
    business = db.session.get_one(Business, current_business_id())
    key = f"business/{business.public_id}/files/{uuid4()}"
    store = stores.store_for_new()
    stores.put(store, key, known.data, known.media_type)
    with transaction(by=by) as unit:
        row = File(
            business_id=current_business_id(),
            name=file_name(name, known.extension),
            media_type=known.media_type,
            size=len(known.data),
            sha256=hashlib.sha256(known.data).hexdigest(),
            store=store.offer.name,
            key=key,
            actor=by.label,
        )
        db.session.add(row)
        db.session.flush()
        unit.record("file.uploaded", file=row.id, sha256=row.sha256, media_type=row.media_type)
        return file_snapshot(row)


def get(*, file_id: int, costs: bool = True) -> FileSnapshot:
    """What is known of a file.

    Args:
        costs: whoever asks may see costs; without that, files of bills are not there.

    Raises:
        NotFound: no such file.
    """
    return file_snapshot(_row(file_id, costs=costs))


def content(*, file_id: int, costs: bool = True) -> tuple[FileSnapshot, bytes]:
    """A file with its bytes, which are checked against the hash of the day it came.

    Args:
        costs: as in `get`.

    Raises:
        NotFound: no such file.
        Unavailable: its store is off, or has lost or changed it.
    """
    row = _row(file_id, costs=costs)
    return file_snapshot(row), bytes_of(row)


def link(*, file_id: int, costs: bool = True) -> str | None:
    """An address that saves the file straight from its store, for some minutes; None where the
    app itself has to serve it.

    Args:
        costs: as in `get`.

    Raises:
        NotFound: no such file. Unavailable: its store is off.
    """
    row = _row(file_id, costs=costs)
    return stores.link(stores.store_named(row.store), row.key, row.name)


def content_by_public_id(*, public_id: UUID) -> tuple[FileSnapshot, bytes]:
    """As `content`, by the id that outsiders know."""
    row = db.session.scalars(
        select(File).where(
            File.business_id == current_business_id(),
            File.public_id == public_id,
            File.deleted_at.is_(None),
        )
    ).first()
    if row is None:
        raise NotFound.of("file", public_id)
    return file_snapshot(row), bytes_of(row)


def find(
    *,
    q: str | None = None,
    kind: str | None = None,
    costs: bool = True,
    start: date | None = None,
    end: date | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[FileSnapshot]:
    """Files, the newest first.

    Args:
        q: words of the name.
        kind: ``image``, ``document`` or ``video``.
        costs: as in `get`.
    """
    if kind is not None and kind not in KINDS:
        refuse("/kind", say("This is one of %(known)s.", known=", ".join(KINDS)))
    name = func.lower(File.name, type_=Text)
    statement = select(File).where(
        File.business_id == current_business_id(),
        File.deleted_at.is_(None),
        _visible(costs),
        matches(name, q),
        _of_kind(kind),
        within_days(File.created_at, start, end),
    )
    ordering = Ordering(File.id, {"name": name, "size": File.size, "created_at": File.created_at})
    return read_page(statement, ordering, _snapshots, sort=sort, limit=limit, cursor=cursor)


def rename(*, file_id: int, name: str, by: Actor) -> FileSnapshot:
    """Call a file differently; its ending stays, because it says what the bytes are.

    Raises:
        InvalidInput: at ``/name``: empty.
        NotFound: no such file.
    """
    with transaction(by=by) as unit:
        row = _row(file_id, lock=True)
        if not name.strip():
            refuse("/name", say("Give the file a name."))
        given = file_name(name, row.name.rpartition(".")[2])
        if given != row.name:
            row.name = given
            db.session.flush()
            unit.record("file.renamed", file=row.id)
        return file_snapshot(row)


def delete(*, file_id: int, by: Actor) -> None:
    """Take a file away. Raises NotFound; Conflict while something still needs it."""
    with transaction(by=by) as unit:
        row = _row(file_id, lock=True)
        business = db.session.get_one(Business, current_business_id())
        if business.logo_file_id == row.id:
            raise Conflict(say("This file is the logo: choose another logo first."))
        if there := attachments.places(file_id=row.id):
            named = ", ".join(f"{place.kind} {place.label}" for place in there[:3])
            raise Conflict(
                say("This file is attached to %(where)s: remove it there first.", where=named)
            )
        row.deleted_at = datetime.now(UTC)
        db.session.flush()
        unit.record("file.deleted", file=row.id)


def _row(file_id: int, *, lock: bool = False, costs: bool = True) -> File:
    return find_row(File, file_id, "file", File.deleted_at.is_(None), _visible(costs), lock=lock)


def _visible(costs: bool) -> ColumnElement[bool]:
    """Files of bills tell what suppliers charge; results of tasks belong to who asked for them."""
    uploaded = File.key.not_like(RESULTS)
    if costs:
        return uploaded
    return uploaded & of_no_bill()


def _of_kind(kind: str | None) -> Any:
    if kind is None:
        return and_(True)
    if kind == "document":
        return or_(File.media_type.startswith("application/"), File.media_type.startswith("text/"))
    return File.media_type.startswith(f"{kind}/")


def _snapshots(rows: Sequence[File]) -> list[FileSnapshot]:
    return [file_snapshot(row) for row in rows]
