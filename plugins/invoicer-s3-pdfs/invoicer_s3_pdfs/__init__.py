"""S3 documents: a plugin for Invoicer."""

from collections.abc import Iterable

from invoicer_core.plugin import Command, DocumentStore, HealthCheck, Plugin, hookimpl
from invoicer_s3_pdfs.health import check
from invoicer_s3_pdfs.lifecycle import lifecycle
from invoicer_s3_pdfs.settings import S3Settings
from invoicer_s3_pdfs.store import delete, get, put, url


class S3PdfsPlugin(Plugin):
    """Documents and files in S3 or a store that speaks its protocol."""

    name, title, settings = "s3_pdfs", "S3 documents", S3Settings

    @hookimpl
    def document_stores(self) -> Iterable[DocumentStore]:
        """The store ``s3``: documents as well as uploaded files."""
        yield DocumentStore("s3", put, get, url=url, delete=delete)

    @hookimpl
    def health_checks(self) -> Iterable[HealthCheck]:
        """Whether the bucket answers and is private."""
        yield HealthCheck("bucket", check)

    @hookimpl
    def commands(self) -> Iterable[Command]:
        """``invoicer plugins run s3_pdfs lifecycle``."""
        yield Command("lifecycle", lifecycle)
