"""What people search for is read by a worker; nobody waits for long, and nothing is left behind."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest
from flask import Flask
from redis import Redis

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.hooks.answers import RetryLater
from invoicer_core.jobs import queue, reader
from invoicer_core.plugin import Context, Embedder, Plugin, SearchBackend, SearchHit, hookimpl
from invoicer_core.services import businesses, plugins, products, reading, searching
from invoicer_core.services.products import product_search
from tests.factories import BY, make_business


def lengths(ctx: Context, texts: Sequence[str]) -> Sequence[Sequence[float]]:
    if "breaks" in texts:
        raise RuntimeError("no model")
    return [(float(len(each)), float(threading.get_ident())) for each in texts]


def away(ctx: Context, kind: str, query: str, limit: int) -> Sequence[SearchHit]:
    raise reading.NoReader("nobody reads")


class Lengths(Plugin):
    """A model that is too heavy for those who answer people."""

    name, api = "lengths", 1

    @hookimpl
    def embedders(self) -> Iterable[Embedder]:
        yield Embedder("lengths", "lengths-1", 2, lengths, heavy=True)

    @hookimpl
    def search_backends(self) -> Iterable[SearchBackend]:
        yield SearchBackend("lengths", "By length", away)


@pytest.fixture(scope="module")
def heavy(config: Config) -> Flask:
    return create_app(config, plugins=[Lengths])


@pytest.fixture
def redis(heavy: Flask) -> Redis:
    found = queue.connect(heavy.extensions["invoicer.config"].redis_url, "worker")
    found.delete(reading.ASKED)
    return found


@pytest.fixture
def asking(heavy: Flask) -> Iterator[reading._Asking]:
    """Somebody of a business that has the plugin."""
    with heavy.app_context(), businesses.enter_business(make_business()):
        plugins.change(name="lengths", enabled=True, by=BY)
        yield reading._Asking(heavy.extensions["invoicer.config"].redis_url)


def wanted(*texts: str) -> dict[str, Any]:
    business_id = businesses.current().id
    return {"business": business_id, "model": "lengths-1", "texts": list(texts)}


@pytest.fixture
def worker(heavy: Flask, redis: Redis) -> Iterator[int]:
    """One that answers one question; the thread it does it in."""

    def work() -> None:
        taken: Any = redis.brpop([reading.ASKED], timeout=30)
        with heavy.app_context():
            reader.answer(redis, taken[1].decode())

    thread = threading.Thread(target=work)
    thread.start()
    yield thread.ident or 0
    thread.join(30)


def test_a_worker_reads_it(asking: reading._Asking, worker: int, redis: Redis) -> None:
    assert asking.ask(wanted("four", "eleven")) == [[4.0, float(worker)], [6.0, float(worker)]]
    assert redis.keys(f"{reading.ASKED}*") == []


def test_a_model_that_fails_is_told_of(asking: reading._Asking, worker: int) -> None:
    with pytest.raises(RetryLater, match="no model") as told:
        asking.ask(wanted("breaks"))
    assert not isinstance(told.value, reading.NoReader), "that is the plugin's own failure"


def test_without_a_worker_nobody_waits_twice(asking: reading._Asking, redis: Redis) -> None:
    with pytest.raises(reading.NoReader):
        asking.ask(wanted("four"))
    assert redis.llen(reading.ASKED) == 1
    with pytest.raises(reading.NoReader):
        asking.ask(wanted("four"))
    assert redis.llen(reading.ASKED) == 1, "it was left alone"
    name: Any = redis.rpop(reading.ASKED)
    redis.delete(f"{reading.ASKED}:{name.decode()}")
    reader.answer(redis, name.decode())
    assert redis.keys(f"{reading.ASKED}:*") == [], "who asked has gone on: nobody is answered"


def test_no_worker_is_no_fault_of_the_plugin(asking: reading._Asking) -> None:
    made = products.create(fields={"name": "Oak table", "unit_price": 1}, by=BY)
    for _time in range(30):  # far more often than a plugin may fail
        found = product_search.search(q="oak", mode="hybrid")
        assert ([each.id for each in found.items], found.mode) == ([made.id], "text")
    assert searching.is_on("product"), "it was paused"
