"""The supervisor with real child processes: deaths, restarts, giving up, the end."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from invoicer_core.embedded.process import wait_until

PROGRAM = Path(__file__).with_name("supervised.py")


@contextmanager
def supervisor(*children: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), *children], stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def started(process: subprocess.Popen[str]) -> tuple[str, int]:
    """Name and pid of the child that starts next."""
    for line in process.stdout:
        words = line.split()
        if words[0] == "started":
            return words[1], int(words[2])
    raise AssertionError("no child was started")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def ignores(pid: int, number: signal.Signals) -> bool:
    return _has(pid, "SigIgn:", number)


def catches(pid: int, number: signal.Signals) -> bool:
    return _has(pid, "SigCgt:", number)


def _has(pid: int, row: str, number: signal.Signals) -> bool:
    text = Path(f"/proc/{pid}/status").read_text()
    return bool(int(text.split(row)[1].split()[0], 16) >> (number - 1) & 1)


def test_a_killed_child_is_started_again_however_often_it_is_killed():
    with supervisor("a=sleep 100", "b=sleep 100") as process:
        _, first = started(process)
        _, other = started(process)
        for _ in range(7):
            os.kill(first, signal.SIGKILL)
            name, first = started(process)
            assert name == "a"
        assert alive(first)
        assert alive(other)


def test_a_child_that_cannot_start_ends_everything_with_a_message():
    with supervisor("good=sleep 100", "bad=false") as process:
        name, good = started(process)
        assert name == "good"
        rest = process.stdout.read()
        assert process.wait(30) == 1
    assert "bad cannot start: it ended 5 times in a row" in rest
    assert "status 1" in rest
    assert rest.count("started bad") == 5
    assert not alive(good)


def test_a_signal_stops_the_roles_first_and_then_what_they_stand_on(tmp_path):
    order = tmp_path / "order"
    notes = f"import signal,sys;signal.signal(15,lambda *_:sys.exit(open('{order}','a')"

    def child(name: str) -> str:
        return f"{name}=python3 -c \"{notes}.write('{name} ')and 0));signal.pause()\""

    with supervisor(child("server1"), child("server2"), child("role")) as process:
        pids = [started(process)[1] for _ in range(3)]
        assert wait_until(lambda: all(catches(pid, signal.SIGTERM) for pid in pids), 20)
        process.send_signal(signal.SIGTERM)
        assert "all stopped" in process.stdout.read()
        assert process.wait(10) == 0
    assert order.read_text() == "role server2 server1 "
    assert not any(alive(pid) for pid in pids)


def test_a_child_that_ignores_the_signal_is_killed_after_its_patience():
    with supervisor(
        'a=env python3 -c "import signal;signal.signal(15,1);signal.pause()"'
    ) as process:
        _, pid = started(process)
        assert wait_until(lambda: ignores(pid, signal.SIGTERM), 10)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert not alive(pid)


def test_children_do_not_outlive_a_killed_supervisor():
    with supervisor("a=sleep 100") as process:
        _, pid = started(process)
        process.kill()
        assert wait_until(lambda: not alive(pid), 5)
