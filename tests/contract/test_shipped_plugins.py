"""The plugins that ship beside the core: every list that names them names all of them, the image
gets them without their tests, and their page of reference says what they are."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from invoicer_core import reference
from invoicer_core.host.loading import OWN_PACKAGE
from invoicer_core.host.plugin_reference import section
from invoicer_core.host.registry import discover
from invoicer_core.plugin.inspection import entry_points_in

ROOT = Path(__file__).parents[2]
PROJECTS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
PACKAGES = {each.name.replace("-", "_") for each in PROJECTS}
PAGE = ROOT / "docs" / "reference" / "plugins.md"
PLUGINS = discover().plugins


def project(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))


def contracts() -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in project(ROOT)["tool"]["importlinter"]["contracts"]}


def test_the_tools_look_at_each_of_them() -> None:
    tools = project(ROOT)["tool"]
    assert {*tools["mypy"]["packages"]} >= PACKAGES
    assert {*tools["importlinter"]["root_packages"]} >= PACKAGES
    found = contracts()
    assert {*found["A plugin imports the door and nothing else of the core"]["source_modules"]} == (
        PACKAGES
    )
    assert {*found["No plugin knows another"]["modules"]} == PACKAGES
    assert {
        *found["The core knows no plugin that ships beside it"]["forbidden_modules"]
    } == PACKAGES


def test_every_room_but_the_door_is_closed_to_them() -> None:
    core = ROOT / "invoicer_core"
    modules = {path.stem for path in core.glob("*.py")} | {
        path.parent.name for path in core.glob("*/__init__.py")
    }
    rule = contracts()["A plugin imports the door and nothing else of the core"]
    closed = {each.removeprefix("invoicer_core.") for each in rule["forbidden_modules"]}
    assert closed == modules - {"__init__", "plugin"}


@pytest.mark.parametrize("folder", PROJECTS, ids=lambda each: each.name)
def test_a_package_holds_what_it_needs(folder: Path) -> None:
    package = folder / folder.name.replace("-", "_")
    told = project(folder)
    assert (package / "py.typed").is_file()
    assert (folder / "README.md").is_file()
    assert {"invoicer", "invoicer[httpx]"} & {*told["project"]["dependencies"]}
    wheel = told["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == [package.name]
    assert wheel["artifacts"] == [f"{package.name}/**/*.mo"]
    assert len(entry_points_in(folder)) == 1


def test_the_image_gets_them_and_not_their_tests() -> None:
    kept = (ROOT / ".dockerignore").read_text().split()
    assert kept[0] == "*"
    assert {"!plugins", "plugins/*/tests", "plugins/conftest.py", "!deploy/catalogs.py"} <= {*kept}
    recipe = (ROOT / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY (?!--from)(.+) \S+$", recipe, re.MULTILINE))
    for source in " ".join(copied).split():
        assert f"!{source}" in kept or f"!{source.split('/')[0]}" in kept, source
    syncs = [line for line in recipe.splitlines() if "uv sync" in line]
    assert len(syncs) == 2
    assert all("--all-packages" in line for line in syncs)


def test_the_page_has_a_section_for_each() -> None:
    sections = re.findall(r"^## `(\w+)`", PAGE.read_text("utf-8"), re.MULTILINE)
    assert tuple(sections) == reference.shipped(ROOT)


@pytest.mark.parametrize("name", [each for each in reference.shipped(ROOT) if each in PLUGINS])
def test_its_section_says_what_it_is(name: str) -> None:
    assert section(PLUGINS[name]) in PAGE.read_text("utf-8"), (
        "run python -m invoicer_core.reference docs/reference"
    )


def test_who_is_not_installed_keeps_its_section() -> None:
    stored = PAGE.read_text("utf-8")
    own = discover(only_built_in=True)
    assert {each.package.split(" ")[0] for each in own.plugins.values()} == {OWN_PACKAGE}
    assert reference.plugins_page(ROOT, stored, own.plugins) == stored
