"""What tasks made is kept for a month."""

import pytest
from sqlalchemy import text

from invoicer_core.domain.errors import NotFound
from invoicer_core.models import db
from invoicer_core.models.documents import File
from invoicer_core.models.tasks import Task
from invoicer_core.services import tasks, upkeep
from invoicer_core.services.documents.stores import store_named
from invoicer_core.services.files import results
from tests.factories import BY


@tasks.work("kept-chore")
def _chore(task: tasks.Running) -> None:
    task.finish()


def made() -> int:
    task_id = tasks.start(kind="kept-chore", data={}, by=BY).id
    file_id = results.keep(name="a.txt", data=b"made", media_type="text/plain", by=BY)
    tasks.Running(db.session.get(Task, task_id)).finish(file_id=file_id)
    return task_id


def age(task_id: int, days: int) -> None:
    db.session.execute(
        text(
            "UPDATE files SET created_at = now() - make_interval(days => :days)"
            " WHERE id = (SELECT file_id FROM tasks WHERE id = :id)"
        ),
        {"days": days, "id": task_id},
    )
    db.session.commit()


def test_results_are_forgotten_after_a_month(business):
    old, young = made(), made()
    age(old, 31)
    age(young, 29)
    key = db.session.get(File, tasks.get(task_id=old).file_id).key
    upkeep.purge_business()
    db.session.rollback()
    assert tasks.get(task_id=old).file_id is None
    with pytest.raises(NotFound):
        results.content(task_id=old)
    store = store_named("local")
    with pytest.raises(KeyError):
        store.offer.get(store.ctx, key)
    assert results.content(task_id=young)[1] == b"made"
