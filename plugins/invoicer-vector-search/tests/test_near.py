"""The approximate index of a business with very many texts: used, complete, and nobody else's."""

from collections.abc import Callable
from typing import Any

import pytest
from invoicer_vector_search import embedding, finding, index, near
from sqlalchemy import text

from invoicer_core import host
from invoicer_core.hooks.searching import SearchHit
from invoicer_core.models import db
from invoicer_core.plugin import Actor
from invoicer_core.services import businesses, plugins, tasks
from tests.factories import BY

MODEL, KIND = embedding.LOCAL_MODEL, "product"
MANY = 1_200
SOME = text(
    "INSERT INTO plugin_vector_search.entries"
    " (business_id, model, kind, thing_id, digest, vector)"
    " SELECT :business, :model, 'product', 1000000 + n, '', (SELECT array_agg("
    " sin(n * 7 + g * g * 13) + cos(n % 40 + g)) FROM generate_series(1, 384) g)::vector"
    " FROM generate_series(1, :many) n"
)
PRODUCTS = text(
    "INSERT INTO products (business_id, name, unit, unit_price, is_active)"
    " SELECT :business, 'Hinge ' || n, 'C62', 10, true FROM generate_series(1, :many) n"
)
PLACES = text(
    "SELECT place, count(*) FROM plugin_vector_search.entries"
    " WHERE business_id = :business GROUP BY place"
)
ONE = text(
    "SELECT vector::text FROM plugin_vector_search.entries WHERE thing_id = :thing"
    " AND business_id = :business"
)


def by() -> Actor:
    return Actor("plugin", user_id=None, role="owner", label="vector_search")


def fill(shop: Any, many: int = MANY) -> None:
    """Made-up texts, besides what a worker read."""
    shop.add("Door hinge")
    shop.work()
    given = {"business": shop.business_id, "model": MODEL, "many": many}
    db.session.execute(SOME, given)
    db.session.commit()


def places(shop: Any) -> dict[int | None, int]:
    return {row[0]: row[1] for row in db.session.execute(PLACES, {"business": shop.business_id})}


def sought(shop: Any, number: int) -> str:
    given = {"thing": 1_000_000 + number, "business": shop.business_id}
    return str(db.session.scalar(ONE, given))


def nearest(shop: Any) -> list[list[SearchHit]]:
    return [
        finding._nearest(MODEL, KIND, sought(shop, number), 10) for number in range(1, MANY, 60)
    ]


def plan(vector: str, place: int) -> str:
    """How PostgreSQL does it for the login of the application, as often as a session may ask."""
    db.session.execute(finding._PLAN)
    db.session.execute(finding._SORTING, {"sorting": "off"})
    query = finding._asked(MODEL, KIND, finding.Vector(384), vector, 10, place)
    compiled = query.compile(db.engine)
    told = db.session.connection().exec_driver_sql(
        f"EXPLAIN {compiled}", compiled.construct_params()
    )
    return "\n".join(row[0] for row in told)


def test_the_index_is_used_and_finds_what_comparing_all_does(shop: Any) -> None:
    fill(shop)
    exact = nearest(shop)
    moved = list(near.settle(by(), MODEL, 384, KIND, least=1_000))
    place = near.place_of(MODEL, KIND)
    assert place is not None
    assert places(shop) == {place: sum(moved)} == {place: MANY + 1}
    for _time in range(8):  # past the fifth, when a driver prepares and may plan for all at once
        assert f"entries_near_{place}" in plan(sought(shop, 7), place)
    found = nearest(shop)
    same = sum(
        len({hit.id for hit in one} & {hit.id for hit in other})
        for one, other in zip(exact, found, strict=True)
    )
    assert same >= 0.97 * 10 * len(exact)
    assert all(len(each) == 10 for each in found), "row level security took some away"


