"""Reads what was sent: strict JSON, query, headers; every wrong field is named by its pointer."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import simplejson
from flask import Request
from pydantic import BaseModel, ValidationError

from invoicer_core.api.problems import BadRequest, WrongMediaType
from invoicer_core.domain.errors import FieldError, InvalidInput
from invoicer_core.hooks import codec

M = TypeVar("M", bound=BaseModel)

ID_MOST: Final = 2**63 - 1
MOST_FAULTS: Final = 50
_JSON: Final = "application/json"
_NOTHING: Final = b""


def body_of(request: Request, model: type[M], *, required: bool = True) -> M:
    """The JSON body as its model.

    Raises:
        WrongMediaType: not JSON.
        BadRequest: no body, or not well-formed JSON.
        InvalidInput: names every field that is unknown, missing or wrong.
    """
    raw = request.get_data(cache=True)
    if not raw.strip():
        if required:
            raise BadRequest("A JSON body is needed.")
        return _validated(model, {}, "")
    if request.mimetype != _JSON:
        raise WrongMediaType(f"Send the body as {_JSON}.")
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise WrongMediaType("JSON is sent in UTF-8.")
    try:
        value = codec.loads(raw)
    except InvalidInput as refusal:
        raise _placed(raw, refusal) from refusal
    if not isinstance(value, dict):
        raise InvalidInput.at("", "The body must be a JSON object.")
    return _validated(model, value, "")


def query_of(request: Request, model: type[M]) -> M:
    """The query as its model; a name that stands twice is refused.

    Raises:
        InvalidInput: names every parameter that is unknown or wrong.
    """
    values: dict[str, Any] = {}
    for name, found in request.args.lists():
        if len(found) > 1:
            raise InvalidInput.at(f"/{_escape(name)}", "This parameter stands more than once.")
        values[name] = found[0]
    return _validated(model, values, "")


def version_of(request: Request) -> int | None:
    """The version that ``If-Match`` names, None without it (or with ``*``).

    Raises:
        BadRequest: not an ETag as we give them.
    """
    given = request.headers.get("If-Match")
    if given is None or given.strip() == "*":
        return None
    text = given.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest('If-Match must be the ETag of an answer, such as "3".')
    return int(text)


def number_header(request: Request, name: str) -> int | None:
    """A header that holds an id. Raises BadRequest."""
    given = request.headers.get(name)
    if given is None:
        return None
    text = given.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= ID_MOST):
        raise BadRequest(f"The header {name} must be the id of a business.")
    return int(text)


def _validated(model: type[M], value: Mapping[str, Any], pointer: str) -> M:
    try:
        return model.model_validate(value)
    except ValidationError as wrong:
        faults = [
            FieldError(pointer + _pointer(fault["loc"]), _message(fault))
            for fault in wrong.errors(include_url=False, include_input=False)
        ][:MOST_FAULTS]
        first = faults[0]
        more = f" ({len(faults) - 1} more faults are listed.)" if len(faults) > 1 else ""
        raise InvalidInput(f"{first.pointer}: {first.message}{more}", faults) from None


def _pointer(loc: tuple[int | str, ...]) -> str:
    return "".join(f"/{_escape(str(part))}" for part in loc)


def _escape(name: str) -> str:
    """RFC 6901; cut, so that a huge name does not come back, and without line breaks."""
    short = "".join(sign for sign in name[:100] if sign.isprintable())
    return short.replace("~", "~0").replace("/", "~1")


def _message(fault: Any) -> str:
    kind, text = str(fault["type"]), str(fault["msg"])
    if kind == "extra_forbidden":
        return "There is no such field."
    if kind == "missing":
        return "This field is needed."
    for prefix in ("Value error, ", "Assertion failed, "):
        text = text.removeprefix(prefix)
    return text if text.endswith(".") else f"{text}."


# --- naming the field of what no JSON reader should take ------------------------------------------


class _Odd:
    """A value that the codec refuses, kept to say where it stands."""

    def __init__(self, fault: str) -> None:
        self.fault = fault


class _Pairs(dict[str, Any]):
    """An object, with the names that stand in it twice."""

    twice: tuple[str, ...] = ()


def _placed(raw: bytes, refusal: InvalidInput) -> BadRequest | InvalidInput:
    """The same refusal with a pointer, where the text is JSON but for the value refused."""
    try:
        value = simplejson.loads(
            raw.decode("utf-8"), object_pairs_hook=_pairs, parse_float=_number, parse_int=_number,
            parse_constant=lambda text: _Odd(f"{text} is not a number that JSON knows."),
        )  # fmt: skip
    except (ValueError, RecursionError):
        return BadRequest(refusal.detail)
    faults = list(_faults(value, "", 0))[:MOST_FAULTS]
    if not faults:
        return BadRequest(refusal.detail)
    return InvalidInput(f"{faults[0].pointer}: {faults[0].message}", faults)


def _pairs(pairs: list[tuple[str, Any]]) -> _Pairs:
    made = _Pairs(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        made.twice = tuple(sorted({name for name in names if names.count(name) > 1}))
    return made


def _number(text: str) -> Any:
    exponent = text.lower().partition("e")[2]
    if len(text) > codec.MAX_DIGITS or (exponent and abs(int(exponent[:6])) > codec.MAX_DIGITS):
        return _Odd(f"This number has more than {codec.MAX_DIGITS} digits.")
    return text


def _faults(value: Any, pointer: str, depth: int) -> Any:
    if depth > 100:
        return
    if isinstance(value, _Odd):
        yield FieldError(pointer, value.fault)
    elif isinstance(value, str) and not storable(value):
        yield FieldError(pointer, "This text holds a character that cannot be stored.")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _faults(each, f"{pointer}/{index}", depth + 1)
    elif isinstance(value, _Pairs):
        for name in value.twice:
            yield FieldError(f"{pointer}/{_escape(name)}", "This name stands twice in one object.")
        for name, each in value.items():
            at = f"{pointer}/{_escape(name)}"
            if not storable(name):
                yield FieldError(at, "This name holds a character that cannot be stored.")
            yield from _faults(each, at, depth + 1)


def storable(text: str) -> bool:
    """False for what PostgreSQL has no text for: U+0000 and half surrogate pairs."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)
