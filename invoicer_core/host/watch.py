"""Which hook was begun last: written down before the call, so that it is known after a death.

A worker that spins or runs out of memory inside a plugin is killed from outside and cannot tell
what it was doing. One small file per process tells it to the next one, which counts it against the
plugin for that business. Event handlers are not watched: they are owed, leased and tried again.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SIZE: Final = 512


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A hook that was running when its process died."""

    plugin: str
    hook: str
    business_id: int


class _Watch:
    """The file of this process; forked children open their own."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.pid = 0
        self.descriptor = -1
        self.running: list[Abandoned] = []

    def write(self) -> None:
        if self.folder is None:
            return
        if self.pid != os.getpid():
            self.pid, self.running = os.getpid(), self.running[-1:]
            path = self.folder / f"{self.pid}.hook"
            self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        last = self.running[-1] if self.running else None
        told = [last.plugin, last.hook, last.business_id] if last else []
        os.pwrite(self.descriptor, json.dumps(told).encode().ljust(SIZE), 0)


_watch: Final = _Watch()


def start(folder: Path) -> None:
    """Write down hooks of this process, and of those forked from it, in this folder."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _watch.folder = folder


@contextmanager
def begun(plugin: str, hook: str, business_id: int) -> Iterator[None]:
    """Around one call of a plugin."""
    entry = Abandoned(plugin, hook, business_id)
    _watch.running.append(entry)
    _watch.write()
    try:
        yield
    finally:
        if entry in _watch.running:
            _watch.running.remove(entry)
        _watch.write()


def abandoned(folder: Path) -> list[Abandoned]:
    """What processes that are gone were in the middle of; each is told once."""
    found: list[Abandoned] = []
    for path in sorted(folder.glob("*.hook")):
        if _is_alive(path.stem):
            continue
        try:
            told = json.loads(path.read_bytes().rstrip(b" \0") or b"[]")
            path.unlink()
        except (FileNotFoundError, ValueError):
            continue
        if told:
            found.append(Abandoned(*told))
    return found


def _is_alive(pid: str) -> bool:
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
