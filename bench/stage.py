"""A whole installation of its own for one benchmark: servers, web, and the jobs when asked for.

It lives in a temporary folder and on a free port, and is gone afterwards. Figures mean something
only beside each other: every script prints ratios of what it measured in one run.
"""

import http.client
import json
import os
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from invoicer_core.config import Config, libpq_url
from invoicer_core.embedded.databases import running
from invoicer_core.embedded.servers import embedded_servers
from invoicer_core.host.lineages import plugin_lineages
from invoicer_core.host.registry import discover
from invoicer_core.models.migrate import upgrade_all

COMMAND = (sys.executable, "-m", "invoicer_core.cli")


@dataclass
class Stage:
    """What a benchmark talks to."""

    config: Config
    port: int
    owner_url: str
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, *roles: str) -> None:
        """Run these roles: web, worker, clock."""
        for role in roles:
            log = (self.config.data / f"{role}.log").open("wb")
            self.children[role] = subprocess.Popen(
                [*COMMAND, role], env=self.config.child_environ(), stdout=log, stderr=log
            )
        if "web" in roles:
            _until(lambda: self.call("GET", "/healthz")[0] == 200, 180)

    def stop(self, *roles: str) -> None:
        """End these roles, and wait for them."""
        for role in roles:
            child = self.children.pop(role)
            child.send_signal(signal.SIGTERM)
            child.wait(30)

    def connect(self) -> http.client.HTTPConnection:
        """A connection that stays open."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def call(
        self, method: str, path: str, body: Any = None, token: str | None = None
    ) -> tuple[int, Any]:
        """One request on a connection of its own; the status and the parsed body."""
        connection = self.connect()
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            connection.request(
                method, path, json.dumps(body) if body is not None else None, headers
            )
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text
        finally:
            connection.close()

    def owner(self) -> str:
        """A new owner with a business; the access token."""
        return self.account()[1]

    def account(self) -> tuple[dict[str, str], str]:
        """A new user, who owns a business; its e-mail address with password, the access token."""
        account = {"email": f"{secrets.token_hex(6)}@bench.test", "password": secrets.token_hex(12)}
        status, answer = self.call("POST", "/api/v1/auth/register", account)
        assert status == 200, answer
        status, answer = self.call("POST", "/api/v1/auth/login", account)
        assert status == 200, answer
        return account, str(answer["token"])

    def business(self, token: str) -> int:
        """The id of the token's business."""
        status, answer = self.call("GET", "/api/v1/businesses", None, token)
        assert status == 200, answer
        return int(answer[0]["id"])

    def client(self, token: str) -> int:
        """A client of the token's business; its id."""
        body = {"name": "Bench client", "email": f"{secrets.token_hex(6)}@client.test"}
        status, answer = self.call("POST", "/api/v1/clients", body, token)
        assert status == 201, answer
        return int(answer["id"])


def _until(met: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            if met():
                return
        except OSError:
            pass
        if time.monotonic() > end:
            raise TimeoutError("the server did not answer in time")
        time.sleep(0.05)


@contextmanager
def stage(*, commit_times: bool = False, **environ: str) -> Iterator[Stage]:
    """Servers, migrated, with nothing of ours running yet.

    Args:
        commit_times: PostgreSQL notes the instant of each commit (``pg_xact_commit_timestamp``).
        environ: settings of the installation.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
        Path(folder).chmod(0o711)  # the servers' own account passes through
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        given = {
            **os.environ,
            "INVOICER_DATA": str(Path(folder) / "data"),
            "PORT": str(port),
            "INVOICER_SIGNUP": "open",
            "INVOICER_RATE_LIMIT_ACCOUNT": "off",
            "INVOICER_RATE_LIMIT_ADDRESS": "off",
            "INVOICER_RATE_LIMIT_SIGN_IN": "off",
            "LOG_LEVEL": "warning",
            **environ,
        }
        for name in ("DATABASE_URL", "DATABASE_GATE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
            given.pop(name, None)
        wanted = Config.from_environ(given)
        if commit_times:
            _note_commit_times(wanted)
        config = stack.enter_context(running(wanted))
        assert config.owner_url is not None
        upgrade_all(config.owner_url, plugin_lineages(discover(config.plugins)))
        made = Stage(replace(config, owner_url=None), port, libpq_url(config.owner_url))
        try:
            yield made
        finally:
            made.stop(*list(made.children))


def _note_commit_times(config: Config) -> None:
    """Takes effect with the next start of the server."""
    server = embedded_servers(config).postgres
    assert server is not None
    with running(config), psycopg.connect(server.superuser(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all lies below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)
