"""The house's measurable rules: sizes, names, where an import may stand, what the domain knows,
how large a plugin is."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "invoicer_core"
PLUGINS = ROOT / "plugins"
FOLDERS = ("invoicer_core", "tests", "bench", "migrations", "plugins")

FILE_LINES, BIGGEST_FILE, FUNCTION_LINES = 400, 600, 40
# Files between the two limits; each is still one idea. None may join without a reason here.
LONG_FILES: frozenset[str] = frozenset()
# Lines of Python of a plugin that ships beside the core, without its tests and migrations.
PLUGIN_LINES = 500
# The aim is missed by these: how large they may be, and what for. None may join without a reason.
LARGER_PLUGINS: dict[str, tuple[int, str]] = {
    "invoicer-ai": (
        3850,
        "a guard that reads SQL as a tree, a model within time and cost, an assistant and MCP",
    ),
    "invoicer-email-providers": (
        1260,
        "two providers, their signed events, a page of a domain's records",
    ),
    "invoicer-onboarding": (1250, "a workflow, four ways in, a board, an API and time limits"),
    "invoicer-stripe": (1720, "paying, saved cards, refunds and disputes, told in any order"),
    "invoicer-vector-search": (1400, "a model in plain matrices, an index kept fresh, pages"),
    "invoicer-whatsapp": (
        1340,
        "two providers behind one channel, templates, time windows, their error codes in words",
    ),
    "invoicer-twilio": (
        970,
        "two channels, five signed addresses, speech in four languages, error codes in words",
    ),
}
BANNED_NAMES = frozenset({"util", "utils", "helper", "helpers", "common", "misc"})
# WhatsApp is missing on purpose: the API's contract names a message channel so.
VENDORS = re.compile(
    r"\b(stripe|twilio|openai|sendgrid|mailgun|paypal|anthropic|slack|boto3)\b", re.I
)
# Only these choose objects late: the wiring, and commands that must start quickly.
MAY_IMPORT_INSIDE = frozenset(
    {"invoicer_core/app.py", "invoicer_core/cli.py", "invoicer_core/cli_workflows.py"}
)
ENVIRONMENT_READERS = frozenset({"invoicer_core/config.py", "invoicer_core/cli.py"})
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def sources(*folders: str) -> list[Path]:
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if "node_modules" not in path.parts)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), name_of(path))


def long_functions(path: Path, limit: int) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, FUNCTIONS):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > limit:
                yield f"{name_of(path)}:{node.lineno} {node.name} has {lines} lines"


def imports_inside(path: Path) -> Iterator[str]:
    for function in ast.walk(tree_of(path)):
        if isinstance(function, FUNCTIONS):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield f"{name_of(path)}:{node.lineno}"


def foreign_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        else:
            continue
        for module in modules:
            known = module.split(".")[0] in sys.stdlib_module_names
            if not known and not module.startswith("invoicer_core.domain"):
                yield f"{name_of(path)}:{node.lineno} imports {module}"


def test_no_file_is_too_long():
    lines = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in sources(*FOLDERS)}
    allowed = {name: BIGGEST_FILE if name in LONG_FILES else FILE_LINES for name in lines}
    assert {name: n for name, n in lines.items() if n > allowed[name]} == {}


def test_no_function_is_too_long():
    # A migration is one statement after another; nobody ever edits it again.
    paths = (path for path in sources(*FOLDERS) if "migrations" not in path.parts)
    assert [row for path in paths for row in long_functions(path, FUNCTION_LINES)] == []


def test_every_module_is_named_after_something():
    found = [name_of(path) for path in sources(*FOLDERS) if path.stem in BANNED_NAMES]
    assert found == []
    folders = {part for path in sources(*FOLDERS) for part in path.relative_to(ROOT).parts[:-1]}
    assert folders & BANNED_NAMES == set()


def test_imports_stand_at_the_top():
    paths = [path for path in sources("invoicer_core") if name_of(path) not in MAY_IMPORT_INSIDE]
    paths += [path for path in sources("plugins") if "tests" not in path.parts]
    assert [row for path in paths for row in imports_inside(path)] == []


def test_the_domain_imports_only_the_standard_library():
    paths = sorted((CORE / "domain").rglob("*.py"))
    assert paths
    assert [row for path in paths for row in foreign_imports(path)] == []


def vendor_words(folder: Path) -> list[str]:
    return [
        f"{name_of(path)}:{number} {line.strip()}"
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".py", ".html", ".js", ".css", ".po") and "dist" not in path.parts
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if VENDORS.search(line)
    ]


def test_the_core_names_no_vendor(record_property):
    found = vendor_words(CORE)
    record_property("vendor_words_in_the_core", len(found))
    print(f"Vendors' names in the core: {len(found)}")
    assert found == []


def plugin_lines(project: Path) -> int:
    """Lines of the package as it is installed; a migration is written once and never read again."""
    parts = ("tests", "migrations")
    code = [path for path in project.rglob("*.py") if not set(path.parts) & set(parts)]
    return sum(len(path.read_text("utf-8").splitlines()) for path in code)


PROJECTS = sorted(each.parent.name for each in PLUGINS.glob("*/pyproject.toml"))


@pytest.mark.parametrize("name", PROJECTS)
def test_a_plugin_is_small(name, record_property):
    lines = plugin_lines(PLUGINS / name)
    most, _reason = LARGER_PLUGINS.get(name, (PLUGIN_LINES, ""))
    record_property(f"lines_of_{name}", lines)
    print(f"{name}: {lines} lines; at most {most}, the aim is {PLUGIN_LINES}")
    assert lines <= most


def test_whatever_may_be_larger_is_so_for_a_reason():
    for name, (most, reason) in LARGER_PLUGINS.items():
        assert most > PLUGIN_LINES
        assert len(reason.split()) >= 5
        assert plugin_lines(PLUGINS / name) > PLUGIN_LINES, f"{name} is small enough by now"


def test_only_the_configuration_reads_the_environment():
    found = [
        name_of(path)
        for path in sources("invoicer_core")
        if name_of(path) not in ENVIRONMENT_READERS
        and re.search(r"\bos\.(environ|getenv)\b|from os import .*environ", path.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "check", "expected"),
    [
        ("def f():\n" + "    x = 1\n" * 40, lambda p: long_functions(p, 40), 1),
        ("def f():\n" + "    x = 1\n" * 39, lambda p: long_functions(p, 40), 0),
        ("def f():\n    import os\n", imports_inside, 1),
        ("import os\ndef f():\n    pass\n", imports_inside, 0),
        ("import flask\nfrom decimal import Decimal\n", foreign_imports, 1),
    ],
)
def test_the_measures_see_what_they_should(tmp_path, monkeypatch, source, check, expected):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    path = tmp_path / "sample.py"
    path.write_text(source)
    assert len(list(check(path))) == expected
