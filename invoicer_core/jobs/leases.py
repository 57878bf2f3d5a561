"""Who works on a delivery: an advisory lock for as long as the process lives, and a lease in the
row, renewed every few seconds, so that others can tell when it has died.

The lock makes sure that a worker which only stalled is never joined by a second one; the lease
that what a dead worker left is handed out again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging import getLogger
from threading import Event, Lock, Thread
from typing import Any, Final

import psycopg
from redis import RedisError

from invoicer_core.config import libpq_url

LEASE: Final = 10
RENEW: Final = 3.0
LOCKS: Final = 5 << 60
"""Where the advisory locks of deliveries begin: the key is this plus the id."""

log: Final = getLogger(__name__)

_BEGIN: Final = (
    "UPDATE deliveries SET attempts = attempts + 1,"
    " leased_until = now() + make_interval(secs => %s)"
    " WHERE id = %s AND state = 'leased' AND attempts = %s RETURNING id"
)
_RENEW: Final = (
    "UPDATE deliveries SET leased_until = now() + make_interval(secs => %s)"
    " WHERE id IN (SELECT id FROM deliveries WHERE id = ANY(%s) AND state = 'leased'"
    " FOR UPDATE SKIP LOCKED)"
)

Connection = psycopg.Connection[Any]


def gate_connection(gate_url: str | None) -> Connection:
    """A connection of its own as the gate login, outside of any pool, in autocommit.

    Raises:
        psycopg.OperationalError: PostgreSQL is away.
    """
    return psycopg.connect(
        libpq_url(gate_url or ""),
        autocommit=True,
        connect_timeout=5,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
    )


class Leases:
    """The leases of one process. Make it after a fork."""

    def __init__(self, gate_url: str | None, also: Callable[[], None] = lambda: None) -> None:
        """
        Args:
            also: called every 3 s beside the renewals, e.g. to be seen; may raise RedisError.
        """
        self._gate_url = gate_url
        self._connection: Connection | None = None
        self._ids: set[int] = set()
        self._guard = Lock()
        self._stop = Event()
        self._also = also
        self._thread = Thread(target=self._renew_for_ever, name="leases", daemon=True)

    def start(self) -> None:
        """Renew from now on, in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Stop renewing and let go."""
        self._stop.set()
        if self._connection is not None:
            self._connection.close()

    @contextmanager
    def batch(self, delivery_ids: list[int]) -> Iterator[None]:
        """Keep the leases of these while the block runs, also of those whose turn is later."""
        with self._guard:
            self._ids.update(delivery_ids)
        try:
            yield
        finally:
            with self._guard:
                self._ids.difference_update(delivery_ids)

    @contextmanager
    def hold(self, delivery_id: int, attempts: int) -> Iterator[bool]:
        """Begin a try; yields False when it is not ours to do (any more).

        Args:
            attempts: how many tries had been begun when it was handed out.

        Raises:
            psycopg.OperationalError: PostgreSQL is away; the lease will run out by itself.
        """
        connection = self._connected()
        key = (LOCKS + delivery_id,)
        locked = connection.execute("SELECT pg_try_advisory_lock(%s)", key).fetchone()
        if not locked or not locked[0]:
            yield False
            return
        try:
            begun = connection.execute(_BEGIN, (LEASE, delivery_id, attempts)).fetchone()
            yield begun is not None
        finally:
            with self._guard:
                self._ids.discard(delivery_id)
            self._unlock(connection, key)

    def _unlock(self, connection: Connection, key: tuple[int]) -> None:
        try:
            connection.execute("SELECT pg_advisory_unlock(%s)", key)
        except psycopg.Error:
            log.warning("the connection of the leases is gone; its locks went with it")
            self._connection = None

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed or self._connection.broken:
            self._connection = gate_connection(self._gate_url)
        return self._connection

    def _renew_for_ever(self) -> None:
        connection: Connection | None = None
        while not self._stop.wait(0 if connection is None else RENEW):
            try:
                if connection is None or connection.broken:
                    connection = gate_connection(self._gate_url)
                with self._guard:
                    ids = list(self._ids)
                if ids:
                    connection.execute(_RENEW, (LEASE, ids))
            except psycopg.Error as error:
                log.warning("leases were not renewed: %s", error)
                connection = None
                if self._stop.wait(1.0):
                    return
            self._note()

    def _note(self) -> None:
        try:
            self._also()
        except RedisError as error:
            log.warning("not noted as alive: %s", error)
