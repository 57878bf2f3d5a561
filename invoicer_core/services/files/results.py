"""What background tasks made, as files: for whoever asked for the task, not among the business's
own files."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import select, update

from invoicer_core.domain.actor import SYSTEM, Actor
from invoicer_core.domain.errors import NotFound, Unavailable
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import FileSnapshot
from invoicer_core.models import db
from invoicer_core.models.documents import File
from invoicer_core.models.identity import Business
from invoicer_core.models.tasks import Task
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import tasks
from invoicer_core.services.documents import stores
from invoicer_core.services.files.file_rows import bytes_of, file_snapshot
from invoicer_core.services.transaction import transaction

KEPT: Final = timedelta(days=30)
"""How long a result can be downloaded; it can be made again at any time."""

AT_ONCE: Final = 200


def keep(*, name: str, data: bytes, media_type: str, by: Actor) -> int:
    """Keep a file that a task made, for `tasks.Running.finish`; its id.

    Args:
        name: what it is called when it is downloaded, with its ending.

    Raises:
        Unavailable: there is no store.
    """
    business = db.session.get_one(Business, current_business_id())
    key = f"business/{business.public_id}/results/{uuid4()}"
    store = stores.store_for_new()
    stores.put(store, key, data, media_type)
    with transaction(by=by) as unit:
        row = File(
            business_id=current_business_id(),
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
        raise NotFound(say("The task %(task)s has no file.", task=task_id))
    return file_snapshot(row), bytes_of(row)


def forget_old() -> int:
    """Throw away results that have had their time, bytes first; how many that were. Commits."""
    statement = (
        select(File)
        .where(
            File.business_id == current_business_id(),
            File.key.like("business/%/results/%"),
            File.deleted_at.is_(None),
            File.created_at < datetime.now(UTC) - KEPT,
        )
        .order_by(File.id)
        .limit(AT_ONCE)
    )
    return sum(_forget(row) for row in db.session.scalars(statement).all())


def _forget(row: File) -> bool:
    try:
        stores.delete(stores.store_named(row.store), row.key)
    except (NotFound, Unavailable):
        return False
    with transaction(by=SYSTEM) as unit:
        db.session.execute(
            update(Task)
            .where(Task.business_id == row.business_id, Task.file_id == row.id)
            .values(file_id=None)
        )
        row.deleted_at = datetime.now(UTC)
        db.session.flush()
        unit.record("file.forgotten", file=row.id)
    return True
