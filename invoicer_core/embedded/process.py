"""Child processes that never outlive their parent."""

import ctypes
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from invoicer_core.embedded.account import Account

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def spawn(
    command: Sequence[str | Path],
    *,
    account: Account | None = None,
    parent_death: signal.Signals | None = signal.SIGTERM,
    environ: Mapping[str, str] | None = None,
    output: IO[bytes] | None = None,
    memory: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own.

    Args:
        account: the user to switch to; None, or an account without ``switch``, keeps ours.
        parent_death: sent by the kernel when the *thread* that calls this ends: call it from the
            main thread. None lets the child live on.
        environ: the child's whole environment; None passes ours on.
        output: where standard output and error go; None inherits.
        memory: bytes of its own that each process of the command may have; shared ones aside.
    """
    switch = account if account is not None and account.switch else None
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=None if environ is None else dict(environ),
        cwd="/" if switch else None,
        start_new_session=True,
        user=switch.uid if switch else None,
        group=switch.gid if switch else None,
        extra_groups=[] if switch else None,
        preexec_fn=_before_exec(parent_death, memory),
    )


def _before_exec(parent_death: signal.Signals | None, memory: int | None) -> Callable[[], None]:
    parent = os.getpid()

    def prepare() -> None:
        if memory is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        if parent_death is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(parent_death))
            if os.getppid() != parent:  # it died before the line above
                os._exit(1)

    return prepare


def wait_until(ready: Callable[[], bool], seconds: float, *, every: float = 0.01) -> bool:
    """Poll ``ready`` until it is true or ``seconds`` have passed; the last answer."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            return False
        time.sleep(every)
    return True


def stop(child: subprocess.Popen[bytes], first: signal.Signals, seconds: float) -> int:
    """Ask with ``first``, insist with SIGKILL after ``seconds``; the exit status."""
    if child.poll() is None:
        child.send_signal(first)
        try:
            return child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
    return child.wait()


def tail(path: Path, lines: int = 8) -> str:
    """The last lines of a log, for a message; empty when there is none."""
    try:
        return "\n".join(path.read_text("utf-8", "replace").splitlines()[-lines:])
    except OSError:
        return ""
