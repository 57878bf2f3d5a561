"""The rooms of this process, and the shortest way from a room to its sockets.

A message for five hundred sockets is one frame of bytes, the same for all. The library would queue
it, wake a task and build the frame anew for each socket, which takes about three times as long.
"""

import os
import socket
from collections.abc import Iterator, Mapping
from logging import getLogger
from typing import Any, Final

from engineio.packet import MESSAGE
from engineio.packet import Packet as Carrier
from socketio import Manager, RedisManager
from socketio.packet import EVENT

from invoicer_core.jobs.announce import addressed

_WHOLE_TEXT: Final = 0x81
_SHORT, _MIDDLE = 126, 1 << 16

log: Final = getLogger(__name__)


def frame_of(text: str) -> bytes:
    """A whole text as one websocket frame of a server [RFC 6455, 5.2]; uncompressed, which is
    allowed at any time [RFC 7692, 6]."""
    data = text.encode()
    size = len(data)
    if size < _SHORT:
        return bytes((_WHOLE_TEXT, size)) + data
    if size < _MIDDLE:
        return bytes((_WHOLE_TEXT, 126)) + size.to_bytes(2, "big") + data
    return bytes((_WHOLE_TEXT, 127)) + size.to_bytes(8, "big") + data


class Direct(Manager):  # type: ignore[misc]  # the library has no types
    """Writes to the connections itself, wherever nothing waits for one of them already."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.lines: dict[str, socket.socket] = {}

    def note_line(self, eio_sid: str, environ: Mapping[str, Any]) -> None:
        """Remember the connection below a socket, where it is a plain one (no TLS of our own)."""
        line = environ.get("gunicorn.socket")
        if type(line) is socket.socket:
            self.lines[eio_sid] = line

    def forget_lines(self) -> None:
        """Let go of connections that ended."""
        for eio_sid in self.lines.keys() - self.server.eio.sockets.keys():
            del self.lines[eio_sid]

    def emit(
        self, event: str, data: Any, namespace: str, room: Any = None, skip_sid: Any = None,
        callback: Any = None, to: Any = None, **others: Any,
    ) -> None:  # fmt: skip
        """As the library's: the same packets to the same sockets."""
        values = [*data] if isinstance(data, tuple) else [] if data is None else [data]
        packet = self.server.packet_class(EVENT, namespace=namespace, data=[event, *values])
        text = None if callback or skip_sid or namespace not in self.rooms else packet.encode()
        if not isinstance(text, str):
            super().emit(event, data, namespace, room, skip_sid, callback, to, **others)
            return
        carrier = Carrier(MESSAGE, text)
        frame = frame_of(carrier.encode())
        for _, eio_sid in self.get_participants(namespace, to or room):
            if not self._written(eio_sid, frame):
                self.server.eio.send_packet(eio_sid, carrier)

    def _written(self, eio_sid: str, frame: bytes) -> bool:
        """Whether the frame needs no queue: it was taken, or there is nobody to take it."""
        line, waiting = self.lines.get(eio_sid), self.server.eio.sockets.get(eio_sid)
        if line is None or waiting is None or not waiting.queue.empty():
            return False
        try:
            taken = os.write(line.fileno(), frame)
        except OSError:  # full, or just gone
            return False
        if taken < len(frame):
            # It has not read for megabytes. What follows would begin in the middle of this frame;
            # a page that comes back asks what it missed.
            log.info("a socket that does not read is closed")
            line.shutdown(socket.SHUT_RDWR)
        return True


class Rooms(RedisManager, Direct):  # type: ignore[misc]  # the library has no types
    """What is for rooms with nobody in them is dropped unread: at hundreds of events a second,
    reading would take more time than serving does."""

    def _listen(self) -> Iterator[bytes]:
        for message in super()._listen():
            found = addressed(message)
            if found is None:
                yield message
            elif any(room in self.rooms.get("/", ()) for room in found[0]):
                yield found[1]
