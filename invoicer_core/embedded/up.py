"""``invoicer up``: servers, migrations, web, worker and clock under one supervisor."""

import http.client
import ipaddress
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from invoicer_core.config import Config
from invoicer_core.embedded import peers
from invoicer_core.embedded.account import ServerError
from invoicer_core.embedded.postgres import Postgres
from invoicer_core.embedded.process import spawn, stop
from invoicer_core.embedded.servers import (
    Servers,
    await_ready,
    data_lock,
    embedded_servers,
)
from invoicer_core.embedded.supervisor import Program, Supervisor
from invoicer_core.embedded.valkey import Valkey

ROLES = {"web": ("web",), "worker": ("worker", "--with-clock")}
"""The command of each. The clock is a child of the worker here: on its own it would hold the whole
application in memory once more."""

PATIENCE = {"web": 8.0, "worker": 15.0}
COMMAND = (sys.executable, "-m", "invoicer_core.cli")
WATCHED = (".py", ".html", ".mo")


def up(config: Config, *, say: Callable[[str], None], reload: bool = False) -> None:
    """Run the whole installation until SIGINT or SIGTERM; call from the main thread.

    Args:
        config: as read from the environment; ``config.demo`` seeds the demo business.
        say: prints a line for the operator.
        reload: start the roles again when a source file changes.

    Raises:
        ServerError, CannotStart: something cannot run; the message says what to do.
    """
    _check_address(config)
    beside = [peers.program(config)] if config.peers else []
    servers = embedded_servers(config)
    with ExitStack() as stack:
        if servers.each and not stack.enter_context(data_lock(config)):
            raise ServerError(
                f"Invoicer already runs on {config.data}. Stop it first, or set INVOICER_DATA."
            )
        supervisor = Supervisor(say)
        supervisor.listen()
        stack.callback(supervisor.stop_all)
        _start_servers(supervisor, servers)
        prepared = _prepare(supervisor, config, servers)
        if supervisor.stopping:
            return
        _start_roles(supervisor, servers.config)
        for program in beside:
            supervisor.add(program)
        welcome = Welcome(servers.config, prepared, say)
        steps: list[Callable[[], None]] = [welcome]
        if reload:
            steps.append(SourceWatch(supervisor, Path(__file__).parents[1]))
        supervisor.run(steps)
        say("Stopping.")


def _check_address(config: Config) -> None:
    if config.demo and not _is_loopback(config.bind):
        raise ServerError("The demo listens on this machine only: unset INVOICER_BIND.")
    family = socket.AF_INET6 if ":" in config.bind else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.bind, config.port))
        except OSError as error:
            raise ServerError(
                f"Cannot listen on {config.bind} port {config.port} ({error.strerror}). "
                "Set PORT to another port, or stop what uses this one."
            ) from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _start_servers(supervisor: Supervisor, servers: Servers) -> None:
    for server in servers.each:
        program = _server_program(server)
        supervisor.add(program)
        if program.child is not None:
            await_ready(server, program.child, 60)


def _server_program(server: Postgres | Valkey) -> Program:
    def start() -> subprocess.Popen[bytes]:
        server.prepare()
        return server.start()

    if isinstance(server, Postgres):
        return Program("postgres", start, (signal.SIGINT, 20), str(server.log), is_server=True)
    return Program("redis", start, (signal.SIGTERM, 10), str(server.log), is_server=True)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What ``invoicer prepare`` found or made."""

    users: int = 0
    sign_in: str = ""


def _prepare(supervisor: Supervisor, given: Config, servers: Servers) -> Prepared:
    """Make logins, migrate and seed, in a process of its own: the supervisor stays small."""
    config = servers.config
    if config.owner_url is None:
        supervisor.say("DATABASE_OWNER_URL is not set: migrations are left to `invoicer db`.")
        return Prepared(users=1)
    environ = given.child_environ()
    if given.owner_url is not None:
        environ["DATABASE_OWNER_URL"] = given.owner_url
    result = config.data / ".prepared.json"
    result.unlink(missing_ok=True)
    child = spawn([*COMMAND, "prepare", str(result)], environ=environ)
    while child.poll() is None and not supervisor.stopping:
        supervisor.step(0.1)
    if supervisor.stopping:
        stop(child, signal.SIGTERM, 10)
        return Prepared()
    if child.returncode != 0:
        raise ServerError("The database could not be prepared; the lines above say why.")
    found = Prepared(**json.loads(result.read_text("utf-8")))
    result.unlink()
    return found


def _start_roles(supervisor: Supervisor, config: Config) -> None:
    environ = config.child_environ()
    for role, command in ROLES.items():
        supervisor.add(
            Program(
                role,
                lambda command=command: spawn([*COMMAND, *command], environ=environ),  # type: ignore[misc]
                (signal.SIGTERM, PATIENCE[role]),
            )
        )


@dataclass(slots=True)
class Welcome:
    """Says once where to go, as soon as the installation can serve."""

    config: Config
    prepared: Prepared
    say: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)
    said: bool = False
    complained: bool = False

    def __call__(self) -> None:
        """Look, until it is ready."""
        if self.said:
            return
        answer = self._ready()
        if answer == "":
            self._welcome()
            self.said = True
        elif not self.complained and time.monotonic() - self.began > 30:
            self.say(f"Not ready yet: {answer}")
            self.complained = True

    def _ready(self) -> str:
        """Empty when /readyz says yes; otherwise what it says."""
        host = self.config.bind if self.config.bind not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104
        connection = http.client.HTTPConnection(host, self.config.port, timeout=2)
        try:
            connection.request("GET", "/readyz", headers={"Host": urlsplit(self.config.url).netloc})
            answer = connection.getresponse()
            body = answer.read(2000).decode("utf-8", "replace")
            return "" if answer.status == 200 else f"{answer.status} {body}"
        except (OSError, http.client.HTTPException) as error:
            return str(error)
        finally:
            connection.close()

    def _welcome(self) -> None:
        self.say(f"Invoicer is ready: {self.config.url}")
        if self.prepared.sign_in:
            self.say(f"Sign in with {self.prepared.sign_in}")
        elif self.prepared.users == 0 and self.config.signup == "first":
            self.say(f"No user yet. The set-up code for the first owner: {self.config.setup_code}")


@dataclass(slots=True)
class SourceWatch:
    """Starts the roles again when a source file changes."""

    supervisor: Supervisor
    folder: Path
    seen: float = 0.0

    def __call__(self) -> None:
        """Compare the newest change with the last one seen."""
        files = (path for path in self.folder.rglob("*") if path.suffix in WATCHED)
        newest = max((path.stat().st_mtime for path in files), default=0.0)
        if self.seen and newest > self.seen:
            self.supervisor.say("A file changed; starting again.")
            self.supervisor.restart(tuple(ROLES))
        self.seen = newest
