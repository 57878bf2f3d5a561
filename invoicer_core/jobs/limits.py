"""What one try may cost: seconds of wall clock, and memory in forked workers."""

import ctypes
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

MEMORY: Final = 512 * 1024 * 1024
"""Bytes that a plugin's handler may take beyond what the worker already has."""

PLUGIN_SECONDS: Final = 55
"""Wall clock of one try of a plugin's handler."""


class OutOfTime(BaseException):
    """The try took too long. Not an Exception, so that a handler does not swallow it."""


@contextmanager
def wall_limit(seconds: int | None) -> Iterator[None]:
    """Interrupt the block after so many seconds; main thread only. None: no limit.

    Raises:
        OutOfTime: it took longer.
    """
    if not seconds:
        yield
        return

    def over(*_: int | FrameType | None) -> None:
        raise OutOfTime(f"took longer than {seconds} s")

    former = signal.signal(signal.SIGALRM, over)
    left = signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, former)
        if left:
            signal.alarm(left)


def limit_memory(more: int = MEMORY) -> None:
    """Let this process grow by so many bytes of address space and no further."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    top = pages * resource.getpagesize() + more
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        top = min(top, hard)
    resource.setrlimit(resource.RLIMIT_AS, (top, top))


def end_with_parent(parent: int) -> None:
    """Get SIGTERM when the parent dies, however that happens (Linux: PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
