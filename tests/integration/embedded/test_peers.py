"""Stand-ins beside the demo: they start, the plugins are pointed at them, and they end with it."""

import dataclasses
import os
import re
import shutil
import signal
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from invoicer_core.config import Config
from invoicer_core.embedded import account, peers
from invoicer_core.embedded.account import ServerError
from tests.integration.embedded.test_up import Installation, children, free_port
from tests.peers.demo import Company, Desk, has_module, open_all, password_of
from tests.peers.processes import until
from tests.peers.stands import STANDS, Here

# Beside the other installations: one at a time.
pytestmark = [pytest.mark.xdist_group("up"), pytest.mark.timeout(400)]


def config_of(data: Path, **more: str) -> Config:
    return Config.from_environ({"INVOICER_DATA": str(data), **more})


def test_without_the_word_there_are_none(tmp_path: Path) -> None:
    assert not config_of(tmp_path).peers
    assert config_of(tmp_path, INVOICER_PEERS="1").peers


def test_they_are_for_the_demo(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="up --demo"):
        peers.program(config_of(tmp_path, INVOICER_PEERS="1"))


def test_outside_a_checkout_there_are_none(tmp_path: Path) -> None:
    config = dataclasses.replace(config_of(tmp_path), demo=True)
    with pytest.raises(ServerError, match="checkout"):
        peers.program(config, checkout=tmp_path)


def test_they_are_told_nothing_that_opens_the_database(tmp_path: Path) -> None:
    given = {
        "DATABASE_URL": "postgresql://invoicer_app:word@h/d",
        "INVOICER_SECRET_KEYS": "6f1d9c2b8a7e4053b1c6d8f2a49e70b53c",
    }
    told = peers.environ_of(config_of(tmp_path, **given), tmp_path)
    assert told.keys() <= {
        "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "INVOICER_SPECS", "PYTHONPATH",
        "PYTHONUNBUFFERED", "INVOICER_URL", "INVOICER_DATA",
    }  # fmt: skip


def test_the_image_has_none() -> None:
    kept = (peers.CHECKOUT / ".dockerignore").read_text().split()
    assert kept[0] == "*"
    assert not [line for line in kept if line.startswith(("!tests", "!*"))]


# --- a demo with all of them ----------------------------------------------------------------------


class WithPeers(Installation):
    """``INVOICER_PEERS=1 invoicer up --demo``."""

    def environ(self, **more: str) -> dict[str, str]:
        often = dict.fromkeys(("ACCOUNT", "ADDRESS", "SIGN_IN"), "off")
        limits = {f"INVOICER_RATE_LIMIT_{name}": word for name, word in often.items()}
        return super().environ(INVOICER_PEERS="1", **limits, **more)


@pytest.fixture(scope="module")
def begun(run_folder: Path, worker_number: int) -> Iterator[list[WithPeers]]:
    """The installations of this module; at most the last of them runs."""
    found: list[WithPeers] = []
    try:
        yield found
    finally:
        for each in found:
            each.close()
        data = run_folder / f"peers{worker_number}"
        shutil.rmtree(account.run_folder(account.server_account(), data), ignore_errors=True)


@pytest.fixture
def demo(begun: list[WithPeers], run_folder: Path, worker_number: int) -> WithPeers:
    """One that runs with all its stand-ins, whatever a test before did to them."""
    installed = {each.name for each in entry_points(group="invoicer.plugins")}
    if installed.isdisjoint(each.plugin for each in STANDS):
        pytest.skip("no plugin is installed that talks to another company")
    if not begun or begun[-1].process.poll() is not None:
        data = run_folder / f"peers{worker_number}"
        begun.append(WithPeers(data, free_port(), "--demo"))
    running = begun[-1]
    running.wait(lambda: bool(pages(running)) and pages(running).keys() == expected(running), 180)
    until(lambda: all(answers(words.split()[0]) for words in pages(running).values()))
    return running


def answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=20).status_code < 500
    except httpx.HTTPError:
        return False


def pages(demo: Installation) -> dict[str, str]:
    """What was said of each stand-in."""
    found = (re.fullmatch(r"  ([^:]+): (.+)", line) for line in list(demo.lines))
    return {each[1]: each[2] for each in found if each}


