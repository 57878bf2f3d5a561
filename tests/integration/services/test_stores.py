"""Where bytes are kept: the business's choice, what a row remembers, and a store that fails. The
store here is a plugin of the test's own that keeps everything in memory."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest
from flask import Flask

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.domain.errors import InvalidInput, NotFound, Unavailable
from invoicer_core.models import db
from invoicer_core.models.documents import File
from invoicer_core.models.tenancy import enter_business
from invoicer_core.plugin import (
    Context,
    DocumentStore,
    PermanentFailure,
    Plugin,
    RetryLater,
    hookimpl,
)
from invoicer_core.services import files, plugins
from invoicer_core.services.documents import moving, stores
from invoicer_core.services.documents.stores import StoreAway
from invoicer_core.services.plugins import control
from tests.factories import BY, make_business

KEPT: dict[str, bytes] = {}
TROUBLE: list[Exception] = []


class ShelfPlugin(Plugin):
    """Keeps documents in memory, for a test."""

    name = "shelf"

    @hookimpl
    def document_stores(self) -> Iterable[DocumentStore]:
        yield DocumentStore("shelf", put, get)


def put(ctx: Context, key: str, data: bytes, media_type: str) -> None:
    if TROUBLE:
        raise TROUBLE[0]
    KEPT[key] = data


def get(ctx: Context, key: str) -> bytes:
    if TROUBLE:
        raise TROUBLE[0]
    return KEPT[key]


@pytest.fixture(scope="module")
def app(config: Config) -> Flask:
    return create_app(config, plugins=[ShelfPlugin])


@pytest.fixture
def business(app: Flask) -> Iterator[int]:
    KEPT.clear()
    TROUBLE.clear()
    with app.app_context():
        business_id = make_business()
        with enter_business(business_id):
            plugins.change(name="shelf", enabled=True, by=BY)
            yield business_id
            db.session.rollback()


def upload() -> File:
    found = files.upload(name="note.txt", data=b"hello", by=BY)
    return db.session.get_one(File, found.id)


def test_this_machine_keeps_everything_until_another_store_is_chosen(business):
    assert upload().store == "local"
    moving.choose(name="shelf", by=BY)
    row = upload()
    assert row.store == "shelf"
    assert {row.key: b"hello"} == KEPT


def test_every_row_is_read_where_it_lies(business):
    here = upload().id
    moving.choose(name="shelf", by=BY)
    there = upload().id
    moving.choose(name="local", by=BY)
    assert files.content(file_id=here)[1] == files.content(file_id=there)[1] == b"hello"


@pytest.mark.parametrize("name", ["", "tape", "LOCAL"])
def test_only_a_store_that_runs_is_chosen(business, name):
    with pytest.raises(InvalidInput):
        moving.choose(name=name, by=BY)


def test_a_store_that_was_switched_off_is_not_waited_for_and_a_paused_one_is(business):
    moving.choose(name="shelf", by=BY)
    control.pause(name="shelf", by=BY)
    with pytest.raises(Unavailable, match="paused"):
        upload()
    plugins.change(name="shelf", enabled=False, by=BY)
    assert upload().store == "local"
    assert KEPT == {}


def test_a_store_whose_plugin_is_gone_is_named(business):
    moving.choose(name="shelf", by=BY)
    row = upload()
    db.session.execute(db.update(File).where(File.id == row.id).values(store="tape"))
    db.session.commit()
    with pytest.raises(NotFound, match="tape"):
        files.content(file_id=row.id)
    (gone,) = [each for each in moving.overview() if each.name == "tape"]
    assert (gone.plugin, gone.runs, gone.files) == (None, False, 1)


@pytest.mark.parametrize(
    ("trouble", "kind", "words"),
    [
        (RetryLater("It sleeps.", timedelta(seconds=7)), StoreAway, "It sleeps"),
        (ZeroDivisionError("x"), StoreAway, "failed"),
        (InvalidInput("No room is set."), StoreAway, "not set up"),
        (PermanentFailure("Too heavy."), Unavailable, "Too heavy"),
    ],
)
def test_what_a_store_raises_is_told_to_pages_and_to_workers(business, trouble, kind, words):
    moving.choose(name="shelf", by=BY)
    kept = upload().id
    TROUBLE.append(trouble)
    for work in (upload, lambda: files.content(file_id=kept)):
        with pytest.raises(kind, match=words) as told:
            work()
        assert isinstance(told.value, Unavailable)
        assert isinstance(told.value, RetryLater) == (kind is StoreAway)
    if isinstance(trouble, RetryLater):
        assert (told.value.after, told.value.retry_after) == (timedelta(seconds=7), 7)


def test_bytes_that_were_changed_are_not_given_out(business):
    moving.choose(name="shelf", by=BY)
    row = upload()
    KEPT[row.key] = b"something else"
    with pytest.raises(Unavailable, match="its hash differs"):
        files.content(file_id=row.id)
    del KEPT[row.key]
    with pytest.raises(stores.Lost):
        files.content(file_id=row.id)


def test_a_store_without_links_has_none(business):
    moving.choose(name="shelf", by=BY)
    assert files.link(file_id=upload().id) is None
