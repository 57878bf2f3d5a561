"""A wire between us and a server on a Unix socket, which a test can cut, clog and mend.

What a server does that restarts, hangs or is gone, without touching the one that others use.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final

PIECE: Final = 65536


class Wire:
    """Passes bytes on between ``path``, which it makes, and ``target``."""

    def __init__(self, path: Path, target: Path) -> None:
        self.path, self.target = path, target
        self._flows = Event()
        self._flows.set()
        self._lock = Lock()
        self._ends: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.came = 0
        """Connections so far."""

    def mend(self) -> None:
        """Let connections in, and let flow what was clogged."""
        self._flows.set()
        if self._listener is not None:
            return
        self.path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.path))
        self.path.chmod(0o777)
        listener.listen(64)
        self._listener = listener
        Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """Close every connection, and refuse new ones."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            self.path.unlink(missing_ok=True)
        self.drop()

    def drop(self) -> None:
        """Close every connection; new ones are let in."""
        with self._lock:
            ends, self._ends = self._ends, set()
        for end in ends:
            _close(end)

    def clog(self) -> None:
        """From now on nothing comes through, and nothing says so."""
        self._flows.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            self.came += 1
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(str(self.target))
            except OSError:
                _close(near)
                continue
            with self._lock:
                self._ends |= {near, far}
            for source, sink in ((near, far), (far, near)):
                Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while piece := source.recv(PIECE):
                self._flows.wait()
                sink.sendall(piece)
        except OSError:
            pass
        with self._lock:
            self._ends -= {source, sink}
        _close(source)
        _close(sink)


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def wire(path: Path, target: Path) -> Iterator[Wire]:
    """A wire that works; cut at the end."""
    made = Wire(path, target)
    made.mend()
    try:
        yield made
    finally:
        made.mend()
        made.cut()
