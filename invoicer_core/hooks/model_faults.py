"""What a model of pydantic refuses, in words that can be said in every language.

Pydantic's own sentences are English and speak of schemas; here each kind of fault has a sentence of
ours. A value error keeps its words: they are the plugin's, which may have marked them.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from invoicer_core.domain.saying import say

_QUOTED: Final = re.compile(r"'([^']*)'")
_WORDS: Final[Mapping[str, str]] = {
    "missing": say("This field is needed."),
    "extra_forbidden": say("There is no such field."),
    "frozen_field": say("This cannot be changed."),
    "string": say("This must be a text."),
    "string_pattern_mismatch": say("This does not have the form that is wanted."),
    "int": say("This must be a whole number."),
    "float": say("This must be a number."),
    "decimal": say("This must be a number."),
    "finite_number": say("This must be a finite number."),
    "bool": say("This must be true or false."),
    "date": say("This must be a day, such as 2026-03-31."),
    "datetime": say("This must be a day and a time."),
    "time": say("This must be a time, such as 08:30."),
    "timedelta": say("This must be a length of time."),
    "url": say("This must be a web address, such as https://example.com."),
    "uuid": say("This must be a UUID."),
    "list": say("This must be a list."),
    "tuple": say("This must be a list."),
    "set": say("This must be a list."),
    "dict": say("This must be an object."),
    "model": say("This must be an object."),
}
"""By the kind of the fault, or by its beginning: ``int`` of ``int_parsing``."""


def _one_of(expected: Any) -> str:
    """Of pydantic's list, which joins the last two by an English word."""
    known = ", ".join(_QUOTED.findall(str(expected))) or str(expected)
    return say("This must be one of %(known)s.", known=known)


_BOUNDS: Final[Mapping[str, tuple[str, Callable[[Any], str]]]] = {
    "greater_than": ("gt", lambda bound: say("This must be more than %(bound)s.", bound=bound)),
    "greater_than_equal": (
        "ge", lambda bound: say("This must be at least %(bound)s.", bound=bound),
    ),
    "less_than": ("lt", lambda bound: say("This must be less than %(bound)s.", bound=bound)),
    "less_than_equal": ("le", lambda bound: say("This must be at most %(bound)s.", bound=bound)),
    "multiple_of": (
        "multiple_of", lambda bound: say("This must be a multiple of %(bound)s.", bound=bound),
    ),
    "string_too_short": (
        "min_length", lambda least: say("This needs at least %(least)s characters.", least=least),
    ),
    "string_too_long": (
        "max_length", lambda most: say("This may have at most %(most)s characters.", most=most),
    ),
    "too_short": (
        "min_length", lambda least: say("This needs at least %(least)s entries.", least=least),
    ),
    "too_long": (
        "max_length", lambda most: say("This may have at most %(most)s entries.", most=most),
    ),
    "literal_error": ("expected", _one_of),
    "enum": ("expected", _one_of),
}  # fmt: skip


def fault_words(fault: Mapping[str, Any]) -> str:
    """One fault of ``ValidationError.errors()``, with its context, in words."""
    kind, context = str(fault["type"]), fault.get("ctx") or {}
    bound = _BOUNDS.get(kind)
    if bound is not None and bound[0] in context:
        return bound[1](context[bound[0]])
    known = _WORDS.get(kind) or _WORDS.get(kind.partition("_")[0])
    if known is not None:
        return known
    error = context.get("error")
    if isinstance(error, Exception) and str(error):
        return str(error)
    return str(fault["msg"])
