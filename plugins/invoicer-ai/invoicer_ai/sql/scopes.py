"""Which names a place of a statement may use, as PostgreSQL itself would find them.

``t.name`` calls the function ``name(t)`` where the table has no such column, so every column must
be known: of a view, or of a sub-select by the names that its own list gives it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .allowed import SCHEMA, values
from .tree import ast, enums

Columns = tuple[str, ...]
UNNAMED = "?column?"

FIELD = 2_000
"""Bytes of what a column of texts usually holds at most."""

SMALL = 30
"""Bytes of a number, a day, a truth."""

MANY = 2**40
"""What has no bound: made of as many rows as there are."""


@dataclass(frozen=True, slots=True)
class Source:
    """One thing of a FROM list, or a WITH query: what it is called there, its columns, and how
    many bytes they can have."""

    name: str
    columns: Columns
    is_view: bool = False
    weights: Mapping[str, int] = field(default_factory=dict)

    def weight(self, column: str) -> int:
        """Bytes that a column can have."""
        return self.weights.get(column, FIELD)


@dataclass(frozen=True, slots=True)
class Place:
    """What can be seen from one place: sources here, those further out, the WITH queries."""

    sources: tuple[Source, ...] = ()
    outer: "Place | None" = None
    queries: Mapping[str, Source] = field(default_factory=dict)

    def within(self, sources: Iterable[Source]) -> "Place":
        """The same level with these sources."""
        return Place(tuple(sources), self.outer, self.queries)

    def below(self) -> "Place":
        """An empty level that sees this one."""
        return Place((), self, self.queries)

    def has(self, column: str) -> bool:
        """Whether a bare name is a column here or further out."""
        here = any(column in source.columns for source in self.sources)
        return here or (self.outer is not None and self.outer.has(column))

    def named(self, name: str, *, view: bool = False) -> Source | None:
        """The nearest source of that name."""
        for source in self.sources:
            if source.name == name and (source.is_view or not view):
                return source
        return self.outer.named(name, view=view) if self.outer is not None else None

    def find(self, parts: Columns) -> bool:
        """Whether ``column``, ``source.column`` or ``reporting.source.column`` is known."""
        if len(parts) == 1:
            return self.has(parts[0])
        if len(parts) == 2 or (len(parts) == 3 and parts[0] == SCHEMA):
            source = self.named(parts[-2], view=len(parts) == 3)
            return source is not None and parts[-1] in source.columns
        return False

    def weight(self, parts: Columns) -> int:
        """Bytes that a column can have; of several of that name, the largest."""
        if len(parts) > 1:
            source = self.named(parts[-2], view=len(parts) == 3)
            return source.weight(parts[-1]) if source is not None else FIELD
        here = [source.weight(parts[0]) for source in self.sources if parts[0] in source.columns]
        if here or self.outer is None:
            return max(here, default=FIELD)
        return self.outer.weight(parts)

    def known(self) -> Columns:
        """The columns of this level, for a sentence."""
        return tuple(dict.fromkeys(name for source in self.sources for name in source.columns))


def renamed(columns: Columns, alias: Any) -> Columns:
    """The columns under the names that an alias gives them."""
    given = strings(alias.colnames) if alias is not None and alias.colnames else ()
    return given + columns[len(given) :]


def strings(values: Iterable[Any] | None) -> Columns:
    """The texts of a list of names."""
    return tuple(value.sval for value in values or ())


def figured(target: Any) -> str:
    """The name PostgreSQL gives to a column of a result."""
    return target.name or _figured(target.val)[1]


def _figured(value: object) -> tuple[int, str]:
    """How strongly a name suggests itself, and the name; as `FigureColname` does it."""
    match value:
        case ast.ColumnRef():
            last = value.fields[-1]
            return (2, last.sval) if isinstance(last, ast.String) else (0, UNNAMED)
        case ast.FuncCall():
            return 2, value.funcname[-1].sval
        case ast.A_Expr(kind=enums.A_Expr_Kind.AEXPR_NULLIF):
            return 2, "nullif"
        case ast.TypeCast():
            strength, name = _figured(value.arg)
            return (strength, name) if strength > 1 else (1, value.typeName.names[-1].sval)
        case ast.CaseExpr():
            strength, name = _figured(value.defresult)
            return (strength, name) if strength > 1 else (1, "case")
        case ast.SubLink():
            return _of_sub_select(value)
        case _:
            return _of_word(value)


def _of_sub_select(value: Any) -> tuple[int, str]:
    if value.subLinkType == enums.SubLinkType.EXISTS_SUBLINK:
        return 2, "exists"
    if value.subLinkType == enums.SubLinkType.ARRAY_SUBLINK:
        return 2, "array"
    inner = value.subselect.targetList
    if value.subLinkType == enums.SubLinkType.EXPR_SUBLINK and inner:
        return (2, inner[0].name) if inner[0].name else _figured(inner[0].val)
    return 0, UNNAMED


def _of_word(value: object) -> tuple[int, str]:
    match value:
        case ast.CoalesceExpr():
            return 2, "coalesce"
        case ast.MinMaxExpr():
            is_greatest = value.op == enums.MinMaxOp.IS_GREATEST
            return 2, "greatest" if is_greatest else "least"
        case ast.GroupingFunc():
            return 2, "grouping"
        case ast.A_ArrayExpr():
            return 2, "array"
        case ast.RowExpr():
            return 2, "row"
        case ast.SQLValueFunction():
            return 2, values().get(value.op, UNNAMED)
        case _:
            return 0, UNNAMED
