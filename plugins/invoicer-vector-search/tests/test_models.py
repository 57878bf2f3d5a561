"""The local model itself, another model beside it, and OpenAI's way of answering."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from invoicer_vector_search import VectorSearchPlugin, embedding, index
from invoicer_vector_search.minilm import DIMENSION, MiniLM

from invoicer_core import host
from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.hooks.answers import PermanentFailure, RetryLater
from invoicer_core.plugin.testing import offline_context
from invoicer_core.services import businesses, plugins, tasks
from tests.factories import BY, make_business
from tests.peers.aimock import AiMock, aimock_peer, is_installed, problem, why_unchecked

THREE = ("The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium.")


def use(shop: Any, service: Any) -> None:
    """Choose the small model, answered by the service."""
    settings = {"embedder": "openai-small", "key": "sk-test-key"}
    plugins.change(name="vector_search", settings=settings, by=BY)
    shop.work()


def test_the_model_agrees_with_its_published_figures() -> None:
    vectors = np.array(MiniLM().embed(THREE))
    likeness = vectors @ vectors.T
    assert vectors.shape == (3, DIMENSION)
    assert [round(float(likeness[pair]), 4) for pair in ((0, 1), (0, 2), (1, 2))] == [
        0.6660, 0.1046, 0.1411,
    ]  # fmt: skip


def test_a_text_has_the_same_vector_alone_and_in_a_batch() -> None:
    model = MiniLM()
    texts = ["bolt", "a much longer text about garden chairs and tables", "", "ß 螺栓 🔩" * 200]
    batch, alone = model.embed(texts), [model.embed([each])[0] for each in texts]
    assert np.allclose(batch, alone, atol=1e-5)
    assert np.allclose(np.linalg.norm(np.array(batch), axis=1), 1)


def test_another_model_takes_over_when_it_has_read_everything(shop: Any, service: Any) -> None:
    made = {shop.add("Steel nail"), shop.add("Oak table")}
    shop.work()
    service.status = 500
    use(shop, service)
    state = index.serving()
    assert state is None or state.model == embedding.LOCAL_MODEL
    index.ensure(host.current().context("vector_search", shop.business_id))
    assert shop.found("hammer it in")[0] in made, "the old model answers meanwhile"
    service.status = 200
    again(shop)
    assert {(row.thing_id, row.model) for row in shop.entries()} == {
        (each, "text-embedding-3-small") for each in made
    }
    assert service.asked[-1]["path"] == "/v1/embeddings"
    assert service.keys[-1] == "Bearer sk-test-key"


def again(shop: Any) -> None:
    """The owner asks for the index anew, and a worker builds it."""
    state = index.serving()
    assert state is not None
    task_id = state.task_id
    if task_id is not None and not tasks.get(task_id=task_id).is_over:
        tasks.stop(task_id=task_id, by=BY)
    ctx = host.current().context("vector_search", shop.business_id)
    index.build(ctx)
    shop.work()


def test_a_model_that_fails_leaves_the_words(shop: Any, service: Any) -> None:
    made = shop.add("Steel nail")
    use(shop, service)
    again(shop)
    service.status = 503
    assert shop.found("nail", "hybrid") == [made]
    assert shop.found("nail", "semantic") == []


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (429, "", RetryLater), (500, "", RetryLater), (401, "{}", PermanentFailure),
        (400, "{}", PermanentFailure), (302, "{}", PermanentFailure),
        (200, "no json", PermanentFailure), (200, '{"data": []}', PermanentFailure),
        (200, '{"data": [{"index": 0, "embedding": []}]}', PermanentFailure),
        (200, '{"data": [{"index": 0, "embedding": ["x"]}]}', PermanentFailure),
        (200, '{"data": 7}', PermanentFailure), (200, "[]", PermanentFailure),
    ],
)  # fmt: skip
def test_what_openai_may_answer(
    shop: Any, service: Any, status: int, body: str, expected: type[Exception]
) -> None:
    use(shop, service)
    service.status, service.body = status, body
    ctx = host.current().context("vector_search", shop.business_id)
    with pytest.raises(expected) as refused:
        embedding.openai("text-embedding-3-small", ctx, ["one"])
    assert "sk-test" not in str(refused.value)


@pytest.fixture(scope="module")
def independent() -> Iterator[AiMock]:
    """An AI service that others wrote."""
    with aimock_peer() as peer:
        yield peer


@pytest.mark.skipif(not is_installed(), reason="needs node and its packages: npm ci")
def test_an_independent_service_is_asked_as_openai_specifies(
    variables: dict[str, str], independent: AiMock
) -> None:
    given = {**variables, "VECTOR_SEARCH_OPENAI_BASE_URL": independent.url}
    app = create_app(Config.from_environ(given), plugins=[VectorSearchPlugin])
    with app.app_context(), businesses.enter_business(make_business()):
        settings = {"embedder": "openai-small", "key": "sk-test-key"}
        plugins.change(name="vector_search", enabled=True, settings=settings, by=BY)
        ctx = host.current().context("vector_search", businesses.current().id)
        one, two = embedding.openai("text-embedding-3-small", ctx, ["nail", "table"])
        assert len(one) == len(two) == 1536
        assert [one] == embedding.openai("text-embedding-3-small", ctx, ["nail"])
        assert one != two
        independent.misbehaves(rateLimitRate=1)
        with pytest.raises(RetryLater):
            embedding.openai("text-embedding-3-small", ctx, ["nail"])
    assert len(independent.asked("/embeddings")) == 3, "nobody tries again by itself"
    if not why_unchecked():
        assert [problem(each) for each in independent.asked()] == ["", "", ""]


def test_a_private_address_is_not_asked(shop: Any, service: Any) -> None:
    settings = {
        "embedder": "openai-small",
        "key": "sk-test-key",
        "base_url": "https://127.0.0.1/v1",
    }
    plugins.change(name="vector_search", settings=settings, by=BY)
    ctx = host.current().context("vector_search", shop.business_id)
    with pytest.raises(PermanentFailure, match="private network"):
        embedding.openai("text-embedding-3-small", ctx, ["one"])


def test_without_a_key_nobody_is_asked() -> None:
    with pytest.raises(PermanentFailure, match="Enter the key"):
        embedding.openai("x", offline_context(VectorSearchPlugin), ["one"])
