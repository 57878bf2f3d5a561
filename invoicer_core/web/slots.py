"""Places in the pages where plugins put pieces of their own."""

from typing import Any

from flask import g
from markupsafe import Markup

from invoicer_core.services import plugins
from invoicer_core.web import access


def slot(place: str, **values: Any) -> Markup:
    """What plugins put at this place for the current business; empty where they put nothing."""
    if g.get("business") is None:
        return Markup("")
    by = access.actor() if access.identity() else None
    return Markup("").join(plugins.slots(place=place, values=values, by=by))
