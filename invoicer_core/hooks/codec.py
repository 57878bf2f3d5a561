"""The one JSON codec: API, webhooks, live channel, jobs and stored data.

Decimals are number literals both ways, never binary floats; a field without a value is left out.
Refused on the way in: NaN, Infinity, duplicate keys, numbers of absurd size, texts that are no
Unicode (RFC 8259 leaves all of these to the implementation; a sum of money must not depend on who
reads it).
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from json.encoder import encode_basestring as _quoted
from operator import attrgetter
from typing import Any, Final, TypeVar
from uuid import UUID

import simplejson

from invoicer_core.domain.errors import InvalidInput

MAX_DIGITS: Final = 40
"""Digits and largest exponent of a number on the way in: far above any sum of money."""

T = TypeVar("T")

_Reader = tuple[tuple[tuple[str, str], ...], Callable[[Any], tuple[Any, ...]]]
_READERS: Final[dict[type, _Reader]] = {}


class Once(tuple[T, ...]):  # noqa: SLOT001 - the text is its one attribute
    """A tuple of frozen things that stands in several answers: its text is made only once."""

    text: str | None = None


def dumps(value: Any, *, indent: int | None = None) -> str:
    """The JSON text of a snapshot or of plain values, without any ``null``-valued field.

    Raises:
        InvalidInput: for NaN, Infinity and numbers of absurd size.
        TypeError: for a type that has no JSON form here; binary floats are one.
    """
    text = _text(value)
    if indent is None:
        return text
    return str(simplejson.dumps(_DECODER.decode(text), indent=indent, use_decimal=True))


def _text(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return _quoted(value)
    if kind is int:
        return int.__repr__(value)
    if kind is Decimal:
        return _digits(value)
    reader = _READERS.get(kind)
    if reader is not None:
        return _object_text(reader, value)
    if kind is dict:
        return _mapping_text(value)
    if kind is tuple or kind is list:
        return "[" + ",".join([_text(item) for item in value]) + "]"
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is Once:
        if value.text is None:
            value.text = _text(tuple(value))
        return str(value.text)
    return _text(_simpler(value))


def _mapping_text(value: dict[Any, Any]) -> str:
    """As `_object_text`, nulls included."""
    members = []
    for key, item in value.items():
        prefix = _quoted(key if type(key) is str else _key(key)) + ":"
        kind = type(item)
        if item is None:
            members.append(prefix + "null")
        elif kind is str:
            members.append(prefix + _quoted(item))
        elif kind is Decimal:
            members.append(prefix + _digits(item))
        elif kind is int:
            members.append(prefix + int.__repr__(item))
        else:
            members.append(prefix + _text(item))
    return "{" + ",".join(members) + "}"


def _object_text(reader: _Reader, value: Any) -> str:
    """The frequent types are written here, without a further call: it halves the time."""
    names, read = reader
    members = []
    for (_, prefix), item in zip(names, read(value), strict=True):
        if item is None:
            continue
        kind = type(item)
        if kind is str:
            members.append(prefix + _quoted(item))
        elif kind is Decimal:
            members.append(prefix + _digits(item))
        elif kind is int:
            members.append(prefix + int.__repr__(item))
        elif item == ():
            members.append(prefix + "[]")
        else:
            members.append(prefix + _text(item))
    return "{" + ",".join(members) + "}"


def to_json(value: Any) -> Any:
    """Plain dicts, lists, texts, ints and Decimals of a snapshot; None fields are left out.

    Raises:
        InvalidInput: for NaN, Infinity and numbers of absurd size.
        TypeError: for a type that has no JSON form here.
    """
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is Decimal:
        return _checked(value)
    reader = _READERS.get(kind)
    if reader is not None:
        names, read = reader
        pairs = zip(names, read(value), strict=True)
        return {name: to_json(item) for (name, _), item in pairs if item is not None}
    if kind is dict:
        return {_key(key): to_json(item) for key, item in value.items()}
    if kind is tuple or kind is list:
        return [to_json(item) for item in value]
    return to_json(_simpler(value))


def _simpler(value: Any) -> Any:
    """One step from a rarer type towards the plain ones."""
    if isinstance(value, datetime):
        text = value.isoformat()
        return text[:-6] + "Z" if text.endswith("+00:00") else text
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        _READERS[type(value)] = _reader(type(value))
        return value
    return _builtin(value)


def _builtin(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, Decimal):
        return Decimal(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    raise TypeError(f"{type(value).__name__} has no JSON form; money is Decimal, never float")


def _reader(kind: type) -> _Reader:
    names = tuple(field.name for field in fields(kind))
    prefixes = tuple((name, f"{_quoted(name)}:") for name in names)
    if len(names) > 1:
        return prefixes, attrgetter(*names)
    return prefixes, lambda value: tuple(getattr(value, name) for name in names)


def _key(key: Any) -> str:
    if type(key) is str:
        return key
    if isinstance(key, Enum):
        return str(key.value)
    if isinstance(key, str | int | UUID) and not isinstance(key, bool):
        return str(key)
    raise TypeError(f"{type(key).__name__} cannot be the name of a JSON member")


def _digits(value: Decimal) -> str:
    """The literal of a finite number, never with an exponent."""
    text = str(value)
    if "E" not in text and "N" not in text and text[-1] != "y":
        return text
    return format(_checked(value), "f")


def _checked(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise InvalidInput("A number must be finite.")
    if abs(exponent) > MAX_DIGITS:
        raise InvalidInput(f"A number has more than {MAX_DIGITS} digits.")
    return Decimal(int(value)) if exponent > 0 else value


def loads(text: str | bytes) -> Any:
    """Parse JSON; numbers with a fraction or exponent become ``Decimal``, others ``int``.

    Raises:
        InvalidInput: says in words what is wrong with the text.
    """
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes | bytearray) else text
        value = _DECODER.decode(decoded)
        if "\\u" in decoded:
            _refuse_unstorable(value)
        return value
    except UnicodeError as wrong:
        raise InvalidInput("The body is not well-formed UTF-8 text.") from wrong
    except RecursionError as deep:
        raise InvalidInput("The JSON is nested too deeply.") from deep
    except simplejson.JSONDecodeError as wrong:
        where = f"line {wrong.lineno}, column {wrong.colno}"
        raise InvalidInput(f"The body is not valid JSON: {wrong.msg} at {where}.") from wrong


def _refuse_unstorable(value: Any) -> None:
    """Escapes can spell what no database stores: half of a surrogate pair, and U+0000."""
    text = _text(value)
    text.encode("utf-8")
    if "\\u0000" in text.replace("\\\\", ""):  # an escaped backslash escapes nothing more
        raise InvalidInput("A text holds the character U+0000, which cannot be stored.")


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_DIGITS:
        raise _too_big(text)
    value = Decimal(text)
    if "e" in text or "E" in text:
        return _small_exponent(value, text)
    return value


def _small_exponent(value: Decimal, text: str) -> Decimal:
    if not value.is_finite() or abs(value.adjusted()) > MAX_DIGITS:
        raise _too_big(text)
    return _checked(value)


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise _too_big(text)
    return int(text)


def _too_big(text: str) -> InvalidInput:
    shown = text if len(text) <= 24 else text[:20] + "..."
    return InvalidInput(f"The number {shown} has more than {MAX_DIGITS} digits.")


def _no_constant(text: str) -> Any:
    raise InvalidInput(f"{text} is not a number that JSON knows.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise InvalidInput(f'The name "{name}" stands twice in one JSON object.')
            seen.add(name)
    return result


_DECODER: Final = simplejson.JSONDecoder(
    object_pairs_hook=_object,
    parse_constant=_no_constant,
    parse_float=_decimal,
    parse_int=_integer,
)