def test_on_the_way_nothing_is_missing(shop: Any) -> None:
    fill(shop, 300)
    before = finding._nearest(MODEL, KIND, sought(shop, 11), 10)
    steps = near.settle(by(), MODEL, 384, KIND, least=100)
    next(steps)
    place = near.place_of(MODEL, KIND)
    assert places(shop) == {place: near.STEP, None: 301 - near.STEP}
    assert finding._nearest(MODEL, KIND, sought(shop, 11), 10) == before
    steps.close()
    assert sum(near.settle(by(), MODEL, 384, KIND, least=100)) == 301 - near.STEP
    assert places(shop) == {place: 301}
    shop.add("Gate hinge")
    shop.work()
    assert places(shop) == {place: 302}, "what is new goes there at once"


def test_each_business_has_a_place_of_its_own(opened: Callable[[], Any]) -> None:
    taken = []
    for made in (opened(), opened()):
        with businesses.enter_business(made.business_id):
            fill(made, 150)
            list(near.settle(by(), MODEL, 384, KIND, least=100))
            taken.append(near.place_of(MODEL, KIND))
            assert near.place_of(MODEL, "client") is None
            hits = finding._nearest(MODEL, KIND, sought(made, 3), 10)
            assert hits[0].id == 1_000_003
    assert None not in taken
    assert taken[0] != taken[1]


@pytest.mark.parametrize("dimension", [1536, 3072])
def test_longer_vectors_have_places_too(shop: Any, dimension: int) -> None:
    model = f"made-up-{dimension}"
    vector = "[" + ",".join(["0.5"] * dimension) + "]"
    statement = text(
        "INSERT INTO plugin_vector_search.entries"
        " (business_id, model, kind, thing_id, digest, vector)"
        " SELECT :business, :model, 'client', n, '', cast(:vector AS vector)"
        " FROM generate_series(1, 3) n"
    )
    db.session.execute(statement, {"business": shop.business_id, "model": model, "vector": vector})
    db.session.commit()
    assert list(near.settle(by(), model, dimension, "client", least=2)) == [3]
    place = near.place_of(model, "client")
    assert place in near.PLACES[dimension]
    assert len(finding._nearest(model, "client", vector, 2)) == 2
    assert list(near.settle(by(), "of another length", 7, "client", least=-1)) == []


def test_the_task_makes_it_and_another_model_takes_over(shop: Any, service: Any) -> None:
    plugins.change(name="vector_search", settings={"approximate_from": 100}, by=BY)
    db.session.execute(PRODUCTS, {"business": shop.business_id, "many": 104})
    db.session.commit()
    assert build(shop).state == "done"
    place = near.place_of(MODEL, KIND)
    assert places(shop) == {place: 104}
    assert len(shop.found("hinge")) == 10
    settings = {"embedder": "openai-small", "key": "sk-test-key", "approximate_from": 100}
    plugins.change(name="vector_search", settings=settings, by=BY)
    service.status = 503
    index.build(host.current().context("vector_search", shop.business_id))
    shop.work()
    assert len(shop.found("hinge")) == 10, "the old index answers meanwhile"
    service.status = 200
    again(shop)
    state = index.serving()
    assert state is not None
    assert (state.model, state.building) == ("text-embedding-3-small", None)
    assert near.place_of(MODEL, KIND) is None, "the place is free for others"
    found = near.place_of("text-embedding-3-small", KIND)
    assert places(shop) == {found: 104}
    assert found in near.PLACES[1536]
    assert len(shop.found("hinge")) == 10


def again(shop: Any) -> None:
    """The owner stops what does not get on, and has it done anew."""
    state = index.serving()
    assert state is not None
    assert state.model == MODEL
    task_id = state.task_id
    if task_id is not None and not tasks.get(task_id=task_id).is_over:
        tasks.stop(task_id=task_id, by=BY)
    build(shop)


def build(shop: Any) -> tasks.TaskSnapshot:
    task_id = index.build(host.current().context("vector_search", shop.business_id))
    shop.work()
    return tasks.get(task_id=task_id)
