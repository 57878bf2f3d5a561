"""Contains one call of a plugin inside the core's transaction.

What is contained: raising, bad SQL, committing or rolling back, wrong types, and waiting. What
cannot be, within one process: spinning and eating memory; ``watch`` finds those afterwards.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import Any, Final, NoReturn, TypeVar
from weakref import WeakSet

import psycopg
from gevent import Timeout
from gevent.monkey import is_module_patched
from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session, scoped_session

from invoicer_core.host.states import AnySession

T = TypeVar("T")

LIMIT: Final = 2.0
"""Seconds that a hook may take inside a transaction or while a page is rendered."""

MOST_ANSWERS: Final = 20

_ENDING: Final = re.compile(
    r"(?:\A|;)\s*(?:commit|end|abort|begin|start\s+transaction|prepare\s+transaction"
    r"|rollback(?!\s+(?:work\s+|transaction\s+)?to))\b",
    re.IGNORECASE,
)
_ENDS: Final = ("commit", "rollback", "close")
_guarded: ContextVar[str | None] = ContextVar("invoicer_guarded_plugin", default=None)
_engines: WeakSet[Engine] = WeakSet()


class HookFailed(Exception):
    """A hook did something that it may not; the message says what, in words for the owner."""


class TransactionEnded(HookFailed):
    """A hook tried to commit or roll back the core's transaction."""


def answers(
    session: AnySession,
    plugin: str,
    expected: type[T],
    ask: Callable[[], Iterable[T] | None],
    *,
    most: int = MOST_ANSWERS,
) -> list[T]:
    """What a hook answers, of the expected type, at most ``most``.

    Runs under a savepoint of its own: what the hook wrote stays only when it ends well.

    Raises:
        HookFailed: it raised, waited too long, touched the transaction, or answered nonsense.
    """
    with contained(session, plugin):
        found = ask()
        if found is None:
            return []
        if isinstance(found, str | bytes) or not isinstance(found, Iterable):
            raise HookFailed(f"answered {type(found).__name__} instead of {expected.__name__}s")
        items = list(islice(iter(found), most + 1))
        if len(items) > most:
            raise HookFailed(f"gave more than {most} answers")
        for item in items:
            if not isinstance(item, expected):
                raise HookFailed(f"answered {type(item).__name__} instead of {expected.__name__}")
        return items


@contextmanager
def contained(session: AnySession, plugin: str, seconds: float | None = None) -> Iterator[None]:
    """Savepoint, commit guard and time limit (`LIMIT` unless given) around a block of a plugin's
    code.

    Raises:
        HookFailed: whatever the block did wrong; the transaction is as it was before.
    """
    real = session() if isinstance(session, scoped_session) else session
    _listen(real)
    savepoint = real.begin_nested()
    try:
        with _no_ending(real, plugin), time_limit(LIMIT if seconds is None else seconds):
            yield
            real.flush()
    except BaseException as error:
        _settle(real)
        savepoint.rollback()
        if isinstance(error, HookFailed):
            raise
        if isinstance(error, Exception | SystemExit):
            raise HookFailed(f"raised {type(error).__name__}: {error}") from error
        raise
    savepoint.commit()


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt what *waits* longer; works in gevent workers only, elsewhere it does nothing.

    Raises:
        HookFailed: the time was over.
    """
    if not is_module_patched("socket"):
        yield
        return
    limit = Timeout.start_new(seconds)
    try:
        yield
    except Timeout as over:
        if over is not limit:
            raise
        raise HookFailed(f"took longer than {seconds:g} s") from None
    finally:
        limit.close()


@contextmanager
def _no_ending(session: Session, plugin: str) -> Iterator[None]:
    """Refuse to end the transaction; a plugin that swallows the refusal is refused afterwards."""
    tried: list[str] = []

    def refuse(*_: Any, **__: Any) -> NoReturn:
        tried.append(plugin)
        raise TransactionEnded("tried to commit or roll back the transaction it was called in")

    token = _guarded.set(plugin)
    with ExitStack() as hidden:
        hidden.callback(_guarded.reset, token)
        connection = session.connection()
        for thing in (session, connection):
            for name in _ENDS:
                hidden.callback(vars(thing).pop, name)
                setattr(thing, name, refuse)
        hidden.callback(vars(connection).pop, "invalidate")
        setattr(connection, "invalidate", _keep)  # noqa: B010 - on this one object only
        yield
    if tried:
        raise TransactionEnded("tried to commit or roll back the transaction it was called in")


def _keep(*_: Any) -> None:
    """SQLAlchemy would throw away a connection whose query was interrupted, and the core's
    transaction with it; ``_settle`` brings it back in order instead."""


def _listen(session: Session) -> None:
    """Watch the engine for a hidden end of the transaction; once per engine, and only in
    installations where some plugin has a hook in transactions."""
    engine = session.connection().engine
    if engine in _engines:
        return
    _engines.add(engine)
    event.listen(engine, "before_cursor_execute", _refuse_ending)
    event.listen(engine, "commit", _refuse_end)
    event.listen(engine, "rollback", _refuse_end)


def _refuse_ending(_conn: Connection, _cursor: Any, statement: str, *_: Any) -> None:
    if _guarded.get() is not None and _ENDING.search(statement):
        raise TransactionEnded("tried to end the transaction it was called in, by SQL")


def _refuse_end(_conn: Connection) -> None:
    if _guarded.get() is not None:
        raise TransactionEnded("tried to end the transaction it was called in")


def _settle(session: Session) -> None:
    """A query that was interrupted half-way still occupies the connection: cancel and drain it,
    so that the savepoint can be rolled back."""
    raw = session.connection().connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        return
    if raw.info.transaction_status != TransactionStatus.ACTIVE:
        return
    raw.cancel_safe(timeout=LIMIT)
    while raw.pgconn.get_result() is not None:
        pass
