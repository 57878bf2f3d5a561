"""Keeps the processes of one installation running: ``invoicer up``.

A child that dies is started again, more slowly each time. A child that keeps ending by itself
right after its start cannot start: then everything ends, with a message. A child that somebody
killed (SIGKILL) is never a reason to give up.
"""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

QUICK = 5.0
QUICK_FAILURES = 5
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0


class CannotStart(RuntimeError):
    """A child cannot start; the message says which, and what to look at."""


@dataclass(slots=True)
class Program:
    """One child: how it starts, and how it is asked to stop.

    Args:
        start: makes it ready and starts it, on first start and on every later one.
        stop: signal and patience in seconds.
        hint: what to look at when it cannot start.
        is_server: others stand on it, so it stops after them.
    """

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    stop: tuple[signal.Signals, float]
    hint: str = "the lines above"
    is_server: bool = False
    child: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    due: float = field(default=0.0)

    def begin(self) -> None:
        """Start now."""
        self.started = time.monotonic()
        self.child = self.start()

    def ended(self) -> int | None:
        """The status of a child that has ended just now; forgets it and plans the next start.

        Raises:
            CannotStart: it ended by itself too often right after its start.
        """
        status = self.child.poll() if self.child else None
        if self.child is None or status is None:
            return None
        self.child = None
        quick = time.monotonic() - self.started < QUICK
        if status != -signal.SIGKILL:
            self.failures = self.failures + 1 if quick else 1
        if quick and self.failures >= QUICK_FAILURES:
            raise CannotStart(
                f"{self.name} cannot start: it ended {self.failures} times in a row, the last "
                f"time with status {status}. Look at {self.hint}."
            )
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** max(0, self.failures - 1))
        self.due = time.monotonic() + pause
        return status


@dataclass(slots=True)
class Supervisor:
    """Runs programs until a signal, or until one of them cannot start."""

    say: Callable[[str], None]
    programs: list[Program] = field(default_factory=list)
    stopping: bool = False
    _wake: tuple[int, int] = field(default_factory=os.pipe)

    def listen(self) -> None:
        """Take SIGINT, SIGTERM and SIGCHLD over; a second SIGINT kills at once."""
        for end in self._wake:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _on_stop(self, number: int, _frame: FrameType | None) -> None:
        if self.stopping and number == signal.SIGINT:
            for program in self.programs:
                if program.child is not None:
                    program.child.kill()
        self.stopping = True

    def add(self, program: Program) -> None:
        """Start a program and keep it running from now on."""
        self.programs.append(program)
        program.begin()

    def step(self, seconds: float) -> None:
        """Wait for news (a signal, an ended child, a due start) and act on it.

        Raises:
            CannotStart: see :class:`Program`.
        """
        now = time.monotonic()
        due = [p.due - now for p in self.programs if p.child is None]
        readable, _, _ = select.select([self._wake[0]], [], [], max(0.0, min([seconds, *due])))
        if readable:
            os.read(self._wake[0], 4096)
        self._reap_orphans()
        for program in self.programs:
            if self.stopping:
                return
            status = program.ended()
            if status is not None:
                self.say(f"{program.name} ended with status {status}; starting it again.")
            elif program.child is None and time.monotonic() >= program.due:
                program.begin()

    def run(self, each_step: Sequence[Callable[[], None]]) -> None:
        """Keep everything running until a signal; each step runs at least twice a second."""
        while not self.stopping:
            self.step(0.5)
            for act in each_step:
                act()

    def stop_all(self) -> None:
        """Stop the roles together, then what they stand on, last started first."""
        self.stopping = True
        stop_programs([program for program in self.programs if not program.is_server])
        for program in reversed([program for program in self.programs if program.is_server]):
            stop_programs([program])

    def restart(self, names: Sequence[str]) -> None:
        """Stop the named programs and start them again."""
        chosen = [program for program in self.programs if program.name in names]
        stop_programs(chosen)
        for program in chosen:
            program.begin()

    def _reap_orphans(self) -> None:
        """As process 1 of a container we inherit every orphan; nobody else buries them."""
        if os.getpid() != 1:
            return
        ours = {program.child.pid for program in self.programs if program.child}
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None or found.si_pid in ours:
                return
            os.waitpid(found.si_pid, 0)


def stop_programs(programs: Sequence[Program]) -> None:
    """Ask all of them, wait for each as long as it may take, then insist."""
    for program in programs:
        if program.child is not None and program.child.poll() is None:
            program.child.send_signal(program.stop[0])
    for program in programs:
        if program.child is None:
            continue
        try:
            program.child.wait(program.stop[1])
        except subprocess.TimeoutExpired:
            program.child.kill()
            program.child.wait()
        program.child = None
