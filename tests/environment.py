"""The real servers of a test run: started once, shared by all workers, gone with the run.

Run as a program it holds PostgreSQL and Valkey for the process whose id it is given, and ends
when that process does, however that happens. The workers find the addresses in ``state.json``.
"""

import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg

from invoicer_core.embedded.account import Account, server_account
from invoicer_core.embedded.postgres import Postgres, postgres_server
from invoicer_core.embedded.servers import await_ready
from invoicer_core.embedded.valkey import valkey_server
from invoicer_core.models.logins import (
    APP,
    GATE,
    OWNER,
    SQL,
    LoginPasswords,
    ensure_database,
    ensure_grants,
    ensure_logins,
)

TEMPLATE = "invoicer_template"
PASSWORD = "only-for-this-test-run"
WORDS = LoginPasswords(PASSWORD, PASSWORD, PASSWORD, PASSWORD)
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Environment:
    """Where the servers of this run are."""

    folder: str
    account: str
    sockets: str
    binaries: str
    redis_program: str
    postgres_pid: int
    valkey_pid: int

    @property
    def postgres(self) -> Postgres:
        """The description of the server, for addresses."""
        account = Account(self.account, 0, 0, switch=False)
        folder = Path(self.folder) / "postgres"
        return Postgres(account, folder, Path(self.sockets), Path(self.binaries))

    def database_url(self, database: str, login: str = APP) -> str:
        """A SQLAlchemy URL for one of the four logins."""
        return self.postgres.url(login, PASSWORD, database)

    def redis_url(self, number: int) -> str:
        """The address of one numbered Redis database."""
        return f"unix://{self.sockets}/redis.sock?db={number}"

    def create_database(self, name: str) -> None:
        """A migrated database of that name, or the one that is there already."""
        with psycopg.connect(self.postgres.superuser(), autocommit=True) as connection:
            ensure_database(connection, name, template=TEMPLATE)

    def redis_number(self, database: str) -> int:
        """The Redis that goes with a database: each has one of its own, because a worker takes
        whatever job it finds, also one about the rows of another database."""
        with (Path(self.folder) / "redis.txt").open("a+") as given:
            fcntl.flock(given, fcntl.LOCK_EX)
            given.seek(0)
            names = given.read().split()
            if database not in names:
                given.write(f"{database}\n")
                names.append(database)
            return names.index(database)

    def variables(self, database: str) -> dict[str, str]:
        """The environment variables that lead a process of ours to these servers."""
        return {
            "DATABASE_URL": self.database_url(database, APP),
            "DATABASE_GATE_URL": self.database_url(database, GATE),
            "DATABASE_OWNER_URL": self.database_url(database, OWNER),
            "DATABASE_SQL_URL": self.database_url(database, SQL),
            "REDIS_URL": self.redis_url(self.redis_number(database)),
        }


def find_or_start(folder: Path, watched_pid: int) -> Environment:
    """The run's servers; the first worker to ask starts the program that holds them.

    Raises:
        RuntimeError: they did not start; the message has the program's output.
    """
    state, log = folder / "state.json", folder / "holder.log"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not state.exists():
            with log.open("wb") as output:
                command = [sys.executable, "-m", "tests.environment", str(folder), str(watched_pid)]
                holder = subprocess.Popen(
                    command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True
                )
            end = time.monotonic() + 120
            while not state.exists():
                if holder.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"The test servers did not start:\n{log.read_text()}")
                select.select([], [], [], 0.02)
    return Environment(**json.loads(state.read_text()))


@contextmanager
def _servers(folder: Path) -> Iterator[Environment]:
    account = server_account()
    sockets = folder / "run"
    sockets.mkdir(mode=0o700)
    os.chown(sockets, account.uid, account.gid)
    postgres = postgres_server(
        account,
        folder=folder / "postgres",
        sockets=sockets,
        binaries=Path(os.environ["INVOICER_PG_BIN"]) if "INVOICER_PG_BIN" in os.environ else None,
        extra={"max_connections": "500"},
    )
    valkey = valkey_server(account, folder=folder / "redis", sockets=sockets, databases=256)
    pids = []
    with ExitStack() as stack:
        for server in (postgres, valkey):
            server.prepare()
            child = server.start()
            stack.callback(server.stop, child)
            await_ready(server, child, 60)
            pids.append(child.pid)
        _make_template(postgres)
        yield Environment(
            str(folder),
            account.name,
            str(sockets),
            str(postgres.binaries),
            str(valkey.program),
            *pids,
        )


def _make_template(postgres: Postgres) -> None:
    from invoicer_core.host.lineages import plugin_lineages
    from invoicer_core.host.registry import discover
    from invoicer_core.models.migrate import upgrade_all

    with psycopg.connect(postgres.superuser(), autocommit=True) as connection:
        with connection.transaction():
            ensure_logins(connection, WORDS)
        ensure_database(connection, TEMPLATE)
    with psycopg.connect(postgres.superuser(TEMPLATE), autocommit=True) as connection:
        ensure_grants(connection)
    upgrade_all(postgres.url(OWNER, PASSWORD, TEMPLATE), plugin_lineages(discover()))


def main(folder: Path, watched_pid: int) -> None:
    """Hold the servers until the watched process ends, then remove the folder."""
    watched = os.pidfd_open(watched_pid)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with _servers(folder) as environment:
        fresh = folder / "state.new"
        fresh.write_text(json.dumps(asdict(environment)))
        fresh.rename(folder / "state.json")
        select.select([watched], [], [])
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
