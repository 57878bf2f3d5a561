"""Reads a plugin's source for :class:`invoicer_core.plugin.testing.PluginContract`."""

import ast
import inspect
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from invoicer_core.hooks.plugin import Plugin
from invoicer_core.host.loading import GROUP

DOOR: Final = "invoicer_core.plugin"
CORE: Final = "invoicer_core"


def folder_of(plugin: type[Plugin]) -> Path:
    """The package of the plugin's class."""
    return Path(inspect.getfile(plugin)).resolve().parent


def project_of(plugin: type[Plugin]) -> Path | None:
    """The nearest folder above with a ``pyproject.toml`` that announces this plugin."""
    for folder in (folder_of(plugin), *list(folder_of(plugin).parents)[:3]):
        if plugin.name in entry_points_in(folder):
            return folder
    return None


def entry_points_in(project: Path) -> dict[str, str]:
    """The plugins that a project announces: name to ``module:Class``."""
    path = project / "pyproject.toml"
    if not path.is_file():
        return {}
    read: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    found: dict[str, str] = read.get("project", {}).get("entry-points", {}).get(GROUP, {})
    return found


def sources(plugin: type[Plugin]) -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file of the package, tests left out."""
    root = folder_of(plugin)
    for path in sorted(root.rglob("*.py")):
        if "tests" not in path.relative_to(root).parts:
            yield path, ast.parse(path.read_text("utf-8"), str(path))


def imported(tree: ast.Module) -> Iterator[str]:
    """The modules that a file imports by absolute name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def foreign_imports(plugin: type[Plugin]) -> list[str]:
    """Imports of the core that do not come through the door; the plugin's own package is free."""
    own = plugin.__module__
    return [
        f"{path.name} imports {module}"
        for path, tree in sources(plugin)
        for module in imported(tree)
        if (module == CORE or module.startswith(CORE + "."))
        and not any(module == free or module.startswith(free + ".") for free in (DOOR, own))
    ]


def environment_reads(plugin: type[Plugin]) -> list[str]:
    """Places that read the process's environment; settings declare ``env=`` instead."""
    return [
        f"{path.name}:{node.lineno}"
        for path, tree in sources(plugin)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("environ", "getenv")
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    ]


def calls_in(function: ast.AST, *names: str) -> list[int]:
    """Lines that call a method of one of these names."""
    return [
        node.lineno
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in names
    ]


def endings(plugin: type[Plugin]) -> list[str]:
    """Commits and roll-backs within hooks that run in the core's transaction."""
    found = []
    for path, tree in sources(plugin):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith(("before_", "propose_")):
                lines = calls_in(node, "commit", "rollback")
                found += [f"{path.name}:{line} in {node.name}" for line in lines]
    return found


def unprotected_tables(plugin: type[Plugin]) -> list[str]:
    """Tables that a migration makes without ``protect``, and migrations without a way down."""
    found = []
    for path in sorted((folder_of(plugin) / (plugin.migrations or "")).glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"), str(path))
        made, protected = set(_first_texts(tree, "create_table")), set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) == "protect":
                protected |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
        found += [f"{path.name} leaves {table} without protect()" for table in made - protected]
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        if "downgrade" not in functions:
            found.append(f"{path.name} has no downgrade()")
    return found


def _first_texts(tree: ast.Module, call: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) == call and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant):
                yield str(first.value)


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
