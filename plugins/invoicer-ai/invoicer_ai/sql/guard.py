"""Reads a statement with PostgreSQL's own parser and allows it, or refuses it in words.

Nothing is searched for in the text: the tree must be made of allowed parts only, and what runs is
the text made from that tree. Pure; no database.
"""

from dataclasses import dataclass
from typing import Any

from invoicer_core.plugin import say

from . import refusal
from .allowed import MOST_BRACKETS, MOST_BYTES
from .reading import Reader
from .tree import ast, parser


@dataclass(frozen=True, slots=True)
class Checked:
    """A statement that may run: made from its tree, with what it reads and uses."""

    sql: str
    columns: tuple[str, ...]
    relations: frozenset[str]
    functions: frozenset[str]


def check(text: str) -> Checked:
    """Allow a statement.

    Raises:
        Refused: anything about it is not on the lists.
    """
    _check_text(text)
    statement = _parsed(text)
    reader = Reader()
    try:
        columns = reader.statement(statement)
        made: str = parser.deparse_protobuf(parser.parse_sql_protobuf(text))
        again = parser.parse_sql(made)
    except RecursionError:
        raise refusal.too_big(say("The statement is nested too deep: make it simpler.")) from None
    except parser.Error:
        raise refusal.unread("") from None
    # What runs is the text made anew: it must say the very same.
    if len(again) != 1 or again[0].stmt != statement:
        raise refusal.unread("")
    return Checked(made, columns, frozenset(reader.relations), frozenset(reader.functions))


def _check_text(text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise refusal.too_big(say("The statement holds signs that are no text.")) from None
    if size > MOST_BYTES:
        raise refusal.too_big(
            say("The statement has %(size)s bytes; at most %(most)s are allowed.",
                size=size, most=MOST_BYTES)
        )  # fmt: skip
    if "\0" in text:
        raise refusal.too_big(say("The statement holds signs that are no text."))
    depth = deepest = 0
    for sign in text:
        if sign in "([":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in ")]":
            depth -= 1
    if deepest > MOST_BRACKETS:
        raise refusal.too_big(
            say("Brackets are nested %(depth)s deep; at most %(most)s are allowed.",
                depth=deepest, most=MOST_BRACKETS)
        )  # fmt: skip


def _parsed(text: str) -> Any:
    try:
        found = parser.parse_sql(text)
    except parser.ParseError as error:
        at = error.args[1] if len(error.args) > 1 else None
        raise refusal.unread(text[at : at + 20] if isinstance(at, int) else "") from None
    except (parser.Error, RecursionError, ValueError):
        raise refusal.unread("") from None
    if len(found) != 1:
        raise refusal.not_one_select(len(found))
    statement = found[0].stmt
    if not isinstance(statement, ast.SelectStmt):
        raise refusal.not_reading(_first_word(text))
    return statement


def _first_word(text: str) -> str:
    tokens = parser.scan(text)
    words = [text[token.start : token.end + 1] for token in tokens if "COMMENT" not in token.name]
    return words[0].upper()[:30] if words else "?"
