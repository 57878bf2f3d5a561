"""What background tasks made, as files: for whoever asked for the task, not among the business's
own files."""

import hashlib
from uuid import uuid4

from sqlalchemy import select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import NotFound, Unavailable
from invoicer_core.domain.snapshots import FileSnapshot
from invoicer_core.models import db
from invoicer_core.models.documents import File
from invoicer_core.models.identity import Business
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import tasks
from invoicer_core.services.file_rows import file_snapshot
from invoicer_core.services.stores import store_for_new, store_named
from invoicer_core.services.transaction import transaction


def keep(*, name: str, data: bytes, media_type: str, by: Actor) -> int:
    """Keep a file that a task made, for `tasks.Running.finish`; its id.

    Args:
        name: what it is called when it is downloaded, with its ending.

    Raises:
        Unavailable: there is no store.
    """
    with transaction(by=by) as unit:
        business = db.session.get_one(Business, current_business_id())
        store = store_for_new()
        key = f"business/{business.public_id}/results/{uuid4()}"
        store.offer.put(store.ctx, key, data, media_type)
        row = File(
            business_id=business.id,
            name=name,
            media_type=media_type,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            store=store.offer.name,
            key=key,
            actor=by.label,
        )
        db.session.add(row)
        db.session.flush()
        unit.record("file.made", file=row.id, sha256=row.sha256, media_type=media_type)
        return row.id


def content(*, task_id: int, of_user: int | None = None) -> tuple[FileSnapshot, bytes]:
    """The file that a task made.

    Args:
        of_user: as in `tasks.get`.

    Raises:
        NotFound: no such task, or it made none.
        Unavailable: its store is off, or has lost or changed it.
    """
    found = tasks.get(task_id=task_id, of_user=of_user)
    row = db.session.scalars(
        select(File).where(
            File.business_id == current_business_id(), File.id == (found.file_id or 0)
        )
    ).first()
    if row is None:
        raise NotFound(f"The task {task_id} has no file.")
    store = store_named(row.store)
    try:
        data = store.offer.get(store.ctx, row.key)
    except KeyError as missing:
        raise Unavailable(f"The store {row.store} has lost {row.name}.") from missing
    if hashlib.sha256(data).hexdigest() != row.sha256:
        raise Unavailable(f"{row.name} is not the file that was stored: its hash differs.")
    return file_snapshot(row), data
