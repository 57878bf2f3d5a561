"""The body of a plugin's switch and settings."""

from typing import Any

from invoicer_core.api.schemas.base import Body, Flag


class PluginChange(Body):
    """On or off; ``settings`` replace those that are there. A secret that is left out, or sent as
    its mask, stays as it is."""

    enabled: Flag | None = None
    settings: dict[str, Any] | None = None
