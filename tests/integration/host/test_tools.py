"""The command line's plugin tools, as an operator runs them: a process, an installed package."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.embedded import doctor, plugin_tools
from invoicer_core.host import states
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.plugin.scaffold import scaffold
from tests.factories import make_business

ROOT = Path(__file__).parents[3]

SOURCE = '''
import time
from collections.abc import Iterable

import click

from invoicer_core.plugin import Command, Conflict, Health, HealthCheck, Plugin, hookimpl
from invoicer_core.plugin.tables import current_business_id


def broken(ctx):
    raise RuntimeError("no wire")


def hangs(ctx):
    time.sleep(60)


class ToolPlugin(Plugin):
    """For the tests of tools."""

    name, default_on, migrations = "tool", True, "migrations"

    @hookimpl
    def health_checks(self) -> Iterable[HealthCheck]:
        yield HealthCheck("fine", lambda ctx: Health(True))
        yield HealthCheck("wire", broken)
        yield HealthCheck("mouth", lambda ctx: "good")

    @hookimpl
    def commands(self) -> Iterable[Command]:
        yield Command("greet", greet)
        yield Command("fail", fail)
        yield Command("refuse", refuse)
        yield Command("leave", leave)


class SleepyPlugin(Plugin):
    """Does not answer."""

    name, default_on = "sleepy", True

    @hookimpl
    def health_checks(self) -> Iterable[HealthCheck]:
        yield HealthCheck("nap", hangs)


class AskewPlugin(Plugin):
    """Has a hook that does not exist."""

    name = "askew"

    @hookimpl
    def on_invoice_payed(self, ctx, event):
        pass


@click.command()
@click.option("--loud", is_flag=True)
@click.argument("who")
def greet(loud, who):
    try:
        where = current_business_id()
    except RuntimeError:
        where = "nowhere"
    click.echo(f"hello {who}{'!' if loud else ''} in {where}")


@click.command()
def fail():
    raise RuntimeError("it broke")


@click.command()
def refuse():
    raise Conflict("Not while it rains.")


@click.command()
@click.pass_context
def leave(context):
    context.exit(3)
'''
ENTRY_POINTS = """[invoicer.plugins]
tool = invoicer_tool:ToolPlugin
sleepy = invoicer_tool:SleepyPlugin
askew = invoicer_tool:AskewPlugin
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder on the path that holds an installed package."""
    site = tmp_path_factory.mktemp("site")
    (site / "invoicer_tool" / "migrations").mkdir(parents=True)
    (site / "invoicer_tool" / "__init__.py").write_text(SOURCE)
    info = site / "invoicer_tool-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: invoicer-tool\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    return site


@pytest.fixture
def present(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is installed for this process, too."""
    monkeypatch.syspath_prepend(str(installed))


