"""Makes a database ready to be used: logins, grants; and servers for one command."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import psycopg

from invoicer_core.config import Config, libpq_url
from invoicer_core.embedded.account import ServerError
from invoicer_core.embedded.postgres import Postgres
from invoicer_core.embedded.process import wait_until
from invoicer_core.embedded.servers import (
    DATABASE,
    Servers,
    await_ready,
    data_lock,
    embedded_password,
    embedded_servers,
)
from invoicer_core.embedded.valkey import Valkey
from invoicer_core.models.logins import (
    LOGINS,
    LoginPasswords,
    ensure_database,
    ensure_grants,
    ensure_logins,
)


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
                    ensure_embedded_database(servers.postgres, config.data)
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


def ensure(servers: Servers) -> tuple[str, ...]:
    """Logins, database and grants, wherever the database is; returns what could not be done.

    Raises:
        ServerError: the database is given by URL and ``DATABASE_OWNER_URL`` does not work.
    """
    if servers.postgres is not None:
        return ensure_embedded_database(servers.postgres, servers.config.data)
    return ensure_given_database(servers.config)


def ensure_embedded_database(postgres: Postgres, data: Path) -> tuple[str, ...]:
    """The logins, the database and its grants on a running embedded server; idempotent.

    Returns what could not be done: an extension that other programs (``INVOICER_PG_BIN``) lack.
    """
    words = LoginPasswords(*(embedded_password(data, login) for login in LOGINS))
    with psycopg.connect(postgres.superuser(), autocommit=True) as connection:
        with connection.transaction():
            ensure_logins(connection, words)
        ensure_database(connection, DATABASE)
    with psycopg.connect(postgres.superuser(DATABASE), autocommit=True) as connection:
        return ensure_grants(connection)


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
    asks = urlsplit(config.sql_url or "")
    words = LoginPasswords(None, _word(app), _word(gate), _word(asks))
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
