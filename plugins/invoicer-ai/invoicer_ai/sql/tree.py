"""The parser's own names, untyped: the code that walks a tree knows more than their types."""

from typing import Any

from invoicer_core.plugin import on_first_use

ast: Any = on_first_use("pglast.ast")
enums: Any = on_first_use("pglast.enums")
parser: Any = on_first_use("pglast.parser")
