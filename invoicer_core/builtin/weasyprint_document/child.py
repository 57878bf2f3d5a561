"""The process that lays out pages: little memory and time, no network, no environment.

Started by its path as a script, so that it loads WeasyPrint and nothing of the application; this
file itself needs only the standard library, so that the other side can import the protocol. It
answers one request at a time on the socket it inherits and ends when the other side is gone.

A frame, either way: 4 bytes ``IPDF``, two unsigned 32-bit lengths, a JSON header, a body of bytes.
The body of a question holds the HTML, the assets and the attachments, one after the other.
"""

import ctypes
import gc
import importlib.util
import io
import json
import os
import resource
import select
import socket
import struct
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

FRAME = struct.Struct(">4sII")
MAGIC = b"IPDF"
MAX_FRAME = 64 * 1024 * 1024
CPU_SECONDS = 20
ADDRESS_SPACE = 1024 * 1024 * 1024
IDLE_SECONDS = 300.0

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


class Closed(Exception):
    """The other side has gone, or does not speak this protocol."""


class Stream(Protocol):
    """The two operations of a socket that frames need."""

    def sendall(self, data: bytes, /) -> None:
        """Send all of it."""

    def recv(self, size: int, /) -> bytes:
        """Receive some of it, nothing at the end."""


def send_frame(connection: Stream, header: Mapping[str, Any], body: bytes = b"") -> None:
    """Raises OSError when the other side is gone."""
    head = json.dumps(header).encode()
    connection.sendall(FRAME.pack(MAGIC, len(head), len(body)) + head + body)


def receive_frame(connection: Stream) -> tuple[dict[str, Any], bytes]:
    """Raises Closed at the end or on foreign bytes, TimeoutError when nothing comes."""
    magic, head, body = FRAME.unpack(_exactly(connection, FRAME.size))
    if magic != MAGIC or head + body > MAX_FRAME:
        raise Closed("Not a frame")
    return json.loads(_exactly(connection, head)), _exactly(connection, body)


def _exactly(connection: Stream, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = connection.recv(min(size - len(data), 1 << 20))
        if not part:
            raise Closed("The connection ended")
        data += part
    return bytes(data)


class Typesetter(Protocol):
    """What the child runs; see ``typesetter.py``."""

    def pdf(
        self,
        html: str,
        assets: Mapping[str, bytes],
        attachments: Sequence[tuple[Mapping[str, str], bytes]] = (),
        xmp: str | None = None,
    ) -> tuple[bytes, list[str]]:
        """The file, and the characters that no font has."""


def _answer(connection: socket.socket, typesetter: Typesetter) -> None:
    header, body = receive_frame(connection)
    allow_cpu(header["cpu_seconds"])
    reply: dict[str, Any] = {"id": header["id"]}
    pdf = b""
    try:
        source = io.BytesIO(body)
        pdf, lacking = typesetter.pdf(
            source.read(header["html"]).decode(),
            {name: source.read(size) for name, size in header["assets"]},
            [(about, source.read(about["size"])) for about in header["attachments"]],
            header["xmp"],
        )
        reply["lacking"] = lacking
    except (Exception, MemoryError) as error:  # noqa: BLE001 - told to the other side, which raises
        reply["error"] = f"{type(error).__name__}: {error}"[:500]
    send_frame(connection, reply, pdf)


def allow_cpu(seconds: float) -> None:
    """From now on; the kernel ends the process when they are used up."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(spent.ru_utime + spent.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def confine(address_space: int) -> bool:
    """Limit memory, files and core dumps. True if the network could be taken away as well, which
    needs unprivileged user namespaces."""
    resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FRAME, MAX_FRAME))
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    libc = ctypes.CDLL(None, use_errno=True)
    return any(
        libc.unshare(flags) == 0 for flags in (_CLONE_NEWUSER | _CLONE_NEWNET, _CLONE_NEWNET)
    )


def _return_memory() -> None:
    """What a long document needed goes back to the machine (glibc only)."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


def _end_with(connection: socket.socket) -> None:
    """Leave at once, also in the middle of a page, when the other side is gone."""
    poll = select.poll()
    poll.register(connection, 0)  # hang-up is always reported
    poll.poll()
    os._exit(0)


def _load_typesetter(folder: Path) -> Typesetter:
    """By path: as part of its package it would bring the whole application along."""
    spec = importlib.util.spec_from_file_location("typesetter", folder / "typesetter.py")
    if spec is None or spec.loader is None:
        raise ImportError("typesetter.py is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: Typesetter = module.Typesetter(folder / "style.css")
    return made


def main(descriptor: int, address_space: int, idle_seconds: float) -> None:
    """Serve the socket until nobody asks for a while."""
    connection = socket.socket(fileno=descriptor)
    offline = confine(address_space)
    typesetter = _load_typesetter(Path(__file__).parent)
    threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
    send_frame(connection, {"id": "ready", "offline": offline})
    # Garbage is collected between the pages, not in them: that saves a tenth of the time.
    gc.freeze()
    gc.disable()
    while select.select([connection], [], [], idle_seconds)[0]:
        try:
            _answer(connection, typesetter)
        except Closed:
            return
        gc.collect()
        _return_memory()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
