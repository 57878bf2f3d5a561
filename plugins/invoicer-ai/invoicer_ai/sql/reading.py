"""Walks the tree of a SELECT and refuses whatever is not allowed."""

from collections.abc import Iterable
from typing import Any, Final

from invoicer_core.plugin import say

from . import refusal, series
from .allowed import (
    FUNCTIONS,
    MOST_DEPTH,
    OPERATORS,
    RELATIONS,
    ROW_MAKERS,
    SCHEMA,
    TEXT_COLUMNS,
    TYPES,
    nodes,
    values,
)
from .scopes import FIELD, SMALL, Columns, Place, Source, figured, renamed, strings
from .tree import ast, enums
from .weights import Weights, of_columns

CATALOG: Final = "pg_catalog"


class Reader:
    """One reading of one statement; afterwards it knows which views and functions are used."""

    def __init__(self) -> None:
        self.relations: set[str] = set()
        self.functions: set[str] = set()
        self._depth = 0
        self._weights = Weights()
        self._made: dict[int, tuple[int, ...]] = {}

    def statement(self, statement: Any) -> Columns:
        """The names of the result's columns.

        Raises:
            Refused: something in it is not allowed.
        """
        return self._select(statement, Place())

    # -- a SELECT ------------------------------------------------------------------------------

    def _select(self, node: Any, place: Place) -> Columns:
        """``place`` is an empty level below what the SELECT can see."""
        if not isinstance(node, ast.SelectStmt):
            raise refusal.not_reading(type(node).__name__.removesuffix("Stmt").upper())
        self._deeper()
        self._refuse_effects(node)
        place = self._with(node.withClause, place)
        if node.op != enums.SetOperation.SETOP_NONE:
            outputs = self._select(node.larg, place)
            self._select(node.rarg, place)
            both = zip(self._made[id(node.larg)], self._made[id(node.rarg)], strict=False)
            weights = tuple(map(max, both))
            place = place.within([Source("", outputs, weights=of_columns(outputs, weights))])
        elif node.valuesLists:
            self._each(node.valuesLists, place)
            outputs = tuple(f"column{at + 1}" for at in range(len(node.valuesLists[0])))
            weights = (self._weights.of(node.valuesLists),) * len(outputs)
        else:
            place, outputs, weights = self._plain(node, place)
        self._made[id(node)] = weights
        self._weights.note(node, sum(weights))
        self._listed(node.sortClause, place, outputs)
        self._each((node.limitCount, node.limitOffset), place)
        self._depth -= 1
        return outputs

    def _plain(self, node: Any, place: Place) -> tuple[Place, Columns, tuple[int, ...]]:
        sources: list[Source] = []
        stars: list[str] = []
        for item in node.fromClause or ():
            found, columns = self._from(item, place, tuple(sources))
            sources += found
            stars += columns
        place = place.within(sources)
        outputs, weights = self._targets(node.targetList or (), place, tuple(stars))
        self._each((node.whereClause, node.havingClause, node.windowClause), place)
        self._listed(node.groupClause, place, outputs)
        if node.distinctClause and node.distinctClause[0] is not None:
            self._listed(node.distinctClause, place, outputs)
        return place, outputs, weights

    def _refuse_effects(self, node: Any) -> None:
        if node.intoClause is not None:
            shown = say("The result is shown, and can be exported.")
            raise refusal.clause("SELECT INTO", shown)
        if node.lockingClause:
            raise refusal.clause("FOR UPDATE", say("Nothing is locked here: leave it out."))

    def _with(self, clause: Any, place: Place) -> Place:
        if clause is None:
            return place
        if clause.recursive:
            raise refusal.clause(
                "WITH RECURSIVE", say("Use a join, or generate_series for a row per month.")
            )
        for query in clause.ctes:
            if query.search_clause is not None or query.cycle_clause is not None:
                raise refusal.clause("SEARCH", say("Use a plain WITH."))
            columns = self._select(query.ctequery, place.below())
            given = strings(query.aliascolnames)
            made = self._source(query.ctename, query.ctequery, given + columns[len(given) :])
            queries = {**place.queries, query.ctename: made}
            place = Place(place.sources, place.outer, queries)
        return place

    def _source(self, name: str, select: Any, columns: Columns) -> Source:
        """What a SELECT gives, as a source of another."""
        return Source(name, columns, weights=of_columns(columns, self._made[id(select)]))

    def _targets(
        self, targets: Iterable[Any], place: Place, stars: Columns
    ) -> tuple[Columns, tuple[int, ...]]:
        outputs: list[str] = []
        weights: list[int] = []
        for target in targets:
            if target.indirection:
                raise refusal.node("indirection")
            value = target.val
            if isinstance(value, ast.ColumnRef) and isinstance(value.fields[-1], ast.A_Star):
                shown = self._starred(value, place, stars)
                outputs += shown
                weights += [place.weight((name,)) for name in shown]
                continue
            self._visit(value, place)
            outputs.append(figured(target))
            weights.append(self._weights.of(value))
        return tuple(outputs), tuple(weights)

    def _starred(self, value: Any, place: Place, stars: Columns) -> Columns:
        parts = strings(value.fields[:-1])
        if not parts:
            return stars
        if len(parts) == 1 or (len(parts) == 2 and parts[0] == SCHEMA):
            source = place.named(parts[-1], view=len(parts) == 2)
            if source is not None:
                return source.columns
        raise refusal.relation(".".join(parts))

    def _listed(self, items: Any, place: Place, outputs: Columns) -> None:
        """ORDER BY, GROUP BY, DISTINCT ON: they may also name a column of the result."""
        for item in items or ():
            inner = item
            if isinstance(item, ast.SortBy):
                if item.useOp:
                    raise refusal.clause("USING", say("Sort with ASC or DESC."))
                inner = item.node
            if isinstance(inner, ast.GroupingSet):
                self._listed(inner.content, place, outputs)
            elif not self._is_output(inner, outputs):
                self._visit(inner, place)

    def _is_output(self, node: Any, outputs: Columns) -> bool:
        if not isinstance(node, ast.ColumnRef) or len(node.fields) != 1:
            return False
        name = node.fields[0]
        return isinstance(name, ast.String) and name.sval in outputs

    # -- FROM ----------------------------------------------------------------------------------

    def _from(
        self, item: Any, place: Place, before: tuple[Source, ...]
    ) -> tuple[list[Source], Columns]:
        """The sources that an item adds, and the columns that ``*`` shows of it."""
        self._allow(item)
        match item:
            case ast.RangeVar():
                source = self._relation(item, place)
            case ast.RangeSubselect():
                seen = place.within(before if item.lateral else ())
                inner = seen.below() if item.lateral else Place((), place.outer, place.queries)
                columns = renamed(self._select(item.subquery, inner), item.alias)
                called = item.alias.aliasname if item.alias else ""
                source = self._source(called, item.subquery, columns)
            case ast.RangeFunction():
                source = self._row_maker(item, place.within(before))
            case ast.JoinExpr():
                return self._join(item, place, before)
            case _:
                raise refusal.node(type(item).__name__)
        return [source], source.columns

    def _relation(self, item: Any, place: Place) -> Source:
        name = item.relname
        called = item.alias.aliasname if item.alias else name
        if item.schemaname is None and item.catalogname is None and name in place.queries:
            query = place.queries[name]
            columns = renamed(query.columns, item.alias)
            weights = of_columns(columns, [query.weight(each) for each in query.columns])
            return Source(called, columns, weights=weights)
        if item.catalogname is not None or item.schemaname not in (None, SCHEMA):
            parts = (item.catalogname, item.schemaname, name)
            raise refusal.relation(".".join(part for part in parts if part))
        if name not in RELATIONS:
            raise refusal.relation(name)
        self.relations.add(name)
        columns = renamed(RELATIONS[name], item.alias)
        own = [FIELD if each in TEXT_COLUMNS else SMALL for each in RELATIONS[name]]
        is_view = item.alias is None
        return Source(called, columns, is_view=is_view, weights=of_columns(columns, own))

    def _row_maker(self, item: Any, place: Place) -> Source:
        if item.is_rowsfrom or item.coldeflist or len(item.functions) != 1:
            raise refusal.node("ROWS FROM")
        call, definitions = item.functions[0]
        if not isinstance(call, ast.FuncCall) or definitions:
            raise refusal.node(type(call).__name__)
        name = call.funcname[-1].sval
        if name not in ROW_MAKERS:
            raise refusal.function(name)
        self._visit(call, place)
        called = item.alias.aliasname if item.alias else name
        columns = renamed((called, "ordinality") if item.ordinality else (called,), item.alias)
        return Source(called, columns, weights={columns[0]: self._weights.of(call)})

    def _join(
        self, item: Any, place: Place, before: tuple[Source, ...]
    ) -> tuple[list[Source], Columns]:
        self._deeper()
        left, left_columns = self._from(item.larg, place, before)
        right, right_columns = self._from(item.rarg, place, (*before, *left))
        both = [*left, *right]
        shared = strings(item.usingClause)
        if item.isNatural:
            shared = tuple(name for name in left_columns if name in right_columns)
        for name in shared:
            if name not in left_columns or name not in right_columns:
                raise refusal.column(name, ", ".join(left_columns))
        if item.join_using_alias is not None:
            raise refusal.node("USING AS")
        self._visit(item.quals, place.within(both))
        rest = tuple(name for name in left_columns + right_columns if name not in shared)
        columns = renamed(shared + rest, item.alias)
        self._depth -= 1
        if item.alias is not None:
            seen = place.within(both)
            weights = of_columns(columns, [seen.weight((name,)) for name in shared + rest])
            return [Source(item.alias.aliasname, columns, weights=weights)], columns
        return both, columns

    # -- expressions ---------------------------------------------------------------------------

    def _visit(self, node: Any, place: Place) -> None:
        if isinstance(node, tuple):
            self._each(node, place)
        if not isinstance(node, ast.Node):
            return
        self._allow(node)
        self._deeper()
        match node:
            case ast.ColumnRef():
                self._column(node, place)
                self._weights.weigh(node, place)
            case ast.SubLink():
                self._operator(node.operName)
                self._visit(node.testexpr, place)
                self._select(node.subselect, place.below())
                self._weights.weigh(node, place)
            case ast.SelectStmt():
                self._select(node, place.below())
            case ast.TypeName():
                self._type(node)
            case _:
                self._check(node)
                for slot in node.__slots__:
                    self._visit(getattr(node, slot), place)
                self._weights.weigh(node, place)
        self._depth -= 1

    def _each(self, nodes: Iterable[Any] | None, place: Place) -> None:
        for node in nodes or ():
            self._visit(node, place)

    def _check(self, node: Any) -> None:
        match node:
            case ast.FuncCall():
                self._function(node)
            case ast.A_Expr():
                self._operator(node.name)
            case ast.SQLValueFunction() if node.op not in values():
                raise refusal.function(node.op.name.removeprefix("SVFOP_").lower())
            case ast.SortBy() if node.useOp:
                raise refusal.clause("USING", say("Sort with ASC or DESC."))
            case _:
                pass

    def _column(self, node: Any, place: Place) -> None:
        if isinstance(node.fields[-1], ast.A_Star):
            raise refusal.column("*", ", ".join(place.known()))
        parts = strings(node.fields)
        if not place.find(parts):
            raise refusal.column(".".join(parts), ", ".join(place.known()))

    def _function(self, node: Any) -> None:
        names = strings(node.funcname)
        name = names[-1]
        if len(names) > 2 or (len(names) == 2 and names[0] != CATALOG) or name not in FUNCTIONS:
            raise refusal.function(".".join(names))
        if node.func_variadic:
            raise refusal.node("VARIADIC")
        if name == "generate_series":
            series.check(node)
        self.functions.add(name)

    def _operator(self, names: Iterable[Any] | None) -> None:
        if not names:
            return
        parts = strings(names)
        if len(parts) != 1 or parts[0] not in OPERATORS:
            raise refusal.operator(".".join(parts))

    def _type(self, node: Any) -> None:
        names = strings(node.names)
        schema_is_odd = len(names) > 2 or (len(names) == 2 and names[0] != CATALOG)
        if node.setof or node.pct_type or schema_is_odd or names[-1] not in TYPES:
            raise refusal.kind_of_value(".".join(names))
        self._each(node.typmods, Place())

    def _allow(self, node: Any) -> None:
        if type(node) not in nodes():
            raise refusal.node(type(node).__name__)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise refusal.too_big(say("The statement is nested too deep: make it simpler."))
