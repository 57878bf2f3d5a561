"""The language of templates: plain words with places such as ``{{ client }}``, and nothing else.

There are no conditions, loops, filters or expressions. A value is put in as it is and never looked
at again, so that a client who is called ``{{ signature }}`` is written just so.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from invoicer_core.domain.saying import say

MOST_PLACES: Final = 100
_PLACE: Final = re.compile(r"(?<!\{)\{\{[ \t]*([a-z][a-z0-9_]{0,39})[ \t]*\}\}(?!\})", re.ASCII)
_ANY: Final = re.compile(r"\{\{(.{0,40}?)\}\}", re.DOTALL)
_CODE: Final = re.compile(r"\{[%#]|[%#]\}")


class Unreadable(ValueError):
    """A text is no template; the words say why."""


@dataclass(frozen=True, slots=True)
class Template:
    """A text cut at its places: words and names take turns, beginning and ending with words."""

    words: tuple[str, ...]
    names: tuple[str, ...]

    def fill(self, values: Mapping[str, str]) -> str:
        """The text with its values. Raises KeyError for a name without one."""
        parts = [self.words[0]]
        for name, after in zip(self.names, self.words[1:], strict=True):
            parts += [values[name], after]
        return "".join(parts)


def parse(text: str, allowed: Collection[str]) -> Template:
    """Read a template.

    Args:
        allowed: the names that places may have.

    Raises:
        Unreadable: a place of another name, or something that looks like code.
    """
    pieces = _PLACE.split(text)
    words, names = tuple(pieces[::2]), tuple(pieces[1::2])
    known = ", ".join(sorted(allowed))
    for name in names:
        if name not in allowed:
            raise Unreadable(
                say("There is no %(name)s; there are %(known)s.", name=_shown(name), known=known)
            )
    if len(names) > MOST_PLACES:
        raise Unreadable(say("A text has at most %(most)s places.", most=MOST_PLACES))
    for part in words:
        if odd := _ANY.search(part):
            what = f"{{{{{odd[1]}}}}}"
            raise Unreadable(
                say("%(what)s is no place; there are %(known)s.", what=what, known=known)
            )
        if "{{" in part or "}}" in part:
            raise Unreadable(
                say("A place is written with two braces on either side: {{ client }}.")
            )
        if _CODE.search(part):
            raise Unreadable(say("There is no code in these texts, only places: {{ client }}."))
    return Template(words, names)


def _shown(name: str) -> str:
    return f"{{{{ {name} }}}}"
