"""What a statement may be made of. Everything that is not named here is refused.

What is told in the parser's own terms is a function: the parser is loaded with the first statement.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from .tree import ast, enums

SCHEMA: Final = "reporting"

RELATIONS: Final = MappingProxyType(
    {
        "clients": (
            "id", "name", "email", "phone", "address", "city", "postcode", "region", "country",
            "vat_id", "currency", "payment_terms_days", "is_archived", "created_at",
        ),
        "products": (
            "id", "sku", "name", "description", "category", "unit", "unit_price", "currency",
            "stock_quantity", "low_stock_level", "is_active", "created_at",
        ),
        "orders": (
            "id", "order_number", "client_id", "total_amount", "currency", "status", "order_date",
            "created_at",
        ),
        "invoices": (
            "id", "invoice_number", "client_id", "client_name", "order_id", "status", "issue_date",
            "due_date", "currency", "subtotal", "tax_amount", "total_amount", "paid_amount",
            "balance_due", "notes", "sent_at", "paid_at", "created_at",
        ),
        "invoice_items": (
            "id", "invoice_id", "product_id", "position", "description", "quantity", "unit",
            "unit_price", "tax_rate", "net_amount", "line_total",
        ),
        "payments": (
            "id", "invoice_id", "client_id", "amount", "currency", "method", "status", "paid_at",
            "refunded_amount", "provider", "provider_ref", "created_at",
        ),
    }
)  # fmt: skip
"""The six views and their columns. A test compares them with the database's own."""

TEXT_COLUMNS: Final = frozenset(
    {
        "address", "category", "city", "client_name", "country", "currency", "description", "email",
        "invoice_number", "method", "name", "notes", "order_number", "phone", "postcode",
        "provider", "provider_ref", "region", "sku", "status", "unit", "vat_id",
    }
)  # fmt: skip
"""Those of the columns that hold texts; the others are short. The same test compares them."""


@cache
def nodes() -> frozenset[Any]:
    """What a tree may be made of."""
    return frozenset(
        {
            ast.A_ArrayExpr, ast.A_Const, ast.A_Expr, ast.Alias, ast.BoolExpr, ast.Boolean,
            ast.BooleanTest, ast.CaseExpr, ast.CaseWhen, ast.CoalesceExpr, ast.ColumnRef,
            ast.CommonTableExpr, ast.Float, ast.FuncCall, ast.GroupingFunc, ast.GroupingSet,
            ast.Integer, ast.JoinExpr, ast.MinMaxExpr, ast.NamedArgExpr, ast.NullTest,
            ast.RangeFunction, ast.RangeSubselect, ast.RangeVar, ast.ResTarget, ast.RowExpr,
            ast.SQLValueFunction, ast.SelectStmt, ast.SortBy, ast.String, ast.SubLink, ast.TypeCast,
            ast.TypeName, ast.WindowDef, ast.WithClause, ast.A_Star,
        }
    )  # fmt: skip


FUNCTIONS: Final = frozenset(
    {
        # of many rows
        "avg", "bool_and", "bool_or", "corr", "count", "covar_pop", "covar_samp", "every", "max",
        "min", "mode", "percentile_cont", "percentile_disc", "regr_count", "regr_intercept",
        "regr_r2", "regr_slope", "stddev", "stddev_pop", "stddev_samp", "string_agg", "sum",
        "var_pop", "var_samp", "variance", "array_agg",
        # over windows
        "cume_dist", "dense_rank", "first_value", "lag", "last_value", "lead", "nth_value", "ntile",
        "percent_rank", "rank", "row_number",
        # of numbers
        "abs", "ceil", "ceiling", "div", "exp", "floor", "ln", "log", "mod", "power", "round",
        "sign", "sqrt", "trunc", "width_bucket", "greatest", "least", "pi", "cbrt", "log10",
        # of texts
        "ascii", "btrim", "char_length", "character_length", "concat", "concat_ws", "initcap",
        "left", "length", "lower", "ltrim", "overlay", "position", "replace", "reverse", "right",
        "rtrim", "similar_to_escape", "split_part", "starts_with", "strpos", "substr", "substring",
        "translate", "trim", "upper", "regexp_replace", "regexp_substr", "regexp_count",
        "regexp_like", "array_length", "array_to_string", "cardinality", "unnest",
        # of days and moments
        "age", "date_bin", "date_part", "date_trunc", "extract", "isfinite", "justify_days",
        "justify_hours", "justify_interval", "make_date", "make_interval", "make_timestamp", "now",
        "overlaps", "timezone", "to_char", "to_date", "to_number", "to_timestamp",
        # rows that no table has: the months of a year
        "generate_series",
    }
)  # fmt: skip
ROW_MAKERS: Final = frozenset({"generate_series", "unnest"})
MOST_STEPS: Final = 10_000
"""Rows that ``generate_series`` over whole numbers may make."""

STEP_UNITS: Final = frozenset(
    {"day", "days", "week", "weeks", "month", "months", "mon", "mons", "year", "years"}
)
"""Units of the step of ``generate_series`` over days."""

TYPES: Final = frozenset(
    {
        "bool", "boolean", "bpchar", "date", "decimal", "float4", "float8", "int", "int2", "int4",
        "int8", "integer", "bigint", "smallint", "interval", "numeric", "text", "time", "timestamp",
        "timestamptz", "varchar",
    }
)  # fmt: skip

OPERATORS: Final = frozenset(
    {
        "=", "<>", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "^", "||",
        "~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*", "@",
        "BETWEEN", "NOT BETWEEN", "BETWEEN SYMMETRIC", "NOT BETWEEN SYMMETRIC",
    }
)  # fmt: skip


@cache
def values() -> Mapping[Any, str]:
    """Words that stand for a value without brackets; those of users and schemas are not among
    them."""
    word = enums.SQLValueFunctionOp
    return MappingProxyType(
        {
            word.SVFOP_CURRENT_DATE: "current_date",
            word.SVFOP_CURRENT_TIME: "current_time",
            word.SVFOP_CURRENT_TIME_N: "current_time",
            word.SVFOP_CURRENT_TIMESTAMP: "current_timestamp",
            word.SVFOP_CURRENT_TIMESTAMP_N: "current_timestamp",
            word.SVFOP_LOCALTIME: "localtime",
            word.SVFOP_LOCALTIME_N: "localtime",
            word.SVFOP_LOCALTIMESTAMP: "localtimestamp",
            word.SVFOP_LOCALTIMESTAMP_N: "localtimestamp",
        }
    )


MOST_BYTES: Final = 8_192
MOST_BRACKETS: Final = 60
MOST_DEPTH: Final = 120
"""Levels of the tree."""
