"""Moving what is kept from one store to another: nothing lost, nothing half, whatever dies."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound, Unavailable
from invoicer_core.hooks.answers import RetryLater
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import documents, files, tasks
from invoicer_core.services.documents import moving
from tests.factories import BY, make_business
from tests.integration.services.test_papers import issue

AGED = text(
    "UPDATE tasks SET resume = resume || jsonb_build_object('stuck',"
    " CAST(resume ->> 'stuck' AS bigint) - CAST(:seconds AS bigint)) WHERE id = :id"
)


def furnish(count=3):
    """A PDF and some files in the store that is chosen."""
    kept = [files.upload(name=f"{n}.txt", data=b"text %d" % n, by=BY) for n in range(count)]
    return documents.render(invoice_id=issue().id), kept


def stores():
    db.session.rollback()
    return {each.name: (each.documents, each.files) for each in moving.overview()}


def start(source="local", target="s3", forget=False):
    return moving.start(source=source, target=target, forget=forget, by=BY).id


def whole(pdf, kept):
    found = documents.get(document_id=pdf.id)
    assert (found.sha256, found.key, found.revision) == (pdf.sha256, pdf.key, pdf.revision)
    assert documents.content_of(document=found).startswith(b"%PDF-")
    for number, each in enumerate(kept):
        assert files.content(file_id=each.id)[1] == b"text %d" % number
    return found.store


def test_everything_moves_there_and_back(either, turn):
    pdf, kept = furnish()
    assert stores() == {"local": (1, 3), "s3": (0, 0)}
    done = turn(start())
    assert (done.state, done.done, done.total) == ("done", 4, 4), done.error
    assert "4 documents and files" in done.message
    assert stores() == {"local": (0, 0), "s3": (1, 3)}
    assert whole(pdf, kept) == "s3"
    assert turn(start("s3", "local", forget=True)).state == "done"
    assert whole(pdf, kept) == "local"


def test_nothing_is_deleted_at_the_source_unless_asked(business, bucket, turn, config):
    pdf, _kept = furnish()
    path = Path(config.data) / "documents" / pdf.key
    turn(start())
    assert path.is_file()
    assert turn(start("s3", "local")).state == "done"
    assert len(bucket.objects) == 4
    turn(start(forget=True))
    assert not path.exists()
    turn(start("s3", "local", forget=True))
    assert bucket.objects == {}


def test_it_goes_on_where_the_bucket_asked_it_to_wait(business, bucket, turn):
    pdf, kept = furnish(5)
    bucket.patience = 2
    task_id = start()
    with pytest.raises(RetryLater, match="SlowDown"):
        turn(task_id)
    assert stores() == {"local": (0, 4), "s3": (1, 1)}
    assert tasks.get(task_id=task_id).state == "running"
    assert whole(pdf, kept) == "s3"
    bucket.patience = None
    before = len(bucket.objects)
    assert turn(task_id).done == 6
    assert len(bucket.objects) == before + 4
    assert stores() == {"local": (0, 0), "s3": (1, 5)}


def test_a_bucket_that_stays_away_ends_the_move_in_words(business, bucket, turn):
    """However long the move itself took: patience is counted from the first try that failed."""
    pdf, kept = furnish(2)
    task_id = start()
    bucket.mood = "closed"
    with pytest.raises(RetryLater) as later:
        turn(task_id)
    assert later.value.after is not None, "such tries do not count"
    db.session.rollback()
    db.session.execute(AGED, {"id": task_id, "seconds": 1000})
    db.session.commit()
    failed = turn(task_id)
    assert failed.state == "failed"
    assert "look at the key's policy" in failed.error
    assert (failed.done, failed.total) == (0, 3)
    bucket.mood = "works"
    tasks.retry(task_id=task_id, by=BY)
    assert turn(task_id).state == "done"
    assert whole(pdf, kept) == "s3"


@pytest.mark.parametrize(
    ("source", "method", "number", "done"),
    [
        ("local", "PUT", 2, False),  # the first one's row has just named its new store
        ("local", "PUT", 2, True),
        ("local", "GET", 2, False),
        ("local", "GET", 2, True),  # copied, not yet switched
        ("s3", "GET", 2, False),
        ("s3", "DELETE", 2, False),  # switched, not yet forgotten
        ("s3", "DELETE", 2, True),
    ],
)
def test_a_worker_may_die_at_any_moment(
    business, bucket, turn, killed, keep_in, source, method, number, done
):
    keep_in(source)
    target = {"local": "s3", "s3": "local"}[source]
    pdf, kept = furnish(2)
    task_id = start(source, target, forget=True)
    killed(task_id, bucket, method, number, done=done)
    whole(pdf, kept)
    ended = turn(task_id)
    assert (ended.state, ended.done, ended.total) == ("done", 3, 3)
    assert whole(pdf, kept) == target
    if target == "s3":
        turn(start("s3", "local", forget=True))
    assert bucket.objects == {}, "the source was not tidied"


def test_a_delete_that_fails_is_tried_again(business, bucket, turn, keep_in):
    keep_in("s3")
    pdf, kept = furnish(2)
    bucket.mood, bucket.moody = "closed", ("DELETE",)
    task_id = start("s3", "local", forget=True)
    with pytest.raises(RetryLater):
        turn(task_id)
    assert len(bucket.objects) == 3
    bucket.mood = "works"
    assert turn(task_id).state == "done"
    assert bucket.objects == {}
    assert whole(pdf, kept) == "local"


def test_what_comes_back_different_is_not_switched(business, bucket, turn):
    pdf, kept = furnish(2)
    bucket.mood = "corrupts"
    task_id = start(forget=True)
    failed = turn(task_id)
    assert failed.state == "failed"
    assert "3 could not be moved and stay where they are" in failed.error
    assert "gave back another" in failed.error
    assert stores()["local"] == (1, 2)
    assert whole(pdf, kept) == "local"
    bucket.mood = "works"
    tasks.retry(task_id=task_id, by=BY)
    done = turn(task_id)
    assert (done.state, done.done, done.total) == ("done", 3, 3)
    assert whole(pdf, kept) == "s3"


def test_what_is_lost_or_damaged_is_named_and_the_rest_moves(business, turn, config):
    _pdf, kept = furnish(3)
    row = text("SELECT key FROM files WHERE id = :id")
    folder = Path(config.data) / "documents"
    lost, damaged = (
        folder / db.session.execute(row, {"id": each.id}).scalar_one() for each in kept[:2]
    )
    lost.unlink()
    damaged.write_bytes(b"something else")
    failed = turn(start())
    assert failed.state == "failed"
    assert "has lost 0.txt" in failed.error
    assert "1.txt is not the file that was stored" in failed.error
    assert stores() == {"local": (0, 2), "s3": (1, 1)}


def test_two_moves_at_once_and_moves_to_nowhere_are_refused(business, switch):
    with pytest.raises(InvalidInput):
        start("local", "local")
    with pytest.raises(NotFound):
        start("local", "tape")
    start()
    with pytest.raises(Conflict, match="already"):
        start("s3", "local")
    switch(on=False)
    with pytest.raises(Unavailable):
        start("local", "s3")


def test_a_move_touches_no_other_business(app, business, turn):
    other = make_business()
    with enter_business(other):
        furnish(1)
    furnish(1)
    turn(start())
    with enter_business(other):
        assert stores()["local"] == (1, 1)


def test_the_place_of_a_document_may_change_and_nothing_else(business):
    pdf, _kept = furnish(0)
    for column in ("sha256", "key", "filename"):
        change = "UPDATE documents SET " + column + " = 'x' WHERE id = :id"  # noqa: S608
        with pytest.raises(DBAPIError):
            db.session.execute(text(change), {"id": pdf.id})
        db.session.rollback()
    db.session.execute(text("UPDATE documents SET store = 's3' WHERE id = :id"), {"id": pdf.id})
    with pytest.raises(DBAPIError):
        db.session.execute(text("DELETE FROM documents WHERE id = :id"), {"id": pdf.id})
    db.session.rollback()


def test_a_reader_who_looked_before_the_move_still_reads(business, turn):
    pdf, _kept = furnish(0)
    before = documents.get(document_id=pdf.id)
    turn(start(forget=True))
    assert before.store == "local"
    assert documents.content_of(document=before).startswith(b"%PDF-")


def test_every_move_is_in_the_audit_log(business, turn):
    pdf, _kept = furnish(1)
    turn(start())
    entries = text("SELECT e::text FROM audit_entries e")
    said = " ".join(db.session.scalars(entries).all())
    assert "document.moved" in said
    assert "file.moved" in said
    assert str(pdf.id) in said
