"""Which database and Redis this installation uses: those given by URL, or the embedded ones."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import Popen
from urllib.parse import SplitResult, unquote, urlsplit

import psycopg

from invoicer_core.config import Config, libpq_url, make_data_folder, store_secret
from invoicer_core.embedded.account import (
    ServerError,
    run_folder,
    server_account,
    server_folder,
)
from invoicer_core.embedded.postgres import Postgres, postgres_server, wheel_binaries
from invoicer_core.embedded.process import tail, wait_until
from invoicer_core.embedded.valkey import Valkey, valkey_server
from invoicer_core.models.logins import (
    APP,
    GATE,
    OWNER,
    LoginPasswords,
    ensure_database,
    ensure_grants,
    ensure_logins,
)

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
        words = embedded_passwords(config.data)
        config = replace(
            config,
            database_url=postgres.url(APP, words.app or "", DATABASE),
            gate_url=postgres.url(GATE, words.gate or "", DATABASE),
            owner_url=postgres.url(OWNER, words.owner or "", DATABASE),
        )
    if config.redis_url is None:
        folder = server_folder(account, config.data, "redis")
        valkey = valkey_server(account, folder=folder, sockets=sockets)
        config = replace(config, redis_url=valkey.url())
    return Servers(config, postgres, valkey)


def embedded_passwords(data: Path) -> LoginPasswords:
    """The embedded logins' passwords, generated and stored on first use."""

    def word(name: str) -> str:
        fresh = secrets.token_urlsafe(24)
        return store_secret(data, f"EMBEDDED_{name}_PASSWORD", fresh, replace=False)

    return LoginPasswords(word("OWNER"), word("APP"), word("APP"), word("SQL"))


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


@contextmanager
def running(config: Config) -> Iterator[Config]:
    """The configuration with addresses that answer, for one command.

    Embedded servers that ``up`` runs already are used; otherwise they are started, and stopped
    again at the end.

    Raises:
        ServerError: they can be neither found nor started.
    """
    servers = embedded_servers(config)
    with ExitStack() as stack:
        if servers.each:
            if stack.enter_context(data_lock(config)):
                for server in servers.each:
                    _start(stack, server)
                if servers.postgres is not None:
                    ensure_embedded_database(servers.postgres, servers.config.data)
            elif not wait_until(lambda: all(s.is_running() for s in servers.each), 20):
                raise ServerError(
                    f"Another process holds {config.data} but its servers do not answer."
                )
        yield servers.config


def _start(stack: ExitStack, server: Postgres | Valkey) -> None:
    server.prepare()
    child = server.start()
    stack.callback(server.stop, child)
    await_ready(server, child, 60)


def await_ready(server: Postgres | Valkey, child: Popen[bytes], seconds: float) -> None:
    """Wait until the child serves.

    Raises:
        ServerError: it ended, or time is up; the message has the end of its log.
    """
    wait_until(lambda: child.poll() is not None or server.is_ready(child), seconds)
    if not server.is_ready(child):
        program = Path(str(child.args[0] if isinstance(child.args, list) else child.args)).name
        raise ServerError(f"{program} did not start; see {server.log}:\n{tail(server.log)}")


def ensure_embedded_database(postgres: Postgres, data: Path, name: str = DATABASE) -> None:
    """The logins, the database and its grants on a running embedded server; idempotent."""
    with psycopg.connect(postgres.superuser(), autocommit=True) as connection:
        with connection.transaction():
            ensure_logins(connection, embedded_passwords(data))
        ensure_database(connection, name)
    with psycopg.connect(postgres.superuser(name), autocommit=True) as connection:
        ensure_grants(connection)


def ensure_given_database(config: Config) -> tuple[str, ...]:
    """The same on a managed server, as its owner; returns what could not be done.

    The database itself must exist. Passwords are those in ``DATABASE_URL`` and
    ``DATABASE_GATE_URL``.

    Raises:
        ServerError: ``DATABASE_OWNER_URL`` is absent or does not connect.
    """
    if config.owner_url is None or config.database_url is None or config.gate_url is None:
        raise ServerError("DATABASE_OWNER_URL is needed to create logins and to migrate.")
    app, gate = urlsplit(config.database_url), urlsplit(config.gate_url)
    words = LoginPasswords(None, _word(app), _word(gate), None)
    try:
        with psycopg.connect(libpq_url(config.owner_url), autocommit=True) as connection:
            refused: tuple[str, ...] = ()
            try:
                with connection.transaction():
                    ensure_logins(connection, words)
            except psycopg.errors.InsufficientPrivilege as error:
                refused = (f"Logins: {error.diag.message_primary}",)
            return refused + ensure_grants(connection)
    except psycopg.OperationalError as error:
        raise ServerError(f"DATABASE_OWNER_URL does not connect: {error}") from error


def _word(url: SplitResult) -> str | None:
    return unquote(url.password) if url.password else None


def psql_program(config: Config) -> str:
    """The psql to run: beside the embedded server's programs, else the one on the path."""
    if config.pg_bin is not None:
        return str(config.pg_bin / "psql")
    try:
        return str(wheel_binaries(server_account()) / "psql")
    except ServerError:
        return "psql"
