"""A business cannot have the client of the OpenAI models call our own network."""

from typing import ClassVar

from invoicer_vector_search import VectorSearchPlugin, remote

from invoicer_core.plugin import Secret
from tests.inside import StaysOutside, context


class TestModels(StaysOutside):
    env: ClassVar[str] = "VECTOR_SEARCH_OPENAI_BASE_URL"

    def call(self, address: str) -> None:
        ctx = context(VectorSearchPlugin, key=Secret("sk-test-key"), base_url=address)
        remote.embed("text-embedding-3-small", ctx, ["nail"])
