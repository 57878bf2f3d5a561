"""Patterns of document numbers: ``INV-{year}-{seq:04}``. The counter itself lives in the database.

A counter belongs to a series and a period. The period must be visible in the pattern, else a reset
would give the same number twice; ``{client}`` is decoration and has no counter of its own.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, cast, get_args

from invoicer_core.domain.errors import Conflict, InvalidInput
from invoicer_core.domain.saying import say, together

Reset = Literal["never", "yearly", "fiscal_year", "monthly"]

NUMBER_LENGTH: Final = 50
SEQ_WIDTH: Final = 12
PROVISIONAL: Final = "DRAFT-"
_PART: Final = re.compile(r"\{([^{}]*)\}")
_SEQ: Final = re.compile(r"seq(?::0([1-9][0-9]?))?")
_WIDTHS: Final = {"year": 4, "yy": 2, "month": 2, "client": 1}
_APART: Final = {"cli", "seq"}
_PARTS_HELP: Final = say("Use {year}, {yy}, {month}, {client} and {seq} or {seq:04}.")


@dataclass(frozen=True, slots=True)
class NumberTemplate:
    """A pattern with everything filled in but the sequence number.

    ``period_key`` names the counter within the series: empty, ``2026``, ``FY2026``, ``2026-11``.
    """

    prefix: str
    width: int
    suffix: str
    period_key: str

    def render(self, seq: int) -> str:
        """The number; a sequence number wider than ``width`` is written in full.

        Raises:
            Conflict: longer than 50 characters.
        """
        if seq < 1:
            raise ValueError("sequence numbers start at 1")
        number = f"{self.prefix}{seq:0{self.width}d}{self.suffix}"
        if len(number) > NUMBER_LENGTH:
            raise Conflict(
                say(
                    "The number %(number)s is longer than %(most)s characters: shorten "
                    "the pattern of the series.",
                    number=repr(number),
                    most=NUMBER_LENGTH,
                )
            )
        return number


@dataclass(frozen=True, slots=True)
class Pattern:
    """A checked pattern: text and part names in order, as ``(is_part, value)``."""

    text: str
    reset: Reset
    parts: tuple[tuple[bool, str], ...]
    width: int

    @classmethod
    def parse(cls, text: str, reset: str = "yearly") -> "Pattern":
        """Check a pattern and its reset rule.

        Raises:
            InvalidInput: at ``/pattern`` or ``/reset``, with what would be accepted.
        """
        if reset not in get_args(Reset):
            raise InvalidInput.at(
                "/reset", say("The reset is one of %(known)s.", known=", ".join(get_args(Reset)))
            )
        _check_text(text)
        parts = _parse_parts(text)
        seqs = [value for is_part, value in parts if is_part and value.startswith("seq")]
        if len(seqs) != 1:
            raise _bad(say("The pattern needs {seq} exactly once."))
        match = _SEQ.fullmatch(seqs[0])
        width = int(match[1] or 1) if match else 1
        if width > SEQ_WIDTH:
            raise _bad(say("{seq} has at most %(most)s digits.", most=SEQ_WIDTH))
        names = {value for is_part, value in parts if is_part}
        _check_reset(names, cast(Reset, reset))
        _check_client(parts)
        _check_length(parts, width)
        return cls(text, cast(Reset, reset), parts, width)

    def expand(
        self, day: date, client_code: str | None = None, fiscal_year_start: int = 1
    ) -> NumberTemplate:
        """Fill in the parts for a document of ``day``.

        Args:
            day: the issue date.
            client_code: needed when the pattern has ``{client}``.
            fiscal_year_start: its first month, 1 to 12. With the reset ``fiscal_year`` the year
                shown is the one in which the fiscal year starts.

        Raises:
            InvalidInput: no usable client code, or no such month.
        """
        if not 1 <= fiscal_year_start <= 12:
            raise InvalidInput.at("/fiscal_year_start", say("The month is a number from 1 to 12."))
        year = day.year
        if self.reset == "fiscal_year" and day.month < fiscal_year_start:
            year -= 1
        values = {"year": f"{year:04}", "yy": f"{year % 100:02}", "month": f"{day.month:02}"}
        if (True, "client") in self.parts:
            values["client"] = _client_code(client_code)
        before, after = "", ""
        seen = False
        for is_part, value in self.parts:
            if is_part and value.startswith("seq"):
                seen = True
                continue
            piece = values[value] if is_part else value
            before, after = (before, after + piece) if seen else (before + piece, after)
        return NumberTemplate(before, self.width, after, self._period_key(year, day))

    def _period_key(self, year: int, day: date) -> str:
        if self.reset == "never":
            return ""
        if self.reset == "monthly":
            return f"{year:04}-{day.month:02}"
        return f"FY{year:04}" if self.reset == "fiscal_year" else f"{year:04}"


def gaps(numbers: Iterable[int], first: int = 1) -> list[range]:
    """The runs of numbers that are missing between ``first`` and the highest one given.

    >>> gaps([1, 2, 5])
    [range(3, 5)]
    """
    missing = []
    expected = first
    for number in sorted(set(numbers)):
        if number > expected:
            missing.append(range(expected, number))
        expected = max(expected, number + 1)
    return missing


def _bad(message: str) -> Exception:
    return InvalidInput.at("/pattern", message)


def _check_text(text: str) -> None:
    if not text or text != text.strip():
        raise _bad(say("The pattern must not be empty, nor begin or end with a space."))
    if len(text) > 2 * NUMBER_LENGTH:
        raise _bad(
            say(
                "The pattern is too long: numbers have at most %(most)s characters.",
                most=NUMBER_LENGTH,
            )
        )
    if text.upper().startswith(PROVISIONAL):
        raise _bad(
            say(
                "%(mark)s marks drafts that have no number yet: begin with another text.",
                mark=PROVISIONAL,
            )
        )
    for char in text:
        # Cc controls, Cf invisible formatting, Zl/Zp line breaks, Cs/Co/Cn not characters.
        if unicodedata.category(char)[0] == "C" or unicodedata.category(char) in {"Zl", "Zp"}:
            raise _bad(say("The pattern holds a character that cannot be printed."))


def _parse_parts(text: str) -> tuple[tuple[bool, str], ...]:
    parts: list[tuple[bool, str]] = []
    end = 0
    for match in _PART.finditer(text):
        if match.start() > end:
            parts.append((False, text[end : match.start()]))
        name = match[1]
        if name not in _WIDTHS and not _SEQ.fullmatch(name):
            raise _bad(together(say("There is no part {%(name)s}.", name=name), _PARTS_HELP))
        parts.append((True, name))
        end = match.end()
    if end < len(text):
        parts.append((False, text[end:]))
    if any(not is_part and set(value) & set("{}") for is_part, value in parts):
        raise _bad(together(say("A brace is not closed or not opened."), _PARTS_HELP))
    return tuple(parts)


def _check_reset(names: set[str], reset: Reset) -> None:
    has_year = bool(names & {"year", "yy"})
    if reset in {"yearly", "fiscal_year"} and not has_year:
        raise _bad(say("A yearly reset would repeat numbers: show {year} or {yy} in the pattern."))
    if reset == "monthly" and not (has_year and "month" in names):
        raise _bad(say("A monthly reset would repeat numbers: show {year} or {yy}, and {month}."))


def _check_client(parts: tuple[tuple[bool, str], ...]) -> None:
    """A client's code next to digits of the sequence could read like another number."""
    names = [value for is_part, value in parts if is_part]
    if "client" not in names:
        return
    if names.count("client") > 1:
        raise _bad(say("{client} can stand in a pattern once."))
    places = [place for place, part in enumerate(parts) if part[0] and part[1][:3] in _APART]
    start, end = places
    between = "".join(value for is_part, value in parts[start:end] if not is_part)
    if not any(not char.isalnum() for char in between):
        raise _bad(say("Put a separator such as - between {client} and {seq}."))


def _check_length(parts: tuple[tuple[bool, str], ...], width: int) -> None:
    least = sum(_WIDTHS.get(value, width) if is_part else len(value) for is_part, value in parts)
    if least > NUMBER_LENGTH:
        raise _bad(
            say(
                "Numbers of this pattern have %(least)s of %(most)s possible characters.",
                least=least,
                most=NUMBER_LENGTH,
            )
        )


def _client_code(code: str | None) -> str:
    if not code or code != code.strip() or not code.isprintable():
        message = say("The pattern shows the client's code: give this client a printable code.")
        raise InvalidInput.at("/client_id", message)
    return code
