"""What Stripe accepts, by the types that its own library ships: requests decoded and checked."""

import re
import sys
import typing
from functools import cache
from typing import Any, Final, ForwardRef, NotRequired
from urllib.parse import parse_qsl

from pydantic import ConfigDict, TypeAdapter, ValidationError
from typing_extensions import is_typeddict

_STEP: Final = re.compile(r"\[([^\]]*)\]")
_OPEN: Final = re.compile(r"\s*\|\s*str$")


class _Untyped:
    """Stands for the library's untyped objects: any mapping."""

    def __class_getitem__(cls, item: Any) -> Any:
        return dict[str, item]


def decoded(body: str) -> dict[str, Any]:
    """``a[b][0][c]=v`` as nested values. Raises ValueError where two names contradict."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        head, _, rest = name.partition("[")
        steps = [head, *_STEP.findall(f"[{rest}" if rest else "")]
        place = found
        for step in steps[:-1]:
            place = place.setdefault(step, {})
            if not isinstance(place, dict):
                raise ValueError(f"{name} is no hash")
        place[steps[-1] or str(len(place))] = value
    return {name: _listed(value) for name, value in found.items()}


def problem(params: Any, given: dict[str, Any]) -> str | None:
    """What Stripe's own types say against these parameters; None when they are right."""
    try:
        _adapter(params).validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f"[{part}]" for part in first["loc"])
        if first["type"] == "extra_forbidden":
            return f"Received unknown parameter: {where}"
        return f"{first['msg']}: {where}"
    return None


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(each) for name, each in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


@cache
def _adapter(params: Any) -> TypeAdapter[Any]:
    module = sys.modules[params.__module__]
    for kind in vars(module).values():
        if isinstance(kind, type) and is_typeddict(kind) and kind.__module__ == module.__name__:
            kind.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[attr-defined]
            kind.__annotations__ = {n: _closed(each) for n, each in kind.__annotations__.items()}
    names = {
        **vars(typing), **vars(module), "StripeContext": str, "Mapping": dict,
        "UntypedStripeObject": _Untyped,
    }  # fmt: skip
    adapter: TypeAdapter[Any] = TypeAdapter(params, config=None)
    adapter.rebuild(force=True, _types_namespace=names)
    return adapter


def _closed(annotation: Any) -> Any:
    """An enumeration without the door that the library leaves open for words to come."""
    inner = typing.get_args(annotation)[0] if typing.get_origin(annotation) else annotation
    text = inner.__forward_arg__ if isinstance(inner, ForwardRef) else ""
    if not text.startswith("Literal[") or not _OPEN.search(text):
        return annotation
    closed = ForwardRef(_OPEN.sub("", text))
    return NotRequired[closed] if inner is not annotation else closed
