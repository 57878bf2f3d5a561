"""From the command to the first page, and what the whole tree of processes takes when idle.

``invoicer up --demo`` twice on one folder: the first start makes the database, migrates and seeds
the demo business; the second finds all of it. Timed until ``GET /sign-in`` answers 200. Memory is
the proportional share (PSS) of every process below the command, PostgreSQL and Valkey included,
twenty seconds after the second start, when no work is left (after a PDF its
renderer stays for five minutes).

Usage: python -m bench.start [seconds of rest]
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.stage import COMMAND

GOAL_SECONDS, GOAL_MB = 8.0, 600
PATIENCE = 180.0


def answers(port: int) -> bool:
    """Whether the sign-in page is there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/sign-in")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@contextmanager
def started(environ: dict[str, str], log: Path) -> Iterator[tuple[int, float]]:
    """The whole installation; its process and the seconds until its first page."""
    begun = time.perf_counter()
    with log.open("wb") as output:
        child = subprocess.Popen(
            [*COMMAND, "up", "--demo"], env=environ, stdout=output, stderr=output
        )
    try:
        while not answers(int(environ["PORT"])):
            if child.poll() is not None or time.perf_counter() - begun > PATIENCE:
                raise RuntimeError(f"it did not start:\n{log.read_text()}")
            time.sleep(0.02)
        yield child.pid, time.perf_counter() - begun
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(60)


def tree(root: int) -> list[int]:
    """The process and everything below it."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                # The name in brackets may hold anything; the parent is the second field after it.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                children[int(fields[1])].append(int(entry.name))
    found = [root]
    for pid in found:
        found += children[pid]
    return found


def share(pid: int) -> float:
    """MB of a process: its own memory, and its part of what it shares. 0 when it just ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def name(pid: int) -> str:
    """What a process is, in a word or two."""
    with suppress(OSError):
        if Path(f"/proc/{pid}/comm").read_text().strip() == "clock":
            return "clock"  # a child of the worker, whose command it shares
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        for known in ("postgres", "valkey", "gunicorn", "worker", "clock", "child", " up "):
            if known in words:
                return known.strip()
        return words[:40]
    return "ended"


def report(root: int) -> None:
    """The sum, and its largest parts."""
    sizes: dict[str, list[float]] = defaultdict(list)
    for pid in tree(root):
        sizes[name(pid)].append(share(pid))
    total = sum(map(sum, sizes.values()))
    parts = sorted(sizes.items(), key=lambda each: -sum(each[1]))
    print(f"idle: {total:.0f} MB (PSS; goal below {GOAL_MB}), ratio {total / GOAL_MB:.2f}")
    for part, each in parts:
        print(f"  {part:<10} {sum(each):6.1f} MB in {len(each)}")


def main() -> None:
    """Both starts, then the rest."""
    rest = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, socket.socket() as probe:
        Path(folder).chmod(0o711)  # the servers' own account passes through
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
        probe.close()
        environ = {**os.environ, "INVOICER_DATA": f"{folder}/data", "PORT": port}
        for address in ("DATABASE_URL", "DATABASE_GATE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
            environ.pop(address, None)
        log = Path(folder) / "log"
        with started(environ, log) as (_, seconds):
            print(f"first start: {seconds:.1f} s to the first page, demo business included")
            time.sleep(rest)  # the demo's PDFs are made: nothing is left for the second start
        with started(environ, log) as (root, seconds):
            ratio = seconds / GOAL_SECONDS
            print(
                f"second start: {seconds:.1f} s (goal below {GOAL_SECONDS:.0f}), ratio {ratio:.2f}"
            )
            time.sleep(rest)
            report(root)


if __name__ == "__main__":
    main()
