"""How long texts and numbers may get, told from the tree.

PostgreSQL does not let itself be interrupted within one LIKE or one multiplication, so a time limit
alone stops neither a search through a text of a hundred million letters nor arithmetic on numbers
of a hundred thousand digits (measured: the first runs for more than a minute after its cancel).
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from invoicer_core.plugin import say

from . import refusal
from .scopes import MANY, SMALL, Place, strings
from .tree import ast

POWER: Final = 140_000
"""Digits that a power may have."""

MOST: Final = 200_000
"""Bytes of a text that texts are joined to or searched in."""

MOST_STEPS: Final = 1_000_000_000
"""Length of a text times that of the pattern it is searched for."""

LARGE: Final = 20_000
MOST_LARGE: Final = 12
"""Operations on numbers of more than LARGE digits; one takes up to 0.3 s."""

_GATHERING: Final = frozenset({"array_agg", "array_to_string", "string_agg"})
_MEASURING: Final = frozenset(
    {
        "age", "array_length", "ascii", "cardinality", "char_length", "character_length", "count",
        "date_bin", "date_part", "date_trunc", "extract", "generate_series", "length", "now",
        "position", "regexp_count", "regexp_like", "starts_with", "strpos", "to_date", "to_number",
        "to_timestamp",
    }
)  # fmt: skip
_JOINING: Final = frozenset(
    {"concat", "concat_ws", "overlay", "regexp_replace", "replace", "translate"}
)
_SEARCHING: Final = frozenset(
    {
        "position", "regexp_count", "regexp_like", "regexp_replace", "regexp_substr", "replace",
        "similar_to_escape", "split_part", "starts_with", "strpos", "translate",
    }
)  # fmt: skip
_MATCHING: Final = frozenset({"~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*"})
_RECKONING: Final = frozenset({"+", "-", "*", "/", "%", "^"})
_CUT_BY: Final = MappingProxyType({"left": 1, "right": 1, "substr": 2, "substring": 2})
_TEXTS: Final = frozenset({"bpchar", "decimal", "numeric", "text", "varchar"})


class Weights:
    """The weight in bytes of each part of one statement, the largest that it can have."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}
        self._large = 0

    def weigh(self, node: Any, place: Place) -> int:
        """The weight of a part whose own parts were weighed before.

        Raises:
            Refused: it gets too long, or takes too long without a pause.
        """
        found = self._known[id(node)] = min(self._weight(node, place), MANY)
        return found

    def note(self, node: Any, weight: int) -> None:
        """The weight of a part that was told otherwise."""
        self._known[id(node)] = weight

    def of(self, node: Any) -> int:
        """The weight of a part, or of all of a tuple's together."""
        if isinstance(node, tuple):
            return min(sum(map(self.of, node)), MANY)
        return self._known.get(id(node), 0)

    def _weight(self, node: Any, place: Place) -> int:
        match node:
            case ast.A_Const(val=ast.String(sval=text)):
                return len(text.encode())
            case ast.A_Const(val=ast.Float(fval=digits)):
                return max(len(digits), SMALL)
            case ast.A_Const():
                return SMALL
            case ast.ColumnRef():
                return place.weight(strings(node.fields))
            case ast.TypeCast():
                is_long = node.typeName.names[-1].sval in _TEXTS
                return max(self.of(node.arg), SMALL) if is_long else SMALL
            case ast.FuncCall():
                return self._called(node)
            case ast.A_Expr():
                return self._reckoned(node)
            case ast.SubLink() if node.operName:
                self._search(self.of(node.testexpr), self.of(node.subselect))
                return SMALL
            case ast.BoolExpr() | ast.NullTest() | ast.BooleanTest():
                return SMALL
            case _:
                return sum(self.of(getattr(node, slot)) for slot in node.__slots__)

    def _reckoned(self, node: Any) -> int:
        name = node.name[-1].sval
        left, right = self.of(node.lexpr), self.of(node.rexpr)
        if name in _MATCHING:
            self._search(left, right)
        if name == "||":
            return _joined(left + right)
        if name in _RECKONING:
            self._reckon(left + right)
            return POWER if name == "^" else left + right
        return SMALL

    def _called(self, node: Any) -> int:
        name = node.funcname[-1].sval
        given: Sequence[Any] = node.args or ()
        weights = [self.of(each) for each in given]
        total = sum(weights) + SMALL
        if name in _SEARCHING:
            self._search(*(weights if len(weights) > 1 else (total, 1)))
        if name in _GATHERING:
            return MANY
        if name in _MEASURING:
            return SMALL
        if name in _JOINING:
            return _joined(_grown(name, given, weights))
        if name in _CUT_BY:
            return _cut(given[_CUT_BY[name] :], total)
        self._reckon(total)
        return POWER if name in ("power", "exp") else total

    def _search(self, text: int, *patterns: int) -> None:
        longest = max((text, *patterns))
        if longest > MOST or text * max(sum(patterns), 1) > MOST_STEPS:
            raise refusal.too_big(
                say("A text that was gathered from many rows, or is very long, cannot be searched "
                    "or changed. Search the rows themselves, or shorten it: left(…, 200).")
            )  # fmt: skip

    def _reckon(self, digits: int) -> None:
        if digits >= MANY:
            return  # a text or list handed on, e.g. by max()
        self._large += digits > LARGE
        if self._large > MOST_LARGE:
            raise refusal.too_big(
                say("It computes with very large numbers too often. Use fewer powers.")
            )


def _joined(weight: int) -> int:
    if weight > MOST:
        raise refusal.too_big(
            say("A text gets too long by joining. Shorten its parts: left(…, 200).")
        )
    return weight


def _grown(name: str, given: Sequence[Any], weights: Sequence[int]) -> int:
    if name == "concat_ws" and weights:
        return weights[0] * len(weights) + sum(weights[1:])
    if name in ("replace", "regexp_replace") and len(weights) > 2:
        found = given[1]
        each = max(weights[1], 1) if name == "replace" and isinstance(found, ast.A_Const) else 1
        return weights[0] * max(-(-weights[2] // each), 1)
    return sum(weights) + SMALL


def _cut(numbers: Sequence[Any], total: int) -> int:
    match numbers:
        case [ast.A_Const(val=ast.Integer(ival=length))]:
            return min(total, 4 * int(length))
        case _:
            return total


def of_columns(names: Sequence[str], weights: Sequence[int]) -> Mapping[str, int]:
    """The weights of a source's columns; of two that share a name the larger one."""
    found: dict[str, int] = {}
    for name, weight in zip(names, weights, strict=False):
        found[name] = max(found.get(name, 0), weight)
    return found
