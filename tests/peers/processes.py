"""Processes of a test: started with its environment, killed and started again, always ended."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from invoicer_core.jobs.limits import end_with_parent

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
START = "from invoicer_core.cli import main; main()"


def until(ready: Callable[[], T], seconds: float = 40.0, every: float = 0.02) -> T:
    """What ``ready`` answers as soon as that is true; fails the test when it never is."""
    end = time.monotonic() + seconds
    while not (found := ready()):
        assert time.monotonic() < end, f"waited {seconds} s for {ready}"
        select.select([], [], [], every)
    return found


class Role:
    """One role as a child process, which ends with the run; its output goes to a file."""

    def __init__(self, name: str, environ: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.environ = {**os.environ, **environ}
        self.log = folder / f"{name}-{time.monotonic_ns()}.log"
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> "Role":
        with self.log.open("ab") as output:
            self.child = subprocess.Popen(
                self.command(), cwd=ROOT, env=self.environ, stdout=output, stderr=output,
                start_new_session=True, preexec_fn=partial(end_with_parent, os.getpid()),
            )  # fmt: skip
        return self

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.peers.roles", self.name]

    @property
    def pid(self) -> int:
        assert self.child is not None
        return self.child.pid

    def kill(self) -> None:
        """As a power cut would: the process and all it started."""
        if self.child is not None:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()
            self.child = None

    def stop(self) -> int:
        """Ask it to end; its status."""
        assert self.child is not None
        self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        finally:
            self.child = None

    def output(self) -> str:
        return self.log.read_text()


class Installed(Role):
    """A role as ``invoicer <role>`` runs it."""

    start_with = START

    def command(self) -> list[str]:
        return [sys.executable, "-c", self.start_with, self.name]


def children_of(pid: int) -> list[int]:
    """The processes that this one started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in found]
