"""What is said and written, one file for each language."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

LANGUAGES: Final = ("en", "de", "fr", "es")


def language_of(locale: str | None) -> str:
    """The language of a locale, English where there are no words for it."""
    found = (locale or "").replace("_", "-").partition("-")[0].lower()
    return found if found in LANGUAGES else "en"


def words(locale: str | None) -> Mapping[str, Any]:
    """The words in the language of a locale."""
    return _read(language_of(locale))


def say(locale: str | None, name: str, **given: str) -> str:
    """One of the sentences, filled in; what is filled in is text and never a pattern."""
    return str(words(locale)[name]).format_map(given)


@cache
def _read(name: str) -> Mapping[str, Any]:
    return tomllib.loads(resources.files(__name__).joinpath(f"{name}.toml").read_text("utf-8"))
