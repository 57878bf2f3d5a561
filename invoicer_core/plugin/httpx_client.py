"""A client for services that are called through httpx: bounded in bytes and in time as a whole, not
led elsewhere by redirects, and connected to the very machine whose address was checked.

Needs the package httpx2, which the core does without: a plugin that imports this module requires
``invoicer[httpx]``.
"""

import time
from collections.abc import Iterator
from typing import Final

import httpx2 as httpx

__all__ = ["client"]

CONNECT: Final = 5.0
"""Seconds at most until the connection is there."""


def client(seconds: float, address: str | None, most_bytes: int) -> httpx.Client:
    """For one call and its tries, ``seconds`` long together.

    Args:
        address: numeric, what the host's name was seen to stand for (``outside.pinned``); TLS and
            the header Host are for the name. None: connect as named.
        most_bytes: how long an answer may be, as it comes in.

    An answer that is too long ends with ``httpx2.ReadError``, one that takes too long with
    ``httpx2.ReadTimeout``: also that of a service which sends a byte a second.
    """
    limits = httpx.Timeout(seconds, connect=min(CONNECT, seconds))
    transport = _Transport(time.monotonic() + seconds, address, most_bytes)
    return httpx.Client(transport=transport, timeout=limits, follow_redirects=False)


class _Bounded(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, until: float, most_bytes: int) -> None:
        self._stream, self._until, self._most_bytes = stream, until, most_bytes

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if size > self._most_bytes:
                raise httpx.ReadError("the answer is too large")
            if time.monotonic() > self._until:
                raise httpx.ReadTimeout("the answer takes too long")
            yield chunk

    def close(self) -> None:
        self._stream.close()


class _Transport(httpx.HTTPTransport):
    def __init__(self, until: float, address: str | None, most_bytes: int) -> None:
        super().__init__(retries=0)
        self._until, self._address, self._most_bytes = until, address, most_bytes

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(self._pinned(request))
        if isinstance(answer.stream, httpx.SyncByteStream):
            answer.stream = _Bounded(answer.stream, self._until, self._most_bytes)
        return answer

    def _pinned(self, request: httpx.Request) -> httpx.Request:
        if self._address is None:
            return request
        return httpx.Request(
            request.method,
            request.url.copy_with(host=self._address),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )
