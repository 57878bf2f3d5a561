"""The types of fields that all bodies share. Numbers are exact, dates strict, texts storable."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import core_schema

from invoicer_core.domain.money import number_fault

ID_MOST: Final = 2**63 - 1
_DECIMAL: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,10})?", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_WHOLE: Final = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNPRINTED: Final = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029"
_PRINTABLE: Final = f"^[^{_UNPRINTED}]*$"
_SAYS_SOMETHING: Final = rf"^[^{_UNPRINTED}]*[^\s{_UNPRINTED}][^{_UNPRINTED}]*$"
SAYS_SOMETHING: Final = r"\S"
_PRINTED: Final = "^-?[0-9]{1,15}(\\.[0-9]{1,10})?$"


class Body(BaseModel):
    """A JSON body, or an object within one. Unknown fields are refused by name."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    def sent(self) -> dict[str, Any]:
        """The fields that were sent, as plain values; nested objects likewise."""
        return self.model_dump(exclude_unset=True)


class Query(BaseModel):
    """The query of an address. Unknown parameters are refused by name."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


def read_decimal(value: Any) -> Decimal:
    """An exact number of a JSON value: a number, or a text of ASCII digits.

    ``bool`` is an ``int`` in Python, and ``Decimal`` reads digits of every script: neither passes.
    """
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            raise ValueError("This must be a number such as 12.50.")
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("This must be a number.")
    exact = Decimal(value)
    if fault := number_fault(exact):
        raise ValueError(fault)
    return exact if exact else abs(exact)


def _tidy(value: Decimal) -> Decimal:
    """A whole quantity is answered as an integer, so it is kept as one: 2.0 becomes 2."""
    whole = value.to_integral_value()
    return whole if whole == value else value


def _whole(value: Any) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, Decimal) and value == value.to_integral_value() and abs(value) < 10**19:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("This must be a whole number.")
    return value


def _strict_whole(value: Any) -> int:
    if isinstance(value, str):
        raise ValueError("This must be a whole number.")
    return _whole(value)


def _iso_date(value: Any) -> date:
    """Python reads 20240101 and week dates too; the contract's ``date`` is RFC 3339's."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError("This must be a date such as 2026-11-20.")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("There is no such day.") from None


class _Storable:
    """Texts that can be stored and printed: no half surrogate pairs, and no control characters
    but tab and line breaks."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(_storable, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described: dict[str, Any] = handler(schema)
        described.setdefault("pattern", _PRINTABLE)
        if described["pattern"] == SAYS_SOMETHING:
            described["pattern"] = _SAYS_SOMETHING
        return described


def _storable(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("This text holds a character that cannot be stored.")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("This must be true or false.")
    return value


def decimal_schema(low: str | None = None, high: str | None = None) -> dict[str, Any]:
    """The JSON Schema of an exact number, which may also come as a text."""
    number: dict[str, Any] = {"type": "number"}
    number["minimum"] = Decimal(low if low is not None else "-999999999999999")
    number["maximum"] = Decimal(high if high is not None else "999999999999999")
    return {"anyOf": [number, {"type": "string", "pattern": _pattern(low, high)}]}


def _pattern(low: str | None, high: str | None) -> str:
    """The same bounds for the number as a text; ``high`` is a power of ten."""
    if high is not None:
        digits = len(high) - 1
        return rf"^({high}(\.0{{1,10}})?|[0-9]{{1,{digits}}}(\.[0-9]{{1,10}})?)$"
    if low is None or Decimal(low) < 0:
        return _PRINTED
    if Decimal(low) == 0:
        return _PRINTED.replace("-?", "")
    return r"^([1-9][0-9]{0,14}(\.[0-9]{1,10})?|0\.[0-9]{0,9}[1-9])$"


Number = Annotated[Decimal, BeforeValidator(read_decimal), WithJsonSchema(decimal_schema())]
"""An exact number: at most 15 digits before the point and 10 after it."""

Quantity = Annotated[
    Decimal, BeforeValidator(read_decimal), AfterValidator(_tidy), WithJsonSchema(decimal_schema())
]
"""An exact number that is kept without superfluous zeros."""

Positive = Annotated[
    Decimal,
    BeforeValidator(read_decimal),
    Field(ge=0),
    WithJsonSchema(decimal_schema("0")),
]
"""An exact number, zero or above."""

Id = Annotated[
    int,
    BeforeValidator(_strict_whole),
    Field(ge=1, le=ID_MOST),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": ID_MOST}),
]
"""An id in a body."""

QueryId = Annotated[
    int,
    BeforeValidator(_whole),
    Field(ge=1, le=ID_MOST),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": ID_MOST}),
]
"""An id in a query."""

Day = Annotated[
    date, BeforeValidator(_iso_date), WithJsonSchema({"type": "string", "format": "date"})
]
"""A calendar day, ``YYYY-MM-DD``."""

Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
"""True or false, nothing that looks like it."""


Stored = _Storable()
Text20 = Annotated[str, StringConstraints(strict=True, max_length=20), Stored]
Text30 = Annotated[str, StringConstraints(strict=True, max_length=30), Stored]
Text40 = Annotated[str, StringConstraints(strict=True, max_length=40), Stored]
Text100 = Annotated[str, StringConstraints(strict=True, max_length=100), Stored]
Text200 = Annotated[str, StringConstraints(strict=True, max_length=200), Stored]
Text500 = Annotated[str, StringConstraints(strict=True, max_length=500), Stored]
Text1000 = Annotated[str, StringConstraints(strict=True, max_length=1000), Stored]
Text2000 = Annotated[str, StringConstraints(strict=True, max_length=2000), Stored]
Text10000 = Annotated[str, StringConstraints(strict=True, max_length=10000), Stored]

Name = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=200, pattern=SAYS_SOMETHING),
    Stored,
]
"""A text that says something."""

LEFT_OUT: Any = Field(default_factory=lambda: None)
"""Of a field that may be left out, but is never null."""

WholeNumber = BeforeValidator(_strict_whole)
"""Use as ``Annotated[int, Field(ge=.., le=..), WholeNumber]`` in bodies."""

QueryNumber = BeforeValidator(_whole)
"""The same in queries, where numbers are texts."""


def _query_flag(value: Any) -> bool:
    if value not in ("true", "false"):
        raise ValueError("This must be true or false.")
    return bool(value == "true")


QueryFlag = Annotated[bool, BeforeValidator(_query_flag), WithJsonSchema({"type": "boolean"})]


class NoFields(Body):
    """An empty object: the request says all by its address."""


class ListQuery(Query):
    """What every list takes."""

    SORTS: ClassVar[tuple[str, ...]] = ()
    """The names it can be sorted by, besides ``id``; ``-`` in front descends."""

    q: Text200 | None = None
    sort: Text40 | None = None
    limit: Annotated[int, Field(ge=1, le=200), QueryNumber] | None = None
    cursor: Text1000 | None = None
