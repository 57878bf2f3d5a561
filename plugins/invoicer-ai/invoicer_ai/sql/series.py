"""How many rows ``generate_series`` may make: bounded numbers, or days by days, months, years."""

from typing import Any

from invoicer_core.plugin import say

from . import refusal
from .allowed import MOST_STEPS, STEP_UNITS
from .tree import ast


def check(call: Any) -> None:
    """Allow a series of known length.

    Raises:
        Refused: its length cannot be told.
    """
    given = tuple(call.args or ())
    if len(given) == 3 and _is_step(given[2]):
        return
    numbers = [number for number in map(_whole, given) if number is not None]
    if len(numbers) == len(given) and len(given) in (2, 3):
        step = numbers[2] if len(numbers) == 3 else 1
        if step and abs((numbers[1] - numbers[0]) // step) <= MOST_STEPS:
            return
    raise refusal.clause(
        "generate_series",
        say("Write two whole numbers at most %(most)s apart, or two days and a step like "
            "INTERVAL '1 month'.", most=MOST_STEPS),
    )  # fmt: skip


def _whole(node: Any) -> int | None:
    match node:
        case ast.A_Const(val=ast.Integer(ival=number)):
            return int(number)
        case ast.A_Expr(lexpr=None, rexpr=ast.A_Const(val=ast.Integer(ival=number))):
            return -int(number)
        case _:
            return None


def _is_step(node: Any) -> bool:
    match node:
        case ast.TypeCast(arg=ast.A_Const(val=ast.String(sval=text))):
            kind = node.typeName.names[-1].sval
            return kind == "interval" and not node.typeName.typmods and _is_days(text)
        case ast.A_Const(val=ast.String(sval=text)):
            return _is_days(text)
        case _:
            return False


def _is_days(text: str) -> bool:
    words = text.lower().split()
    if len(words) != 2 or words[1] not in STEP_UNITS:
        return False
    return words[0].isascii() and words[0].isdigit() and int(words[0]) > 0
