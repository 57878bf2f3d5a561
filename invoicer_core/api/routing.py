"""Ids in addresses: whole numbers from 1 to 2^63-1; whatever else is digits leads nowhere (404)."""

from flask import Flask
from werkzeug.routing import IntegerConverter

from invoicer_core.api.reading import ID_MOST


class IdConverter(IntegerConverter):
    """A row's id. Whether it can be one is asked after the token, like whether it is there."""

    regex = r"[0-9]{1,40}"

    def to_python(self, value: str) -> int:
        """The number; 0, which no row has, for one that is too large to be an id."""
        number = int(value)
        return number if number <= ID_MOST else 0


def install(app: Flask) -> None:
    """Let rules use ``<id:name>``."""
    app.url_map.converters["id"] = IdConverter
