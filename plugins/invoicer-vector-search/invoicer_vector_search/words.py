"""Words for owners, in the language of whoever reads the page that is being made."""

from flask import has_request_context
from flask_babel import gettext as translated


def gettext(text: str, **named: object) -> str:
    """The text in the reader's language; in English where nobody reads, as in workers."""
    if has_request_context():
        return str(translated(text, **named))
    return text % named if named else text
