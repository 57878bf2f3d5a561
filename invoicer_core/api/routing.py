"""Ids in addresses: whole numbers from 1 to 2^63-1; anything else leads nowhere (404)."""

from flask import Flask
from werkzeug.routing import IntegerConverter, ValidationError

from invoicer_core.api.reading import ID_MOST


class IdConverter(IntegerConverter):
    """A row's id. A number that no row can have is an unknown address, not an error."""

    regex = r"[0-9]{1,40}"

    def to_python(self, value: str) -> int:
        """The id; raises ValidationError for what no id can be, so that the address is unknown."""
        if not value.isascii():
            raise ValidationError
        number = int(value)
        if not 0 < number <= ID_MOST:
            raise ValidationError
        return number


def install(app: Flask) -> None:
    """Let rules use ``<id:name>``."""
    app.url_map.converters["id"] = IdConverter
