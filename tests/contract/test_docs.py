"""The documentation says what is: generated pages are current, links lead somewhere, and every
command and setting that a page names exists."""

import re
from pathlib import Path

import click
import pytest

from invoicer_core import cli, reference

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?\n(.*?)```|`([^`\n]+)`", re.DOTALL)
SETTING = re.compile(r"\b(?:INVOICER|DATABASE|REDIS|LOG|MAIL|SMTP)_[A-Z_]+\b")
COMMAND = re.compile(r"(?:^|[\s/;&])invoicer((?: +[a-z][a-z-]*)+)")
# Names the variables of others, beside ours.
ELSEWHERE = DOCS / "reference" / "substitutes.md"


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def code_of(text: str) -> list[str]:
    return [fenced or inline for fenced, inline in CODE.findall(text)]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the usual renderers make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def broken_links(page: Path) -> list[str]:
    broken = []
    for target in LINK.findall(page.read_text("utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            broken.append(target)
    return broken


def unknown_commands(text: str) -> list[str]:
    """Of what is written as code: commands that are not there, and targets of make."""
    found = [
        words
        for code in code_of(text)
        for words in COMMAND.findall(code)
        if not is_command(words.split())
    ]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    made = [each for code in code_of(text) for each in re.findall(r"\bmake ([a-z-]+)", code)]
    return found + [each for each in made if each not in targets]


def is_command(words: list[str]) -> bool:
    """Whether these words call a command; what follows its name are arguments."""
    command: click.Command = cli.commands
    for word in words:
        if not isinstance(command, click.Group):
            return True
        if word not in command.commands:
            return False
        command = command.commands[word]
    return True


def unknown_settings(text: str) -> list[str]:
    known = reference.setting_names() | {name for _, name, _ in reference.plugin_settings()}
    # Of the plugins that ship beside the core, installed or not.
    known |= set(re.findall(r"`([A-Z_]+)`", (DOCS / "reference" / "plugins.md").read_text()))
    return [each for each in SETTING.findall(text) if each not in known]


@pytest.mark.parametrize("name", reference.PAGES)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (DOCS / "reference" / name).read_text("utf-8") == reference.PAGES[name](), (
        "run python -m invoicer_core.reference docs/reference"
    )


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    assert broken_links(path) == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_commands_and_settings_exist(path: Path) -> None:
    text = path.read_text("utf-8")
    assert unknown_commands(text) == []
    assert path == ELSEWHERE or unknown_settings(text) == []


def test_every_setting_has_a_meaning_and_no_other() -> None:
    assert set(reference.MEANINGS) == reference.setting_names()


def test_the_sample_of_the_environment_names_settings_that_exist() -> None:
    text = (ROOT / ".env.example").read_text("utf-8")
    assert unknown_settings(text) == []
    assigned = set(re.findall(r"^# ?([A-Z_]+)=", text, re.MULTILINE))
    assert assigned <= reference.setting_names() | {
        name for _, name, _ in reference.plugin_settings()
    }


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page.is_dir():
            ahead += sorted(page.glob("*.md"))
        elif page.suffix == ".md" and page not in seen:
            seen.add(page)
            targets = LINK.findall(page.read_text("utf-8"))
            local = [each.partition("#")[0] for each in targets if ":" not in each]
            ahead += [(page.parent / each).resolve() for each in local if each]
    assert [name_of(page) for page in DOCS.rglob("*.md") if page not in seen] == []


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("`invoicer fly`", unknown_commands),
        ("```sh\ninvoicer db fly\n```", unknown_commands),
        ("`make fly`", unknown_commands),
        ("`INVOICER_FLY`", unknown_settings),
    ],
)
def test_the_checks_see_what_is_wrong(text: str, check) -> None:
    assert len(check(text)) == 1


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A heading\n[a](#a-heading) [b](#b) [c](gone.md) [d](https://x.test)")
    assert broken_links(page) == ["#b", "gone.md"]
