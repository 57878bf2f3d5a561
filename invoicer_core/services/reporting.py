"""Runs one SELECT for a member's question, as the login that reads six views and nothing else.

The statement may be hostile: it is wrapped, so that only a query fits in, sent by the protocol that
takes one statement, in a read-only transaction whose business was set before and which it has no
right to set anew. Whether it is sensible at all is for the caller to decide, before.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from logging import getLogger
from threading import Event, Lock, Timer
from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy import text

from invoicer_core.config import libpq_url
from invoicer_core.domain.errors import InvalidInput, TooManyRequests, Unavailable
from invoicer_core.domain.saying import say
from invoicer_core.models import db
from invoicer_core.models.logins import SET_CONFIG
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import secret_keys

MOST_ROWS: Final = 1_000
LONGEST_ROW: Final = 65_536
"""Bytes of one row, told by the database before it is sent."""

MOST_SIGNS: Final = 4_000_000
"""Of all rows of a result together."""

SECONDS: Final = 3
CANCEL_AFTER: Final = 4.0
LEAVE_AFTER: Final = 1.0
AT_A_TIME: Final = 2
_SLOTS: Final = 7_204_119  # the first of AT_A_TIME numbers that nothing else takes
_LIMITS: Final = (
    "SET LOCAL search_path = reporting",
    "SET LOCAL statement_timeout = '3s'",
    "SET LOCAL lock_timeout = '500ms'",
    "SET LOCAL work_mem = '16MB'",
    "SET LOCAL max_parallel_workers_per_gather = 0",
    "SET LOCAL datestyle = 'ISO'",
)
log: Final = getLogger(__name__)


class StatementFailed(InvalidInput):
    """The database did not run it. ``kind`` is the class of its error, e.g. ``GroupingError``; its
    text is logged only, for it may quote rows."""

    def __init__(self, detail: str, *, kind: str) -> None:
        super().__init__(detail)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Answered:
    """What a statement found: names and types of the columns, and at most 1,000 rows."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    is_cut: bool


def described() -> dict[str, dict[str, str]]:
    """The views and their columns with what the database says about them; ``""`` is the view."""
    found = db.session.execute(
        text(
            "SELECT c.relname, coalesce(a.attname, ''), coalesce(format_type(a.atttypid, -1), ''),"
            " coalesce(d.description, '') FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'reporting'"
            " CROSS JOIN LATERAL (SELECT 0::int2 AS attnum, NULL::name AS attname,"
            "  NULL::oid AS atttypid UNION ALL SELECT attnum, attname, atttypid FROM pg_attribute"
            "  WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) a"
            " LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass"
            "  AND d.objsubid = a.attnum WHERE c.relkind = 'v' ORDER BY c.relname, a.attnum"
        )
    ).all()
    views: dict[str, dict[str, str]] = {}
    for view, column, kind, comment in found:
        views.setdefault(view, {})[column] = f"{kind} {comment}".strip()
    return views


def run(statement: str, *, cancel_after: float = CANCEL_AFTER) -> Answered:
    """Run a SELECT within the current business.

    Raises:
        StatementFailed: the database refuses it, or it takes longer than 3 s.
        TooManyRequests: two of this business run already.
        Unavailable: the login does not work here, or its walls are not there.
    """
    business = current_business_id()
    with _slot(business), _connected(business) as connection:
        running = _Running(connection)
        timer = Timer(cancel_after, running.stop)
        timer.daemon = True
        timer.start()
        try:
            return _asked(connection, statement)
        except psycopg.Error as error:
            raise _failure(error, left=running.is_left) from None
        finally:
            timer.cancel()
            running.end()


def _asked(connection: psycopg.Connection[Any], statement: str) -> Answered:
    # The root of what is left of a row's room: an error, where there is none left.
    wrapped = (
        f"SELECT * FROM (\n{statement}\n) q"  # noqa: S608
        f" WHERE sqrt({LONGEST_ROW} - octet_length(q::text)) >= 0 LIMIT {MOST_ROWS + 1}"
    )
    rows, room = [], MOST_SIGNS
    with connection.cursor() as cursor:
        # By the protocol that takes one statement, row by row: no result fills our memory.
        for row in cursor.stream(wrapped.encode()):
            room -= sum(len(str(cell)) for cell in row)
            if room < 0:
                raise StatementFailed(_TOO_LARGE, kind="TooLarge")
            rows.append(row)
        described = cursor.description or ()
    known = connection.adapters.types
    types = [known.get(column.type_code) for column in described]
    return Answered(
        tuple(column.name for column in described),
        tuple(kind.name if kind is not None else "text" for kind in types),
        tuple(rows[:MOST_ROWS]),
        len(rows) > MOST_ROWS,
    )


