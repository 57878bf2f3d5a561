"""How the OpenAI models are reached: at the address that was checked, not by redirect, and for no
more bytes and seconds than were meant."""

import time
from collections.abc import Iterator
from typing import Final

import httpx2 as httpx

MOST_BYTES: Final = 16 * 1024 * 1024
CONNECT: Final = 5.0


class _Bounded(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, until: float) -> None:
        self._stream, self._until = stream, until

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if size > MOST_BYTES or time.monotonic() > self._until:
                raise httpx.ReadError("the answer is too large, or takes too long")
            yield chunk

    def close(self) -> None:
        self._stream.close()


class _Transport(httpx.HTTPTransport):
    def __init__(self, seconds: float, address: str | None) -> None:
        super().__init__(retries=0)
        self._until, self._address = time.monotonic() + seconds, address

    def handle_request(self, request: httpx.Request) -> httpx.Response:
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


def client(seconds: float, address: str | None) -> httpx.Client:
    """For one request.

    Args:
        address: numeric, what the host's name was seen to stand for; TLS is for the name.
    """
    limits = httpx.Timeout(seconds, connect=min(CONNECT, seconds))
    return httpx.Client(
        transport=_Transport(seconds, address), timeout=limits, follow_redirects=False
    )
