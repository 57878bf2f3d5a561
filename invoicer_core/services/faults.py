"""Refusals of the database and of the disk in the domain's words, for what no service foresaw."""

import errno
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from invoicer_core.domain.errors import Conflict, InvalidInput, InvoicerError, Unavailable
from invoicer_core.domain.saying import say

_BY_STATE: Final = {
    "23505": Conflict(say("Something with the same value is there already.")),
    "23503": Conflict(
        say("Something that this refers to, or that refers to this, stands against it.")
    ),
    "23001": Conflict(say("The books do not allow this change.")),
    "23514": Conflict(say("This would break a rule of the books.")),
    "23502": InvalidInput(say("A value is missing.")),
    "22001": InvalidInput(say("A text is too long.")),
    "22003": InvalidInput(say("A number is too large.")),
    "22007": InvalidInput(say("A date or time is not valid.")),
    "22008": InvalidInput(say("A date or time is out of range.")),
    "22021": InvalidInput(say("A text holds a character that cannot be stored.")),
    "22P02": InvalidInput(say("A value has the wrong form.")),
    "22P05": InvalidInput(say("A text holds a character that cannot be stored.")),
    "40001": Unavailable(say("Others changed the same at the same time. Try again."), 1),
    "40P01": Unavailable(say("Others changed the same at the same time. Try again."), 1),
    "55P03": Unavailable(say("Others are changing the same. Try again."), 1),
    "53300": Unavailable(say("Too many connections to the database. Try again shortly."), 5),
    "57014": Unavailable(say("The database took too long for this. Try again."), 5),
}
_AWAY: Final = Unavailable(say("The database is away for the moment. Nothing was half done."), 5)
_FULL: Final = Unavailable(
    say("The disk of this server is full: nothing was kept. Whoever runs it has to make room."), 60
)
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})


def translated(error: BaseException) -> InvoicerError | None:
    """The domain's error for one of the database or of a full disk; None for any other exception.

    Their own words are for the log, never for an answer.
    """
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return _FULL
    if isinstance(error, PoolTimeout):
        return Unavailable(say("Too many requests wait for the database. Try again shortly."), 2)
    if not isinstance(error, DBAPIError):
        return None
    state = getattr(error.orig, "sqlstate", None)
    if state in _BY_STATE:
        return _BY_STATE[state]
    if error.connection_invalidated or state is None or state[:2] in ("08", "57", "53", "25"):
        return _AWAY if _is_connection(error, state) else None
    return None


def _is_connection(error: DBAPIError, state: str | None) -> bool:
    """Without a state it is a lost connection only if the driver calls it operational."""
    return state is not None or type(error).__name__ in ("OperationalError", "InterfaceError")


def is_outage(error: BaseException) -> bool:
    """Whether the database was away, rather than that it refused: the work itself did not fail."""
    return translated(error) is _AWAY


def is_of_database(error: BaseException) -> bool:
    """Whether the exception comes from the database layer."""
    return isinstance(error, SQLAlchemyError)
