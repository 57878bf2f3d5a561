"""A whole installation under its own supervisor, and somebody who kills its processes."""

import os
import random
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg

from invoicer_core.config import Config, libpq_url
from invoicer_core.embedded.servers import embedded_servers
from tests.peers.processes import Role, children_of

START = "from invoicer_core.cli import main; main()"
VICTIMS = {
    "worker": "worker", "gunicorn": "web", "valkey-server": "redis", "postgres": "postgres",
}  # fmt: skip
CLOCK = "clock"
"""Another victim: a child of the worker, with the same command and this name."""


class Up(Role):
    """``invoicer up``."""

    def command(self) -> list[str]:
        return [sys.executable, "-c", START, "up"]


@dataclass
class Installation:
    """What runs, and where."""

    role: Up
    url: str
    variables: Mapping[str, str]

    @property
    def owner_url(self) -> str:
        """How the owner of the database connects."""
        config = embedded_servers(Config.from_environ(self.variables)).config
        return libpq_url(config.owner_url or "")

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What the owner sees; empty while PostgreSQL is away."""
        try:
            with psycopg.connect(self.owner_url, connect_timeout=2) as connection:
                return connection.execute(query, parameters or None).fetchall()
        except psycopg.OperationalError:
            return []

    def ready(self) -> bool:
        """True when every part of it is up."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def processes(self) -> list[tuple[str, int]]:
        """What the supervisor runs, and what that runs: all that may be killed."""
        found = []
        for child in children_of(self.role.pid):
            for pid in (child, *_children(child)):
                kind = _kind(pid)
                if kind is not None:
                    found.append((kind, pid))
        return found


def _children(pid: int) -> list[int]:
    try:
        return children_of(pid)
    except OSError:
        return []


def _kind(pid: int) -> str | None:
    try:
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return None
    if name == CLOCK:
        return CLOCK
    return next((kind for word, kind in VICTIMS.items() if word in words), None)


@dataclass
class Killer:
    """Kills one process after another with SIGKILL, each kind in its turn."""

    installation: Installation
    most: int
    seed: int
    pause: tuple[float, float] = (2.0, 5.0)
    killed: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """No more kills from here on."""
        self._stop.set()
        self._thread.join(30)

    def _run(self) -> None:
        kinds = sorted([*VICTIMS.values(), CLOCK])
        while len(self.killed) < self.most and not self._stop.wait(
            self._chance.uniform(*self.pause)
        ):
            kind = kinds[len(self.killed) % len(kinds)]
            found = [pid for each, pid in self.installation.processes() if each == kind]
            if found:
                _kill(self._chance.choice(found))
                self.killed.append(kind)


def _kill(pid: int) -> None:

    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
