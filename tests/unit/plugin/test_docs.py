"""The authors' pages: the written ones run, the generated ones are up to date."""

import re
from pathlib import Path

import pytest

import invoicer_core.plugin as door
from invoicer_core.domain.events import EVENTS
from invoicer_core.hooks.plugin import HOOKS, Plugin
from invoicer_core.host.loading import Candidate, load
from invoicer_core.host.reference import PAGES

FOLDER = Path(__file__).parents[3] / "docs" / "plugin-authors"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
WRITTEN = [
    (path.name, number, block)
    for path in sorted(FOLDER.glob("*.md"))
    if path.name not in PAGES and path.name != "testing.md"
    for number, block in enumerate(BLOCK.findall(path.read_text("utf-8")))
]


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_up_to_date(name):
    assert (FOLDER / name).read_text("utf-8") == PAGES[name](), (
        "run python -m invoicer_core.host.reference docs/plugin-authors"
    )


@pytest.mark.parametrize(("page", "number", "source"), WRITTEN)
def test_every_example_runs_and_is_a_plugin(page, number, source):
    namespace = {"__name__": f"docs_{page}_{number}".replace(".", "_")}
    exec(compile(source, f"{page} example {number}", "exec"), namespace)  # noqa: S102
    own = (each for each in namespace.values() if isinstance(each, type))
    plugins = [each for each in own if issubclass(each, Plugin) and each is not Plugin]
    assert plugins or "Thanked" in namespace
    for kind in plugins:
        assert load(Candidate(kind.name, page, kind)).plugin.name == kind.name


def test_every_hook_and_event_has_its_entry():
    hooks = (FOLDER / "hooks.md").read_text("utf-8")
    events = (FOLDER / "events.md").read_text("utf-8")
    listed = {hook for hook, family in HOOKS.items() if family != "event"}
    assert [hook for hook in listed if f"### `{hook}`\n" not in hooks] == []
    assert [name for name in EVENTS if f"## `{name}`\n" not in events] == []


def test_the_pages_link_to_each_other():
    index = (FOLDER / "index.md").read_text("utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", index):
        assert (FOLDER / target).is_file()


def test_the_door_is_sorted_and_whole():
    assert door.__all__ == sorted(door.__all__)
    assert [name for name in door.__all__ if not hasattr(door, name)] == []
    assert {kind.__name__ for kind in EVENTS.values()} <= set(door.__all__)
