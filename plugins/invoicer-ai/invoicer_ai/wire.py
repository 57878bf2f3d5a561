"""How answers of a model come in: bounded in bytes and in time as a whole, not by redirect, and
from the very machine whose address was checked."""

import time
from collections.abc import Iterator
from typing import Final

import httpx2 as httpx

MOST_BYTES: Final = 30_000_000
"""A picture in base64 has some millions."""
CONNECT: Final = 5.0


class _Bounded(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, until: float) -> None:
        self._stream, self._until = stream, until

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if size > MOST_BYTES:
                raise httpx.ReadError("the answer is too large")
            if time.monotonic() > self._until:
                raise httpx.ReadTimeout("the answer takes too long")
            yield chunk

    def close(self) -> None:
        self._stream.close()


class Transport(httpx.HTTPTransport):
    """As ever, with an end: a service that sends a byte a second is cut off, too.

    Args:
        address: numeric, what the host's name was seen to stand for; TLS is for the name.
    """

    def __init__(self, seconds: float, address: str | None = None) -> None:
        super().__init__(retries=0)
        self._until, self._address = time.monotonic() + seconds, address

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, with a bounded body."""
        answer = super().handle_request(self._pinned(request))
        if isinstance(answer.stream, httpx.SyncByteStream):
            answer.stream = _Bounded(answer.stream, self._until)
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


def client(seconds: float, address: str | None = None) -> httpx.Client:
    """For one call and its tries, ``seconds`` long together."""
    limits = httpx.Timeout(seconds, connect=min(CONNECT, seconds))
    return httpx.Client(
        transport=Transport(seconds, address), timeout=limits, follow_redirects=False
    )
