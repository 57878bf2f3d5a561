"""What the services say to people is marked, so that every reader gets it in their language."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / "invoicer_core"
ROOMS = ("domain", "services")
PLACES = re.compile(r"%\((\w+)\)s")

ERRORS = {
    "Conflict", "FieldError", "Forbidden", "InvalidInput", "InvoicerError", "NotAuthenticated",
    "NotFound", "Objection", "StaleVersion", "TooManyRequests", "Unavailable",
}  # fmt: skip
HELPERS = {"refuse": 1, "_refuse": 1, "taken": 1, "_bad": 0, "_refused": 0}
"""Functions that raise an error, and which of their arguments is its text."""

SENTENCE = re.compile(r"[A-Z].*[.!?]$", re.DOTALL)
"""Errors for programmers are no sentences."""


def sources() -> list[Path]:
    return [path for room in ROOMS for path in sorted((CORE / room).rglob("*.py"))]


def errors() -> set[str]:
    """The names of all refusals, those made from others too."""
    found = set(ERRORS)
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and found & {ast.unparse(b) for b in node.bases}:
                found.add(node.name)
    return found


REFUSALS = errors()


def text_of(call: ast.Call) -> ast.expr | None:
    """The argument of a call that people read, when the call makes a refusal."""
    name = call.func.id if isinstance(call.func, ast.Name) else None
    if isinstance(call.func, ast.Attribute):
        kind, name = ast.unparse(call.func.value), call.func.attr
        if name == "at" and kind in REFUSALS:
            return call.args[1]
        if kind in REFUSALS:
            return None
    if name == "FieldError":
        return call.args[1]
    if name in HELPERS and len(call.args) > HELPERS[name]:
        return call.args[HELPERS[name]]
    if name in REFUSALS or name == "ValueError":
        return call.args[0] if call.args else None
    return None


def literals(given: ast.expr, scopes: list[ast.AST]) -> Iterator[ast.expr]:
    """Every text that stands behind an expression without being marked."""
    if isinstance(given, ast.JoinedStr) or (
        isinstance(given, ast.Constant) and isinstance(given.value, str)
    ):
        yield given
    elif isinstance(given, ast.IfExp):
        yield from literals(given.body, scopes)
        yield from literals(given.orelse, scopes)
    elif isinstance(given, ast.BoolOp):
        for each in given.values:
            yield from literals(each, scopes)
    elif isinstance(given, ast.BinOp):
        yield given
    elif isinstance(given, ast.Name):
        for scope in scopes:
            values = list(assigned(given.id, scope))
            for value in values:
                yield from literals(value, [])
            if values:
                return


def assigned(name: str, scope: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(scope):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            targets = [node.target]
        if any(isinstance(each, ast.Name) and each.id == name for each in targets):
            value = getattr(node, "value", None)
            if value is not None:
                yield value


def unmarked(source: str) -> list[int]:
    """The lines where a refusal's text is not given through ``say``."""
    tree = ast.parse(source)
    found: list[int] = []

    def look(node: ast.AST, scopes: list[ast.AST]) -> None:
        if isinstance(node, ast.FunctionDef):
            scopes = [node, *scopes]
        if isinstance(node, ast.Call) and (text := text_of(node)) is not None:
            for given in literals(text, scopes):
                words = ast.literal_eval(given) if isinstance(given, ast.Constant) else "It is."
                internal = ast.unparse(node.func) == "ValueError" and (
                    not isinstance(given, ast.Constant) or not SENTENCE.match(words)
                )
                if not internal:
                    found.append(given.lineno)
        for child in ast.iter_child_nodes(node):
            look(child, scopes)

    look(tree, [tree])
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_every_refusal_is_marked(room: str) -> None:
    found = {
        str(path.relative_to(CORE)): lines
        for path in sorted((CORE / room).rglob("*.py"))
        if (lines := unmarked(path.read_text()))
    }
    assert not found, "give these texts through invoicer_core.domain.saying.say"


@pytest.mark.parametrize(
    "line",
    [
        'raise Conflict("This is taken.")',
        'raise InvalidInput.at("/name", f"At most {most} characters.")',
        'faults.append(FieldError("/name", "Too long."))',
        'message = f"Only {left} is left."\n    raise Conflict(message)',
        'raise ValueError("This must be a number.")',
        'refuse("/name", "Give it a name." if new else say("It has one."))',
    ],
)
def test_a_text_that_is_not_marked_is_seen(line: str) -> None:
    assert unmarked(f"def use_case(most, left, new):\n    {line}\n")


@pytest.mark.parametrize(
    "line",
    [
        'raise Conflict(say("This is taken."))',
        'raise InvalidInput.at("/name", say("At most %(most)s characters.", most=most))',
        'raise ValueError("the instant needs a time zone")',
        'raise NotFound.of("invoice", 7)',
        "raise Conflict(other.detail)",
    ],
)
def test_what_is_marked_passes(line: str) -> None:
    assert not unmarked(f"def use_case(most, other):\n    {line}\n")


def test_what_is_marked_can_be_found_and_filled() -> None:
    """The extraction reads literals, and every place has its value."""
    wrong = []
    for path in [*sources(), *sorted((CORE / "host").rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) != "say":
                continue
            given = node.args[0]
            places = set(PLACES.findall(getattr(given, "value", None) or ""))
            literal = isinstance(given, ast.Constant)
            if not literal or places != {each.arg for each in node.keywords}:
                wrong.append(f"{path.relative_to(CORE)}:{node.lineno}")
    assert not wrong


RAW = re.compile(r"(?<!told\()\b(?:error|refusal|refused|changed|wrong)\.(?:detail|message)\b")


def test_pages_show_refusals_in_the_readers_language() -> None:
    raw = [
        f"{path.relative_to(CORE)}: {line.strip()}"
        for path in sorted((CORE / "web").rglob("*.py"))
        for line in path.read_text().splitlines()
        if RAW.search(line) and "told(" not in line
    ]
    assert not raw, "show these through invoicer_core.services.wording.told"
