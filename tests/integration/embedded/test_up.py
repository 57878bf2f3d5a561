"""``invoicer up`` as an operator meets it: one command, deaths, a second start, the end."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from invoicer_core.config import Config, libpq_url
from invoicer_core.embedded import account
from invoicer_core.embedded.process import wait_until
from invoicer_core.embedded.servers import embedded_servers

# One installation serves them all: keep them in one worker.
pytestmark = [pytest.mark.xdist_group("up"), pytest.mark.timeout(400)]

PROGRAMS = {
    "postgres": b"postgres\0-D",
    "redis": b"valkey-server",
    "web": b"gunicorn",
    "worker": b"\0worker",
}
CLOCK = "clock"
"""No program of its own: a child of the worker, under this name."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def name_of(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


class Installation:
    """A running ``invoicer up`` with a data folder of its own."""

    def __init__(self, data: Path, port: int, *arguments: str) -> None:
        self.data, self.port, self.lines = data, port, list[str]()
        command = [sys.executable, "-m", "invoicer_core.cli", "up", *arguments]
        self.process = subprocess.Popen(
            command, env=self.environ(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def environ(self, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {**kept, "INVOICER_DATA": str(self.data), "PORT": str(self.port), **more}

    def _read(self) -> None:
        self.lines.extend(line.rstrip() for line in self.process.stdout)

    def said(self, pattern: str) -> str | None:
        return next((line for line in self.lines if re.search(pattern, line)), None)

    def wait(self, condition: Callable[[], bool], seconds: float) -> None:
        met: list[bool] = []

        def over() -> bool:
            met.append(condition())
            return met[-1] or self.process.poll() is not None

        wait_until(over, seconds, every=0.05)
        assert met[-1], "\n".join(self.lines[-40:])

    def ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        return False

    def pid_of(self, role: str) -> int:
        with contextlib.suppress(OSError):
            if role == CLOCK:
                beside = children(self.pid_of("worker"))
                return next((pid for pid in beside if name_of(pid) == CLOCK), 0)
            for pid in children(self.process.pid):
                if PROGRAMS[role] in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return pid
        return 0

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "invoicer_core.cli", *arguments],
            env=self.environ(**environ),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(5)


@pytest.fixture(scope="module")
def installation(run_folder: Path, worker_number: int) -> Iterator[Installation]:
    data = run_folder / f"up{worker_number}"
    running = Installation(data, free_port(), "--demo")
    try:
        running.wait(lambda: running.said("Sign in with") is not None, 180)
        yield running
    finally:
        running.close()
        shutil.rmtree(account.run_folder(account.server_account(), data), ignore_errors=True)


def test_it_says_where_to_go_and_how_to_sign_in_on_one_line(installation):
    assert installation.said(f"Invoicer is ready: http://127.0.0.1:{installation.port}$")
    assert installation.said(r"Sign in with owner@demo\.test / \S{12,}$")
    assert installation.ready()


def test_the_demo_listens_on_this_machine_only(installation):
    rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
    port = f"{installation.port:04X}"
    listening = [row.split()[1] for row in rows if row.split()[3] == "0A"]
    assert [local for local in listening if local.endswith(f":{port}")] == [f"0100007F:{port}"]
    refused = installation.run("up", "--demo", PORT=str(free_port()), INVOICER_BIND="0.0.0.0")
    assert refused.returncode == 1
    assert "this machine only" in refused.stderr


def test_no_process_of_the_run_time_knows_the_owners_login(installation):
    owner = embedded_servers(Config.from_environ(installation.environ())).config.owner_url
    with psycopg.connect(libpq_url(owner)) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("invoicer_owner",)
    for role in ("web", "worker", CLOCK):
        installation.wait(lambda role=role: installation.pid_of(role) > 0, 30)
        environ = Path(f"/proc/{installation.pid_of(role)}/environ").read_bytes()
        assert b"invoicer_app:" in environ
        assert b"invoicer_owner:" not in environ


def test_the_clock_waits_for_no_worker(installation):
    def niceness() -> dict[str, int]:
        with contextlib.suppress(OSError):
            beside = children(installation.pid_of("worker"))
            return {name_of(pid): os.getpriority(os.PRIO_PROCESS, pid) for pid in beside}
        return {}

    own = os.getpriority(os.PRIO_PROCESS, installation.process.pid)
    installation.wait(lambda: CLOCK in niceness(), 30)
    installation.wait(lambda: niceness().get("worker core", own) > own, 30)
    assert niceness()[CLOCK] == own


def test_log_lines_tell_the_clock_from_the_worker(installation):
    assert installation.said(r" INFO clock invoicer_core\.jobs\.clock: the clock runs$")


@pytest.mark.parametrize("role", [*PROGRAMS, CLOCK])
def test_kill_9_of_any_child_is_survived(installation, role):
    installation.wait(lambda: installation.pid_of(role) != 0, 90)
    before = installation.pid_of(role)
    old = [before, *children(before)]
    os.kill(before, signal.SIGKILL)
    installation.wait(lambda: installation.pid_of(role) not in (0, before), 90)
    # A child of the dead one may still answer for a moment.
    installation.wait(lambda: not any(Path(f"/proc/{pid}").exists() for pid in old), 90)
    installation.wait(installation.ready, 90)


def test_a_port_in_use_and_a_folder_in_use_are_told_in_one_line(installation):
    taken = installation.run("up", INVOICER_DATA=str(installation.data.with_name("other")))
    assert (taken.returncode, taken.stdout) == (1, "")
    assert f"port {installation.port}" in taken.stderr
    assert "Set PORT" in taken.stderr
    twice = installation.run("up", PORT=str(free_port()))
    assert twice.returncode == 1
    assert f"already runs on {installation.data}" in twice.stderr


def test_commands_use_the_running_servers(installation):
    shell = installation.run("db", "shell", "--", "-Atc", "SELECT count(*) > 0 FROM businesses")
    assert shell.stdout.strip() == "t", shell.stderr
    assert re.search(r"public: \d+", installation.run("db", "current").stdout)


def test_a_stored_secret_is_for_the_owner_only(installation):
    done = subprocess.run(
        [sys.executable, "-m", "invoicer_core.cli", "secrets", "set", "ACME_TOKEN"],
        env=installation.environ(),
        input="a value\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "a value" not in done.stdout
    assert "ACME_TOKEN" in installation.run("secrets", "list").stdout
    assert installation.run("secrets", "set", "lower").returncode == 1


def stop(installation: Installation, number: signal.Signals) -> None:
    """Send the signal; everything must end in order, with status 0."""
    pids = [*children(installation.process.pid), installation.pid_of(CLOCK)]
    assert len(pids) == len(PROGRAMS) + 1
    installation.process.send_signal(number)
    assert installation.process.wait(40) == 0, "\n".join(installation.lines[-40:])
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_first_owner_ctrl_c_and_a_second_start_that_finds_its_data(run_folder):
    data = run_folder / "first"
    first = second = None
    try:
        first = Installation(data, free_port())
        first.wait(lambda: first.said("set-up code") is not None, 180)
        code = Config.from_environ(first.environ()).setup_code
        assert first.said(f"set-up code for the first owner: {code}$")
        assert not first.said("Sign in with")
        first.run("db", "shell", "--", "-c", "CREATE TABLE kept AS SELECT 7 AS n")
        stop(first, signal.SIGINT)
        second = Installation(data, first.port)
        second.wait(lambda: second.said(f"first owner: {code}$") is not None, 180)
        kept = second.run("db", "shell", "--", "-Atc", "SELECT n FROM kept")
        assert kept.stdout == "7\n", kept.stderr
        stop(second, signal.SIGTERM)
    finally:
        for installation in (first, second):
            if installation is not None:
                installation.close()
        shutil.rmtree(account.run_folder(account.server_account(), data), ignore_errors=True)