def expected(demo: Installation) -> set[str]:
    """The stand-ins of plugins that are installed."""
    installed = desk_of(demo).plugins()
    return {each.title for each in STANDS if each.plugin in installed and has_module(each)}


def desk_of(demo: Installation) -> Desk:
    desk = Desk(f"http://127.0.0.1:{demo.port}")
    desk.sign_in(password_of(demo.data))
    return desk


def runner_of(demo: Installation) -> int:
    """The process that keeps the stand-ins."""
    for pid in children(demo.process.pid):
        if b"tests.peers.demo" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    return 0


def test_each_has_an_address_that_answers(demo: WithPeers) -> None:
    for title, words in pages(demo).items():
        address = words.split()[0]
        assert address.startswith("http://127.0.0.1:"), f"{title}: {words}"
        assert httpx.get(address, timeout=20).status_code < 500


def test_the_plugins_are_pointed_at_them(demo: WithPeers) -> None:
    plugins = desk_of(demo).plugins()
    for stand in STANDS:
        if stand.title in pages(demo):
            plugin = plugins[stand.plugin]
            assert plugin["enabled"] == stand.switched_on
            address = urlsplit(str(plugin["settings"][stand.address_setting]))
            assert pages(demo)[stand.title].startswith(f"{address.scheme}://{address.netloc}")


def test_a_newcomer_has_texts_and_statements_written_without_a_key(demo: WithPeers) -> None:
    if "AI service" not in pages(demo):
        pytest.skip("the plugin AI is not installed")
    desk = desk_of(demo)
    assert desk.post("/ai/text", about="Olive soap")["text"].startswith("Olive soap: made with")
    asked = desk.post("/ai/sql", question="Who owes me most?")
    assert desk.post("/ai/sql/execute", sql=asked["sql"])["rows"], asked


def test_a_newcomer_is_answered_in_sentences(demo: WithPeers) -> None:
    if "AI service" not in pages(demo):
        pytest.skip("the plugin AI is not installed")
    desk = desk_of(demo)
    told = desk.post("/ai/assistant", question="Who owes me most? Draft a reminder.")
    assert " owes you most: " in told["answer"]
    assert "I have prepared a reminder of invoice " in told["answer"]
    assert not set("{}[]*#`") & set(told["answer"])
    (proposal,) = (each["id"] for each in told["actions"])
    desk.post(f"/ai/assistant/actions/{proposal}", decision="dismiss")


def test_what_somebody_pointed_elsewhere_stays_there(demo: WithPeers) -> None:
    desk = desk_of(demo)
    stand = next(each for each in STANDS if each.title in pages(demo))
    before = desk.plugins()[stand.plugin]["settings"]
    asked = stand.settings(Here(1, desk.url, desk.business_id))
    desk.change(stand.plugin, settings={**asked, stand.address_setting: ""})
    company = Company()
    try:
        assert open_all(desk, company, [stand]) == [f"{stand.title}: left as you set it"]
        assert company.children == {}
    finally:
        address = before[stand.address_setting]
        desk.change(stand.plugin, settings={**asked, stand.address_setting: address})


def test_one_that_cannot_start_is_told_and_the_others_go_on(
    demo: WithPeers, capsys: pytest.CaptureFixture[str]
) -> None:
    desk, company = desk_of(demo), Company()
    stand = next(each for each in STANDS if each.title in pages(demo))
    broken = dataclasses.replace(stand, title="Broken", module="tests.peers.processes")
    assert open_all(desk, company, [broken]) == []
    assert "Broken: its stand-in did not start" in capsys.readouterr().out
    assert company.children == {}


def test_none_outlives_its_keeper(demo: WithPeers) -> None:
    runner = until(lambda: runner_of(demo))
    stands = children(runner)
    assert stands
    os.kill(runner, signal.SIGKILL)
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in stands))
    demo.wait(lambda: runner_of(demo) not in (0, runner), 90)
    until(lambda: len(children(runner_of(demo))) == len(stands))


def test_all_end_with_the_whole(demo: WithPeers) -> None:
    stands = [runner_of(demo), *children(runner_of(demo))]
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(40) == 0, "\n".join(demo.lines[-40:])
    assert not any(Path(f"/proc/{pid}").exists() for pid in stands)
