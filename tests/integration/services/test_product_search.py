"""Products while somebody types: by their words first, then by what plugins find beyond them."""

from collections.abc import Iterable, Iterator, Sequence

import pytest
from flask import Flask
from sqlalchemy import text

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.models import db
from invoicer_core.plugin import Context, Plugin, SearchBackend, SearchHit, hookimpl
from invoicer_core.services import businesses, plugins, products
from invoicer_core.services.products import product_search
from tests.factories import BY, make_business

found: dict[str, list[SearchHit]] = {}
LIKE = text(
    "SELECT id FROM products WHERE business_id = :business"
    " AND word_similarity(lower(:q), lower(sku || ' ' || name)) >= :least"
    " ORDER BY word_similarity(lower(:q), lower(sku || ' ' || name)) DESC, id DESC"
)


def by_meaning(ctx: Context, kind: str, query: str, limit: int) -> Sequence[SearchHit]:
    if query in ("breaks", "chaor"):
        raise RuntimeError("no model")
    return found.get(query, [])


class Meaning(Plugin):
    """Finds by meaning."""

    name, api = "meaning", 1

    @hookimpl
    def search_backends(self) -> Iterable[SearchBackend]:
        yield SearchBackend("meaning", "By meaning", by_meaning)


@pytest.fixture(scope="module")
def searching(config: Config) -> Flask:
    """An application with the plugin."""
    return create_app(config, plugins=[Meaning])


@pytest.fixture
def catalogue(searching: Flask) -> Iterator[dict[str, int]]:
    """Three products by name, in a business that searches by meaning."""
    with searching.app_context():
        business_id = make_business()
        with businesses.enter_business(business_id):
            plugins.change(name="meaning", enabled=True, by=BY)
            names = ("Oak table", "Oak oil", "Deck chair")
            yield {
                name: products.create(fields={"name": name, "unit_price": 10}, by=BY).id
                for name in names
            }


def names(q: str, limit: int = 8) -> list[str]:
    return [each.name for each in product_search.suggest(q=q, limit=limit).items]


def test_words_come_before_meaning_and_nothing_comes_twice(catalogue: dict[str, int]) -> None:
    found["oak"] = [
        SearchHit(catalogue["Deck chair"], 0.6), SearchHit(catalogue["Oak table"], 0.9),
    ]  # fmt: skip
    assert sorted(names("oak")[:2]) == ["Oak oil", "Oak table"]
    assert names("oak")[2:] == ["Deck chair"]
    assert len(names("oak", limit=2)) == 2


def test_meaning_finds_what_no_word_finds(catalogue: dict[str, int]) -> None:
    found["seat for the garden"] = [
        SearchHit(catalogue["Oak oil"], 0.1), SearchHit(catalogue["Deck chair"], 0.8),
        SearchHit(catalogue["Deck chair"] + 1000, 0.7),
    ]  # fmt: skip
    assert names("seat for the garden") == ["Deck chair"]


def test_a_search_that_fails_leaves_the_words(catalogue: dict[str, int]) -> None:
    products.create(fields={"name": "Breaks on time", "unit_price": 1}, by=BY)
    found = product_search.suggest(q="breaks", limit=5)
    assert [each.name for each in found.items] == ["Breaks on time"]
    assert (found.wanted, found.mode) == ("hybrid", "text"), "it has to be said"
    assert product_search.suggest(q="oak", limit=5).mode == "hybrid"


def test_letters_that_are_only_somewhat_alike_do_not_push_meaning_aside(
    catalogue: dict[str, int],
) -> None:
    found["tabel"] = [SearchHit(catalogue["Deck chair"], 0.6)]
    assert [each.name for each in products.search(q="tabel")] == ["Oak table"]
    assert names("tabel") == ["Deck chair"]
    assert names("tablee") == ["Oak table"], "a mistyped word is found beside meaning as well"
    assert names("chaor") == ["Deck chair"], "nothing but letters finds it: they are forgiven more"


@pytest.mark.parametrize("least", [products.FUZZY, products.MISTYPED])
def test_the_index_finds_whatever_is_so_like(searching: Flask, least: float) -> None:
    called = (
        "Wi-Fi router",
        "ÉCLAIR",
        "Bügeleisen",
        "M10x50 bolt",
        "Pen",
        "A",
        "50% off_cut",
        "螺栓",
    )
    sought = (
        *called,
        "wi fi ruter",
        "eclair",
        "Bugeleisen",
        "bolt m10",
        "pne",
        "of cut",
        "螺",
        "50%",
    )
    with searching.app_context(), businesses.enter_business(make_business()):
        for name in called:
            products.create(fields={"name": name, "sku": f"N-{name}", "unit_price": 1}, by=BY)
        for q in sought:
            given = {"q": q, "least": least, "business": businesses.current().id}
            every = list(db.session.scalars(LIKE, given))
            assert products.alike(q=q, least=least) == every, q


@pytest.mark.parametrize("q", ["", "o", "%", "  "])
def test_too_little_is_not_searched_for(catalogue: dict[str, int], q: str) -> None:
    assert names(q) == []
