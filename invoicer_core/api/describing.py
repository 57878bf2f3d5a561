"""JSON Schema of what is answered, derived from the snapshots themselves.

A field that may be None is left out of the JSON when it is, so it is optional and never null.
Numbers are JSON numbers, exact.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

Schema = dict[str, Any]

_PLAIN: Mapping[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    Decimal: {"type": "number"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    UUID: {"type": "string", "format": "uuid"},
    bytes: {"type": "string", "format": "binary"},
}


class Components:
    """The named schemas of a document; each dataclass is described once."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}
        self._named: dict[type, str] = {}

    def of(self, kind: Any) -> Schema:
        """The schema of a type; dataclasses become references.

        Raises:
            TypeError: a type that has no JSON form.
        """
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        if isinstance(kind, type) and is_dataclass(kind):
            return {"$ref": f"#/components/schemas/{self._register(kind)}"}
        if isinstance(kind, type) and issubclass(kind, Enum):
            return {"type": "string", "enum": [each.value for each in kind]}
        return self._composed(kind)

    def _composed(self, kind: Any) -> Schema:
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is Literal:
            return {"type": "string", "enum": list(arguments)}
        if origin in (Union, UnionType):
            inner = [each for each in arguments if each is not NoneType]
            if len(inner) == 1:
                return self.of(inner[0])
            return {"anyOf": [self.of(each) for each in inner]}
        if origin in (tuple, list, frozenset, set):
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
            if arguments[1] is Any:
                return {"type": "object", "additionalProperties": True}
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        raise TypeError(f"{kind!r} has no JSON Schema: describe it in _PLAIN or use a dataclass")

    def _register(self, kind: type) -> str:
        if kind in self._named:
            return self._named[kind]
        name = kind.__name__.removesuffix("Snapshot")
        if name in self.schemas:
            raise TypeError(f"two different types are called {name} in the document")
        self._named[kind] = name
        self.schemas[name] = {}
        hints = get_type_hints(kind)
        properties, required = {}, []
        for each in fields(kind):
            hint = hints[each.name] if not isinstance(hints[each.name], TypeVar) else str
            properties[each.name] = self.of(hint)
            if NoneType not in get_args(hint):
                required.append(each.name)
        described: Schema = {"type": "object", "properties": properties}
        if required:
            described["required"] = required
        words = (kind.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")
        if words and not words.startswith(f"{kind.__name__}("):
            described["description"] = words
        self.schemas[name].update(described)
        return name