@pytest.fixture(scope="module")
def operator(installed: Path, variables: dict[str, str]) -> dict[str, str]:
    """The operator's environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, **variables, "PYTHONPATH": f"{installed}:{ROOT}"}


def invoicer(operator: dict[str, str], *words: str, cwd: Path = ROOT) -> tuple[int, str]:
    """Status and all that was said."""
    program = [sys.executable, "-m", "invoicer_core.cli", *words]
    done = subprocess.run(
        program, env=operator, cwd=cwd, capture_output=True, text=True, timeout=100, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_list_says_what_runs_and_what_does_not(operator: dict[str, str]) -> None:
    status, said = invoicer(operator, "plugins", "list")
    assert status == 0
    lines = {line.split()[0]: line for line in said.splitlines() if "invoicer" in line}
    assert "invoicer-tool 1.2" in lines["tool"]
    assert "on by default" in lines["tool"]
    assert "did you mean on_invoice_paid?" in lines["askew"]


@pytest.fixture(scope="module")
def business(config: Config) -> int:
    """One for which a plugin is paused."""
    app: Flask = create_app(config)
    with app.app_context():
        business_id = make_business()
        with enter_business(business_id):
            states.pause(db.session, business_id, "email", "the post is on strike", on=True)
            db.session.commit()
    return business_id


def test_doctor_says_what_is_wrong_in_words(config: Config, business: int, present: None) -> None:
    found = doctor.findings(config)
    told = "\n".join(found)
    assert "The plugin askew does not run: askew (invoicer-tool 1.2):" in told
    assert "The tables of the plugin tool are missing: run `invoicer db upgrade`." in found
    assert "The plugin email is paused for " in told
    assert "the last reason: the post is on strike." in told
    assert "The plugin tool, wire: raised RuntimeError: no wire (" in told
    assert "The plugin tool, mouth: answered str instead of Health (" in told
    assert "tool, fine" not in told
    assert "The plugin sleepy, its checks: did not answer within 5 s (1 business)." in found


@pytest.mark.parametrize(
    ("business", "command", "said"),
    [
        (None, "greet Ann", "hello Ann in nowhere\n"),
        (None, "greet --loud Ann", "hello Ann! in nowhere\n"),
        (7, "greet Ann", "hello Ann in 7\n"),
    ],
)
def test_a_plugin_s_command(
    config: Config, present: None, capsys: pytest.CaptureFixture[str],
    business: int | None, command: str, said: str,
) -> None:  # fmt: skip
    name, *arguments = command.split()
    plugin_tools.run(config, "tool", name, arguments, business)
    assert capsys.readouterr().out == said


@pytest.mark.parametrize(
    ("plugin", "command", "words"),
    [
        ("tool", "greet", "tool greet: Missing argument 'WHO'."),
        ("tool", "fail", "tool fail: RuntimeError: it broke"),
        ("tool", "refuse", "tool refuse: Not while it rains."),
        ("tool", "leave", "tool leave: ended with 3"),
        ("tool", "dance", "tool has no command dance; it has: fail, greet, leave, refuse."),
        ("askew", "greet", "There is no plugin named askew that runs."),
    ],
)
def test_a_command_that_fails_is_told_in_one_line(
    config: Config, present: None, plugin: str, command: str, words: str
) -> None:
    with pytest.raises(plugin_tools.CommandFailed) as failed:
        plugin_tools.run(config, plugin, command, [], None)
    assert str(failed.value) == words


def test_it_is_reached_from_the_command_line(operator: dict[str, str]) -> None:
    status, said = invoicer(operator, "plugins", "run", "tool", "greet", "--", "--loud", "Ann")
    assert (status, said.splitlines()[0]) == (0, "hello Ann! in nowhere")
    status, said = invoicer(operator, "plugins", "run", "tool", "fail")
    assert (status, said.splitlines()[-1]) == (1, "invoicer: tool fail: RuntimeError: it broke")


def test_a_plugin_s_texts_are_gathered_and_compiled(present: None, installed: Path) -> None:
    lines = list(plugin_tools.texts("tool"))
    assert [line.split(": ")[1] for line in lines] == ["1 texts, 1 to translate"] * 3
    folder = installed / "invoicer_tool" / "translations" / "fr" / "LC_MESSAGES"
    assert 'msgid "For the tests of tools."' in (folder / "messages.po").read_text()
    assert (folder / "messages.mo").is_file()
    with pytest.raises(plugin_tools.CommandFailed, match="no plugin named spade"):
        list(plugin_tools.texts("spade"))


def test_a_new_plugin_passes_its_own_tests(operator: dict[str, str], tmp_path: Path) -> None:
    status, said = invoicer(operator, "plugins", "new", "early_birds", cwd=tmp_path)
    assert status == 0, said
    project = tmp_path / "invoicer-early-birds"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:valkey"],
        cwd=project, env=operator, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert invoicer(operator, "plugins", "new", "early_birds", cwd=tmp_path)[0] == 1


def test_a_new_plugin_that_is_bent_does_not_pass(operator: dict[str, str], tmp_path: Path) -> None:
    project = scaffold("bent", tmp_path)
    module = project / "invoicer_bent" / "__init__.py"
    module.write_text(module.read_text().replace("on_invoice_paid", "on_invoice_payed"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:valkey"],
        cwd=project, env=operator, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 1


@pytest.mark.parametrize("name", ["", "X", "a", "../up", "Early", "a-b", "9a", "a" * 41, "é_b"])
def test_names_that_are_none(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no name for a plugin"):
        scaffold(name, tmp_path)
    assert list(tmp_path.iterdir()) == []
