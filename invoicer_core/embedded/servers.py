"""Which database and Redis this installation uses: those given by URL, or the embedded ones.

Imports little: the supervisor, which lives as long as the installation, imports this.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import Popen

from invoicer_core.config import Config, make_data_folder, store_secret
from invoicer_core.embedded.account import (
    ServerError,
    run_folder,
    server_account,
    server_folder,
)
from invoicer_core.embedded.postgres import Postgres, postgres_server, wheel_binaries
from invoicer_core.embedded.process import tail, wait_until
from invoicer_core.embedded.valkey import Valkey, valkey_server

DATABASE = "invoicer"


@dataclass(frozen=True, slots=True)
class Servers:
    """The embedded servers that the configuration asks for; None where a URL was given."""

    config: Config
    postgres: Postgres | None
    valkey: Valkey | None

    @property
    def each(self) -> tuple[Postgres | Valkey, ...]:
        """The servers to run, in the order to start them."""
        return tuple(server for server in (self.postgres, self.valkey) if server is not None)


def embedded_servers(config: Config) -> Servers:
    """Describe the servers (nothing is started) and fill their addresses into the config.

    Raises:
        ServerError: there is nothing to run here.
    """
    if config.database_url and config.redis_url:
        return Servers(config, None, None)
    account = server_account()
    sockets = run_folder(account, config.data)
    postgres = valkey = None
    if config.database_url is None:
        postgres = postgres_server(
            account,
            folder=server_folder(account, config.data, "postgres"),
            sockets=sockets,
            binaries=config.pg_bin,
        )
        urls = [
            postgres.url(login, embedded_password(config.data, login), DATABASE)
            for login in ("invoicer_app", "invoicer_gate", "invoicer_owner", "invoicer_sql")
        ]
        config = replace(
            config, database_url=urls[0], gate_url=urls[1], owner_url=urls[2], sql_url=urls[3]
        )
    if config.redis_url is None:
        folder = server_folder(account, config.data, "redis")
        valkey = valkey_server(account, folder=folder, sockets=sockets)
        config = replace(config, redis_url=valkey.url())
    return Servers(config, postgres, valkey)


def embedded_password(data: Path, login: str) -> str:
    """The password of one embedded login, generated and stored on first use.

    The gate has the app's: who knows one address of the run time knows both.
    """
    name = login.removeprefix("invoicer_").upper().replace("GATE", "APP")
    fresh = secrets.token_urlsafe(24)
    return store_secret(data, f"EMBEDDED_{name}_PASSWORD", fresh, replace=False)


@contextmanager
def data_lock(config: Config) -> Iterator[bool]:
    """Hold the data folder; yields False when another process on this machine holds it."""
    make_data_folder(config.data)
    handle = os.open(config.data / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def await_ready(server: Postgres | Valkey, child: Popen[bytes], seconds: float) -> None:
    """Wait until the child serves.

    Raises:
        ServerError: it ended, or time is up; the message has the end of its log.
    """
    wait_until(lambda: child.poll() is not None or server.is_ready(child), seconds)
    if not server.is_ready(child):
        program = Path(str(child.args[0] if isinstance(child.args, list) else child.args)).name
        raise ServerError(f"{program} did not start; see {server.log}:\n{tail(server.log)}")


def psql_program(config: Config) -> str:
    """The psql to run: beside the embedded server's programs, else the one on the path."""
    if config.pg_bin is not None:
        return str(config.pg_bin / "psql")
    try:
        return str(wheel_binaries(server_account()) / "psql")
    except ServerError:
        return "psql"
