"""The one child process that renders, kept warm: started when needed, replaced when it fails."""

import itertools
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from invoicer_core.builtin.weasyprint_document import child
from invoicer_core.plugin import Attachment

_AT_ONCE = 0.3  # seconds
_CHILD = Path(__file__).with_name("child.py")


class RenderError(Exception):
    """The page could not be rendered: too slow, too large, or WeasyPrint refused it."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The file, and the characters no font had (printed as U+FFFD)."""

    pdf: bytes = field(repr=False)
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one page may cost. Seconds of wall clock and of processor, bytes of address space.
    After ``renders`` pages or ``idle_seconds`` without one, the child is replaced or ends."""

    wall_seconds: float = 30.0
    cpu_seconds: float = child.CPU_SECONDS
    address_space: int = child.ADDRESS_SPACE
    start_seconds: float = 30.0
    wait_seconds: float = 60.0
    renders: int = 250
    idle_seconds: float = child.IDLE_SECONDS


class Renderer:
    """Renders one page at a time; safe for threads, greenlets and forks."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._lock = threading.Lock()
        self._process: _Process | None = None
        forget = weakref.WeakMethod(self._forget)
        os.register_at_fork(after_in_child=lambda: (method := forget()) and method())

    def render(
        self,
        html: str,
        *,
        assets: Mapping[str, bytes] | None = None,
        attachments: tuple[Attachment, ...] = (),
        xmp: str | None = None,
    ) -> Rendered:
        """HTML of ``template.build_html`` to a tagged PDF/A-3b. ``xmp`` is a further RDF block.

        Raises:
            RenderError: limits exceeded, or the page cannot be laid out. The next call works.
        """
        header, body = _request(html, assets or {}, attachments, xmp, self.limits.cpu_seconds)
        if not self._lock.acquire(timeout=self.limits.wait_seconds):
            raise RenderError("The renderer is busy")
        try:
            return self._ask(header, body)
        finally:
            self._lock.release()

    def warm_up(self) -> None:
        """Start the child before it is needed."""
        with self._lock:
            self._ready()

    def close(self) -> None:
        """End the child. A later call starts another."""
        with self._lock:
            self._drop()

    @property
    def pid(self) -> int | None:
        """Of the child, None while there is none."""
        return self._process.pid if self._process else None

    def _ask(self, header: Mapping[str, Any], body: bytes) -> Rendered:
        process, start = self._ready(), time.monotonic()
        try:
            reply, pdf = process.ask(header, body, self.limits.wall_seconds)
        except (OSError, child.Closed, ValueError) as error:
            self._drop()
            if process.renders > 1 and time.monotonic() - start < _AT_ONCE:
                # It had gone before it was asked (idle, or killed): not the fault of this page.
                return self._ask(header, body)
            raise RenderError(_reason(error, process)) from error
        except BaseException:
            # Interrupted in mid-sentence (a timeout of the job): the answer would come too late.
            self._drop()
            raise
        if "error" in reply:
            self._drop()  # whatever failed may have left half a state behind
            raise RenderError(reply["error"])
        return Rendered(pdf, tuple(reply["lacking"]))

    def _ready(self) -> "_Process":
        process = self._process
        if process and (process.renders >= self.limits.renders or not process.is_alive()):
            self._drop()
            process = None
        if process is None:
            process = self._process = _Process(self.limits)
        return process

    def _drop(self) -> None:
        process, self._process = self._process, None
        if process:
            process.end()

    def _forget(self) -> None:
        """In a forked process: the child belongs to the parent, this one starts its own."""
        process, self._process = self._process, None
        self._lock = threading.Lock()
        if process:
            process.disown()


class _Process:
    """A child and the socket to it."""

    def __init__(self, limits: Limits) -> None:
        self._numbers = itertools.count(1)
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._socket, theirs = socket.socketpair()
        self.renders = 0
        self.last_words = ""
        with theirs:
            self._popen = _start(theirs.fileno(), limits, self._errors)
        self.pid = self._popen.pid
        try:
            self._socket.settimeout(limits.start_seconds)
            ready, _ = child.receive_frame(self._socket)
        except (OSError, child.Closed, ValueError) as error:
            self.end()
            raise RenderError(f"The renderer does not start: {self.last_words}") from error
        self.offline: bool = ready["offline"]

    def ask(
        self, header: Mapping[str, Any], body: bytes, seconds: float
    ) -> tuple[dict[str, Any], bytes]:
        """Raises TimeoutError, OSError or Closed. The seconds are for question and answer."""
        number = next(self._numbers)
        self.renders += 1
        stream = _Deadline(self._socket, time.monotonic() + seconds)
        child.send_frame(stream, {**header, "id": number}, body)
        reply, pdf = child.receive_frame(stream)
        if reply.get("id") != number:
            raise child.Closed("An answer to another question")
        return reply, pdf

    def is_alive(self) -> bool:
        return self._popen.poll() is None

    def end(self) -> None:
        """Kill it, wait for its end, and keep what it said last."""
        self._socket.close()
        self._popen.kill()
        self._popen.wait()
        with self._errors as errors:
            errors.seek(0)
            self.last_words = errors.read()[-600:].decode(errors="replace").strip()

    def disown(self) -> None:
        """In a forked process: close the copies of its files, leave the child alone."""
        self._socket.close()
        self._errors.close()
        self._popen.returncode = 0  # it is not this process's child: nothing to wait for


class _Deadline:
    """A socket whose operations together end at one time."""

    def __init__(self, connection: socket.socket, at: float) -> None:
        self._socket = connection
        self._at = at

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(self._left())
        self._socket.sendall(data)

    def recv(self, size: int) -> bytes:
        self._socket.settimeout(self._left())
        return self._socket.recv(size)

    def _left(self) -> float:
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _start(descriptor: int, limits: Limits, errors: IO[bytes]) -> "subprocess.Popen[bytes]":
    """With an environment of its own: no secret of ours, no proxy, the same hashes every time."""
    return subprocess.Popen(
        [
            *(sys.executable, "-s", "-P", str(_CHILD)),
            *(str(descriptor), str(limits.address_space), str(limits.idle_seconds)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        pass_fds=(descriptor,),
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"},
        start_new_session=True,
    )


def _request(
    html: str,
    assets: Mapping[str, bytes],
    attachments: tuple[Attachment, ...],
    xmp: str | None,
    cpu_seconds: float,
) -> tuple[dict[str, Any], bytes]:
    page = html.encode()
    header = {
        "html": len(page),
        "cpu_seconds": cpu_seconds,
        "assets": [(name, len(data)) for name, data in assets.items()],
        "attachments": [
            {
                "filename": each.filename,
                "relationship": each.relationship,
                "description": each.description,
                "size": len(each.data),
            }
            for each in attachments
        ],
        "xmp": xmp,
    }
    body = b"".join((page, *assets.values(), *(each.data for each in attachments)))
    if len(body) > child.MAX_FRAME // 2:
        raise RenderError("The document is too large")
    return header, body


def _reason(error: Exception, process: _Process) -> str:
    if isinstance(error, TimeoutError):
        return "The page took too long"
    words = process.last_words.rpartition("\n")[2]
    return f"The renderer ended while it worked on the page. {words}".strip()
