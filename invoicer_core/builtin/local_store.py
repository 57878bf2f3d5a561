"""Documents in the data folder: the store that is always there."""

import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from invoicer_core.plugin import (
    Context,
    DocumentStore,
    Health,
    HealthCheck,
    Plugin,
    data_folder,
    hookimpl,
)

FOLDER: Final = "documents"
_KEY: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_LONGEST: Final = 400


class LocalStorePlugin(Plugin):
    """Keeps documents on this machine, in the data folder."""

    name = "local_store"
    title = "Documents on this machine"
    default_on = True

    @hookimpl
    def document_stores(self) -> Iterable[DocumentStore]:
        """The folder ``documents`` below ``INVOICER_DATA``."""
        yield DocumentStore("local", put, get, delete=delete)

    @hookimpl
    def health_checks(self) -> Iterable[HealthCheck]:
        """Whether the folder can be written."""
        yield HealthCheck("folder", check)


def put(ctx: Context, key: str, data: bytes, media_type: str) -> None:  # noqa: ARG001
    """Store the bytes: whole under their name, or not at all, whatever dies meanwhile.

    Raises:
        ValueError: the key is not one of ours.
        OSError: the disk is full or not writable.
    """
    path = _path(key)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    _sync_folder(path.parent)


def get(ctx: Context, key: str) -> bytes:  # noqa: ARG001
    """The stored bytes. Raises KeyError when there are none."""
    try:
        return _path(key).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as missing:
        raise KeyError(key) from missing


def delete(ctx: Context, key: str) -> None:  # noqa: ARG001
    """Forget a key; no error when it is not there."""
    _path(key).unlink(missing_ok=True)


def check(ctx: Context) -> Health:  # noqa: ARG001 - the same for every business
    """Whether documents can be written."""
    folder = data_folder() / FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        return Health(False, f"{folder} cannot be made: {error.strerror}")
    writable = os.access(folder, os.W_OK)
    return Health(writable, "" if writable else f"{folder} cannot be written.")


def _path(key: str) -> Path:
    """Where a key lies; a key that would lead anywhere else is refused before it is joined."""
    if len(key) > _LONGEST or not _KEY.fullmatch(key) or ".." in key:
        raise ValueError(f"{key!r} is no key of a document")
    root = (data_folder() / FOLDER).resolve()
    path = (root / key).resolve()
    if not path.is_relative_to(root):
        raise ValueError(f"{key!r} leads out of the folder")
    return path


def _sync_folder(folder: Path) -> None:
    """The new name itself must survive a power cut, not only the bytes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
