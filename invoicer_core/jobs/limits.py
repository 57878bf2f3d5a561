"""What one try may cost: seconds of wall clock, and memory in forked workers."""

import ctypes
import os
import resource
import signal
from pathlib import Path
from typing import Final

from invoicer_core.services.time_limits import OutOfTime, wall_limit

__all__ = [
    "MEMORY", "PLUGIN_SECONDS", "OutOfTime", "end_with_parent", "limit_memory", "take_name",
    "wall_limit",
]  # fmt: skip

MEMORY: Final = 512 * 1024 * 1024
"""Bytes that a plugin's handler may take beyond what the worker already has."""

PLUGIN_SECONDS: Final = 55
"""Wall clock of one try of a plugin's handler. A step of a workflow has its own limit beside it."""


def limit_memory(more: int = MEMORY) -> None:
    """Let this process grow by so many bytes of address space and no further."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    top = pages * resource.getpagesize() + more
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        top = min(top, hard)
    resource.setrlimit(resource.RLIMIT_AS, (top, top))


def take_name(name: str) -> None:
    """Show this process under a name of its own in ``ps`` and ``top``: forks look alike otherwise.
    The kernel keeps 15 bytes of it (Linux: PR_SET_NAME)."""
    ctypes.CDLL(None).prctl(15, name.encode())


def end_with_parent(parent: int) -> None:
    """Get SIGTERM when the parent dies, however that happens (Linux: PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