@contextmanager
def _connected(business: int) -> Iterator[psycopg.Connection[Any]]:
    url = secret_keys.settings().sql_url
    try:
        connection = psycopg.connect(libpq_url(url or ""), connect_timeout=3, autocommit=True)
    except psycopg.OperationalError as error:
        log.warning("the login for questions does not connect: %s", error)
        raise Unavailable(
            say("Questions cannot be asked just now. Try again in a minute.")
        ) from None
    try:
        _prepare(connection, business)
        yield connection
    finally:
        connection.close()


def _prepare(connection: psycopg.Connection[Any], business: int) -> None:
    """Raises Unavailable where a statement could choose its business itself."""
    row = connection.execute(
        "SELECT has_function_privilege(%s, 'EXECUTE'), rolsuper OR rolbypassrls"
        " FROM pg_roles WHERE rolname = current_user",
        (SET_CONFIG,),
    ).fetchone()
    if row is None or row[0] or row[1]:
        log.error("invoicer_sql may call set_config(), or passes row level security: see doctor")
        raise Unavailable(
            say("Questions are off on this installation: `invoicer doctor` tells why.")
        )
    connection.execute("BEGIN READ ONLY")
    connection.execute(sql.SQL("SET LOCAL app.business_id = {}").format(sql.Literal(str(business))))
    for limit in _LIMITS:
        connection.execute(limit)


@contextmanager
def _slot(business: int) -> Iterator[None]:
    """One of two places that a business has, in all processes together."""
    with db.engine.connect() as connection:
        for place in range(AT_A_TIME):
            taken = connection.scalar(
                text("SELECT pg_try_advisory_xact_lock(:slot, :business)"),
                {"slot": _SLOTS + place, "business": business % 2**31},
            )
            if taken:
                yield
                return
    raise TooManyRequests(
        say("Two questions of your business are running. Try again when they are done."), 5
    )


class _Running:
    """A statement under way, to be stopped from another thread."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._ended = Event()
        self._guard = Lock()
        self.is_left = False

    def stop(self) -> None:
        """Cancel it. Where the database is inside of one computation it hears nothing: then the
        line is cut, so that whoever asked need not wait."""
        try:
            self._connection.cancel_safe(timeout=2)
        except psycopg.Error as error:
            log.warning("a question could not be cancelled: %s", error)
        if self._ended.wait(LEAVE_AFTER):
            return
        with self._guard:
            if self._ended.is_set():
                return
            self.is_left = True
            with socket.socket(fileno=os.dup(self._connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)
        log.warning("a question was left to itself: the database did not stop it")

    def end(self) -> None:
        """It is over: its connection may be closed."""
        with self._guard:
            self._ended.set()


def _failure(error: psycopg.Error, *, left: bool) -> StatementFailed:
    kind = "Left" if left else type(error).__name__
    log.info("a question failed: %s: %s", kind, error.diag.message_primary or error)
    if left or isinstance(error, psycopg.errors.QueryCanceled):
        return StatementFailed(
            say("It took longer than %(seconds)s seconds. Ask for a shorter period, or fewer "
                "tables at once.", seconds=SECONDS),
            kind=kind,
        )  # fmt: skip
    return StatementFailed(_WORDS.get(kind, say("The database could not run this.")), kind=kind)


_TOO_LARGE: Final = say("The result is too large: choose fewer columns or rows.")
_WORDS: Final = {
    "InvalidArgumentForPowerFunction": say("A row of the result is longer than it may be, or a "
                                           "root or power has no value: choose fewer columns, or "
                                           "shorten texts."),
    "OutOfMemory": _TOO_LARGE,
    "ProgramLimitExceeded": _TOO_LARGE,
    "GroupingError": say("Each column of the result stands in GROUP BY, or in a sum, count or the "
                         "like."),
    "DivisionByZero": say("It divides by zero: write x / NULLIF(y, 0)."),
    "UndefinedFunction": say("A function or operator does not fit the types it is given: compare "
                             "texts with texts, numbers with numbers, or convert with CAST."),
    "DatatypeMismatch": say("Types do not fit together: convert one of them with CAST."),
    "InvalidTextRepresentation": say("A text is no number or date, as it is used here."),
    "InvalidDatetimeFormat": say("Write days as '2026-11-20'."),
    "AmbiguousColumn": say("A column is in several tables: write the table’s name in front."),  # noqa: RUF001
    "CardinalityViolation": say("A sub-select gives several rows where one is wanted."),
    "UndefinedTable": say("A table’s name does not fit: is its alias used everywhere?"),  # noqa: RUF001
    "UndefinedColumn": say("There is no such column at that place."),
    "DiskFull": say("It needs too much room. Ask for less."),
    "ConfigurationLimitExceeded": say("It needs too much room. Ask for less."),
}  # fmt: skip
