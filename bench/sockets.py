"""Many Socket.IO clients in one process, which do as little as they can: note when messages came.

They speak websocket frames themselves, so that five hundred of them take little of the processor
that the server needs. Started by ``bench.live``: one line of JSON in (port, seats), ``ready`` out;
a second line ends it, and what was heard comes out as JSON: for each issued invoice the instants
(Unix time) at which its message was read.
"""

import json
import os
import selectors
import socket
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

TEXT, CLOSE = 1, 8
SHAKE: Final = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


class Client:
    """One connection, signed in."""

    def __init__(self, port: int, seat: dict[str, Any]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.rest = b""
        self.heard: list[tuple[float, bytes]] = []
        self.socket.sendall(SHAKE.format(port=port).encode())
        while b"\r\n\r\n" not in self.rest:
            self.rest += self._read()
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        if b" 101 " not in head:
            raise ConnectionError(head.decode())
        self._await(b"0")
        self.send(b"40" + json.dumps(seat).encode())
        self._await(b"40")

    def send(self, text: bytes) -> None:
        """One masked text frame; the mask is zero, which leaves the text as it is."""
        size = len(text)
        length = bytes([128 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        self.socket.sendall(bytes([128 | TEXT]) + length + bytes(4) + text)

    def take(self) -> None:
        """Read what is there; note messages, answer pings."""
        self.rest += self._read()
        now = time.time()
        for kind, text in self._frames():
            if kind == CLOSE:
                raise ConnectionError("the server closed a socket")
            if text == b"2":
                self.send(b"3")
            elif text.startswith(b'42["invoice"'):
                self.heard.append((now, text))

    def _await(self, start: bytes) -> None:
        while True:
            for _, text in self._frames():
                if text.startswith(b"44"):
                    raise ConnectionError(text.decode())
                if text.startswith(start):
                    return
            self.rest += self._read()

    def _read(self) -> bytes:
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError("the server closed a socket")
        return data

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        """Whole frames of what was read; a server masks nothing and splits nothing."""
        while len(self.rest) >= 2:
            size, at = self.rest[1] & 127, 2
            if size > 125:
                at = 4 if size == 126 else 10
                if len(self.rest) < at:
                    return
                size = int.from_bytes(self.rest[2:at], "big")
            if len(self.rest) < at + size:
                return
            kind, text = self.rest[0] & 15, self.rest[at : at + size]
            self.rest = self.rest[at + size :]
            yield kind, text


def listen(clients: list[Client]) -> None:
    """Until something comes on standard input."""
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
        selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.data is None:
                    return
                key.data.take()


def issued(clients: list[Client]) -> dict[int, list[float]]:
    """When each client read that an invoice was issued."""
    parsed: dict[bytes, int | None] = {}
    found: dict[int, list[float]] = defaultdict(list)
    for client in clients:
        for instant, text in client.heard:
            if text not in parsed:
                _, message = json.loads(text[2:])
                wanted = message["eventType"] == "INVOICE_SENT"
                parsed[text] = message["invoice"]["id"] if wanted else None
            invoice = parsed[text]
            if invoice is not None:
                found[invoice].append(instant)
    return found


def main() -> None:
    """Connect, listen, tell."""
    with open(0, "rb", buffering=0, closefd=False) as orders:  # the selector must see the rest
        given = json.loads(orders.readline())
    clients = [Client(given["port"], seat) for seat in given["seats"]]
    print("ready", flush=True)
    listen(clients)
    print(json.dumps(issued(clients)), flush=True)
    os._exit(0)  # five hundred closing handshakes are not part of this


if __name__ == "__main__":
    main()
