"""What was stored in English, in the reader's language: why a delivery or a mail failed, why a
plugin is paused.

Such rows keep the English text, which answers of the API and logs show too. The catalogs know the
sentences that are ours; a stored text is compared with them, and what stood in their places
(names, numbers, a provider's own words) is put into the same places of the translation.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from babel.messages.mofile import read_mo
from flask import Flask, current_app
from flask_babel import get_locale

from invoicer_core.domain.saying import say
from invoicer_core.web.audit_words import actor_word

_LEAST: Final = 10
"""Letters that a sentence with places must have besides them to be known again; those of
``STORED`` need none."""
_PLACE: Final = re.compile(r"%\((\w+)\)[sd]|%%")
_OURS: Final = re.compile(r"(?:RetryLater|PermanentFailure|OutcomeUnknown|Unavailable): ")
"""Names of the contract's exceptions before the words: for programmers."""
_ENDS: Final = re.compile(r"(?<=[.!?]) +(?=\S)")
_DEEPEST: Final = 2

STORED: Final = (
    say("not installed, or not loaded"),
    say("switched off for this business"),
    say("paused: %(reason)s"),
    say("paused by %(name)s"),
    say("failed %(number)s times in a row; the last time: %(reason)s"),
    say("%(hook)s: the process died while it ran"),
    say("the worker died each time it was tried"),
    say("The worker died during each of these tries."),
    say("Kept: the webhook had been given up."),
    say("Held back while its plugin was paused."),
    say("no news of it yet"),
    say("the provider has not said yet"),
)
"""What rooms below write that do not speak to people themselves."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A sentence with places: how to know it again, and what it is in another language."""

    pattern: re.Pattern[str]
    longest: str
    weight: int
    text: str


@dataclass(frozen=True, slots=True)
class _Language:
    whole: dict[str, str]
    parts: tuple[_Known, ...]


def install(app: Flask) -> None:
    """Add the filters ``retold`` and ``actor_word`` to the templates."""
    app.jinja_env.filters.update(retold=retold, actor_word=actor_word)


def retold(text: str | None) -> str:
    """A stored text in the language that is spoken now; what is not ours stays as it is."""
    if not text:
        return ""
    words = _OURS.sub("", text, count=1) if _OURS.match(text) else text
    locale = get_locale()
    folders = current_app.config.get("BABEL_TRANSLATION_DIRECTORIES", "")
    if locale is None or locale.language == "en":
        return words
    return _told(str(words), locale.language, str(folders), 0)


@lru_cache(maxsize=2048)
def _told(text: str, language: str, folders: str, depth: int) -> str:
    known = _language(language, folders)
    if text in known.whole:
        return known.whole[text]
    found = _best(text, known)
    if found is not None:
        sentence, match = found
        return _filled(sentence.text, match, language, folders, depth)
    parts = _ENDS.split(text)
    if len(parts) > 1:
        return " ".join(_told(part, language, folders, depth) for part in parts)
    return text


def _best(text: str, known: _Language) -> tuple[_Known, re.Match[str]] | None:
    """The sentence that has most in common with the text."""
    for each in known.parts:
        if each.longest in text:
            match = each.pattern.fullmatch(text)
            if match is not None:
                return each, match
    return None


def _filled(text: str, match: re.Match[str], language: str, folders: str, depth: int) -> str:
    values = match.groupdict()
    if depth < _DEEPEST:
        # A sentence within a sentence is told as well; a name or a number is nobody's sentence.
        values = {
            name: _told(value, language, folders, depth + 1) if " " in value else value
            for name, value in values.items()
        }
    return _PLACE.sub(lambda each: values.get(each[1], "") if each[1] else "%", text)


@lru_cache(maxsize=16)
def _language(language: str, folders: str) -> _Language:
    """The catalogs of a language; the first that has a text wins, as for gettext."""
    whole: dict[str, str] = {}
    parts: dict[str, _Known] = {}
    for identity, text in _messages(language, folders):
        if _PLACE.search(identity) is None:
            whole.setdefault(identity, text)
        elif identity not in parts:
            parts[identity] = _sentence(identity, text)
    sure = {said.text for said in STORED}
    sentences = [each for name, each in parts.items() if name in sure or each.weight >= _LEAST]
    return _Language(whole, tuple(sorted(sentences, key=lambda each: -each.weight)))


def _messages(language: str, folders: str) -> Iterator[tuple[str, str]]:
    for folder in folders.split(";"):
        path = Path(folder, language, "LC_MESSAGES", "messages.mo")
        if folder and path.exists():
            with path.open("rb") as file:
                for message in read_mo(file):
                    yield from _forms(message.id, message.string)


def _forms(identity: Any, text: Any) -> Iterator[tuple[str, str]]:
    """A message, or both its numbers: one, and more than one."""
    if isinstance(identity, str):
        if identity and text:
            yield identity, str(text)
    elif all(text):
        yield identity[0], text[0]
        yield identity[-1], text[-1]


def _sentence(identity: str, text: str) -> _Known:
    pieces, pattern, at, named = [], "", 0, set()
    for place in _PLACE.finditer(identity):
        literal = identity[at : place.start()] + ("" if place[1] else "%")
        pieces.append(literal)
        pattern += re.escape(literal)
        if place[1]:
            pattern += f"(?P={place[1]})" if place[1] in named else f"(?P<{place[1]}>.+?)"
            named.add(place[1])
        at = place.end()
    pieces.append(identity[at:])
    pattern += re.escape(identity[at:])
    weight = sum(1 for piece in pieces for char in piece if char.isalpha())
    return _Known(re.compile(pattern, re.DOTALL), max(pieces, key=len), weight, text)
