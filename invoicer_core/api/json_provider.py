"""Flask's own JSON through the one codec, for plugins' views too."""

from typing import Any

from flask import Flask
from flask.json.provider import JSONProvider

from invoicer_core.hooks import codec


class CodecProvider(JSONProvider):
    """Exact numbers both ways; see `hooks.codec`."""

    def dumps(self, obj: Any, **_: Any) -> str:
        """JSON text; formatting options are ignored."""
        return codec.dumps(obj)

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """Parse JSON text. Raises InvalidInput."""
        return codec.loads(s)

    def default(self, value: Any) -> Any:
        """For libraries that serialise by themselves, as the token library does."""
        return codec.to_json(value)


def install(app: Flask) -> None:
    """Make it the application's."""
    app.json = CodecProvider(app)
