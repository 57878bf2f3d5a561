"""The parser's own names, untyped: the code that walks a tree knows more than their types."""

from typing import Any

import pglast

ast: Any = pglast.ast
enums: Any = pglast.enums
parser: Any = pglast.parser
