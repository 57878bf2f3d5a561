"""Turns what a view returns into an answer: JSON by the one codec, page headers, ETag, Location."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from flask import Request

from invoicer_core.domain.snapshots import Page
from invoicer_core.hooks import codec
from invoicer_core.services.idempotency import Answer

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Binary:
    """Bytes as they are: a PDF, a file. Sent as an attachment, never shown inline by a browser."""

    data: bytes
    media_type: str
    filename: str


@dataclass(frozen=True, slots=True)
class WithHeaders:
    """A value with headers of its own."""

    value: Any
    headers: Mapping[str, str]


def made(value: Any, status: int, location: str | None, request: Request) -> Answer:
    """The answer to a request.

    Args:
        value: a snapshot, a list of them, a `Page`, `Binary`, or None for nothing.
        location: where the new thing is, a pattern such as ``/clients/{id}``.
    """
    headers: dict[str, str] = {}
    if isinstance(value, WithHeaders):
        headers.update(value.headers)
        value = value.value
    if value is None:
        return Answer(204 if status == 200 else status, headers, b"")
    if isinstance(value, Binary):
        headers["Content-Type"] = value.media_type
        headers["Content-Disposition"] = _attachment(value.filename)
        return Answer(status, headers, value.data)
    if isinstance(value, Page):
        headers.update(_page_headers(value, request))
        value = value.items
    version = getattr(value, "version", None)
    if type(version) is int and version > 0:
        headers["ETag"] = f'"{version}"'
    if location is not None:
        headers["Location"] = location.format(id=getattr(value, "id", ""))
    headers["Content-Type"] = JSON
    return Answer(status, headers, codec.dumps(value).encode())


def _page_headers(page: Page[Any], request: Request) -> dict[str, str]:
    """RFC 8288 links; relative, so that they are right behind any proxy."""
    headers = {}
    if page.total is not None:
        headers["X-Total-Count"] = str(page.total)
    query = {name: value for name, value in request.args.items() if name != "cursor"}
    first = f'<{request.path}{"?" + urlencode(query) if query else ""}>; rel="first"'
    if page.next_cursor is None:
        headers["Link"] = first
    else:
        following = urlencode({**query, "cursor": page.next_cursor})
        headers["Link"] = f'{first}, <{request.path}?{following}>; rel="next"'
    return headers


def _attachment(filename: str) -> str:
    """RFC 6266: a plain name for old clients, the full one beside it."""
    plain = "".join(
        sign if sign.isascii() and (sign.isalnum() or sign in "-_. ") else "_" for sign in filename
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename)}"
