"""What the services say, in the language of who reads it."""

from flask_babel import gettext, pgettext

from invoicer_core.domain.saying import Said


def told(text: str) -> str:
    """A text of the services, or of a plugin, in the language that is spoken now.

    Texts that are not marked (a provider's own words, names) stay as they are.
    """
    if not isinstance(text, Said):
        return text
    found = gettext(text.text) if text.context is None else pgettext(text.context, text.text)
    if not text.values:
        return str(found)
    values = {
        name: told(value) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    return str(found % values)
