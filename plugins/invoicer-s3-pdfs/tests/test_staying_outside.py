"""A business cannot have the bucket's client call our own network."""

from collections.abc import Iterator
from typing import ClassVar

import pytest
from invoicer_s3_pdfs import S3PdfsPlugin, connecting, store
from invoicer_s3_pdfs.settings import ENDPOINT_ENV

from invoicer_core.plugin import Secret
from tests.inside import StaysOutside, context


class TestBucket(StaysOutside):
    env: ClassVar[str] = ENDPOINT_ENV

    @pytest.fixture(autouse=True)
    def forgetful(self) -> Iterator[None]:
        """Clients are kept by their settings, which tests share."""
        yield
        connecting._client.cache_clear()

    def call(self, address: str) -> None:
        ctx = context(
            S3PdfsPlugin, bucket="papers", access_key="AKIA0", secret_key=Secret("x"),
            endpoint=address, path_style=True,
        )  # fmt: skip
        store.put(ctx, "business/1.pdf", b"%PDF", "application/pdf")
