"""Statements of the busiest requests, given to the driver as they are.

The object mapper takes every result apart anew, and the driver looks for parameters in a long text
each time that it is sent. Here a text is taken apart once.
"""

import re
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, Final

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy.exc import DBAPIError

from invoicer_core.models.base import db

_NAME: Final = re.compile(r"%\((\w+)\)s")


class Statement:
    """SQL with parameters as ``%(name)s``; a percent sign is written as it is."""

    __slots__ = ("names", "text")

    def __init__(self, text: str) -> None:
        places: dict[str, int] = {}
        self.text = _NAME.sub(
            lambda found: f"${places.setdefault(found[1], len(places) + 1)}", text
        )
        self.names = tuple(places)

    def first(self, parameters: Mapping[str, Any], *, commit: bool = False) -> Any:
        """The first row, its columns as attributes; None without rows.

        Args:
            parameters: more than those of the statement may be in it.
            commit: send COMMIT along, in one flight.

        Raises:
            sqlalchemy.exc.DBAPIError: what the database refuses, as for any other statement.
        """
        connection = db.session.connection()
        driver: Any = connection.connection.driver_connection
        values = [parameters[name] for name in self.names]
        try:
            with (
                driver.pipeline() if commit else nullcontext(),
                psycopg.RawCursor(driver, row_factory=namedtuple_row) as cursor,
            ):
                cursor.execute(self.text, values)
                if commit:
                    driver.execute("COMMIT")
                return cursor.fetchone()
        except psycopg.Error as error:
            raise DBAPIError.instance(
                self.text, None, error, psycopg.Error, dialect=connection.dialect
            ) from error
