"""The stand-ins beside the demo: starts them, points the demo business's plugins at them, says
where their pages are, and ends with them. ``invoicer up --demo`` runs it for ``INVOICER_PEERS=1``.

It speaks to Invoicer as anybody would: over the API, signed in as the owner of the demo business.
"""

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import urlsplit

import httpx

from tests.peers.processes import until
from tests.peers.stands import STANDS, Here, Stand

OWNER = "owner@demo.test"
READY_SECONDS, START_SECONDS = 120.0, 30.0
PR_SET_PDEATHSIG = 1


class Refused(Exception):
    """Invoicer did not do what was asked; the message is its answer."""


@dataclass
class Desk:
    """The demo's owner at the API."""

    url: str
    token: str = ""
    business_id: int = 0

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def sign_in(self, password: str) -> None:
        given = self._ask("POST", "/auth/login", {"email": OWNER, "password": password})
        self.token, self.business_id = given["token"], given["business_id"]

    def plugins(self) -> dict[str, dict[str, Any]]:
        return {each["name"]: each for each in self._ask("GET", "/plugins")}

    def change(self, plugin: str, **wanted: Any) -> None:
        self._ask("PUT", f"/plugins/{plugin}", wanted)

    def post(self, path: str, **sent: Any) -> Any:
        return self._ask("POST", path, sent)

    def _ask(self, method: str, path: str, sent: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        address = f"{self.url}/api/v1{path}"
        answer = httpx.request(method, address, json=sent, headers=headers, timeout=20)
        if answer.is_error:
            raise Refused(f"{answer.status_code} {answer.text}")
        return answer.json()


@dataclass
class Company:
    """The stand-ins that run."""

    children: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def start(self, stand: Stand, here: Here) -> str | None:
        """Start one and wait for its line; why it ended instead."""
        command = [sys.executable, "-m", stand.module, "--port", str(here.port)]
        with TemporaryFile("w+") as complaints:
            child = subprocess.Popen(
                [*command, *stand.arguments(here)], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=complaints, text=True, preexec_fn=_end_with_us,
            )  # fmt: skip
            self.children[stand.title] = child
            assert child.stdout is not None
            readable, _, _ = select.select([child.stdout], [], [], START_SECONDS)
            if readable and child.stdout.readline():
                threading.Thread(target=_drain, args=(child.stdout,), daemon=True).start()
                return None
            self.stop(stand.title)
            complaints.seek(0)
            return (complaints.read().strip().splitlines() or ["it said nothing."])[-1]

    def stop(self, title: str) -> None:
        child = self.children.pop(title)
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
        child.wait()

    def stop_all(self) -> None:
        for child in self.children.values():
            child.terminate()
        for title in list(self.children):
            self.stop(title)


def _drain(output: IO[str]) -> None:
    """What it says from now on, nobody reads; but it must be able to say it."""
    for _ in output:
        pass


def _end_with_us() -> None:
    """Whatever happens to this process, no stand-in is left over."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def say(line: str) -> None:
    print(line, flush=True)


def open_all(desk: Desk, company: Company, stands: Iterable[Stand]) -> list[str]:
    """Start the stand-ins of the plugins that are installed; a line for each page of theirs.

    A plugin that somebody pointed elsewhere stays there: it may be a real account.
    """
    installed, lines = desk.plugins(), []
    for stand in stands:
        plugin = installed.get(stand.plugin)
        if plugin is None or not has_module(stand):
            continue
        if not is_ours(plugin, stand):
            lines.append(f"{stand.title}: left as you set it")
            continue
        here = started(desk, company, stand)
        if here is not None:
            lines.append(f"{stand.title}: {told(desk, plugin, stand, here)}")
    return lines


def started(desk: Desk, company: Company, stand: Stand) -> Here | None:
    """Where it runs; None when it does not. A port may be taken between being found and used."""
    why: str | None = None
    for port in (stand.port, 0, 0):
        here = Here(free(port), desk.url, desk.business_id)
        why = company.start(stand, here)
        if why is None:
            return here
        if "in use" not in why:
            break
    say(f"  {stand.title}: its stand-in did not start: {why}")
    return None


def told(desk: Desk, plugin: dict[str, Any], stand: Stand, here: Here) -> str:
    """Point the plugin at its stand-in; where that is, or why not.

    Only the first time is it switched on, too: who switches it off does not find it on again.
    """
    is_new, wanted = plugin["version"] == 0, stand.settings(here)
    try:
        if is_new:
            desk.change(stand.plugin, enabled=stand.switched_on, settings=wanted)
        elif plugin["settings"].get(stand.address_setting) != wanted[stand.address_setting]:
            desk.change(stand.plugin, settings=wanted)
    except Refused as refused:
        return f"could not be set up: {refused}"
    return f"{here.url}{stand.page}  ({stand.what})"


def is_ours(plugin: dict[str, Any], stand: Stand) -> bool:
    """Never set, or set to something on this machine."""
    address = str(plugin["settings"].get(stand.address_setting) or "")
    return plugin["version"] == 0 or urlsplit(address).hostname == "127.0.0.1"


def free(port: int) -> int:
    """This port, or any other when it is taken."""
    for wanted in (port, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no port is free")


def has_module(stand: Stand) -> bool:
    return find_spec(stand.module) is not None


def password_of(data: Path) -> str:
    """The demo owner's, as `invoicer up --demo` made it."""
    kept: dict[str, str] = json.loads((data / "secrets.json").read_text("utf-8"))
    return kept["EMBEDDED_DEMO_PASSWORD"]


def main(stands: Sequence[Stand] = STANDS) -> None:
    """Run until told to end."""
    _end_with_us()
    desk, company, ended = Desk(os.environ["INVOICER_URL"]), Company(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        until(lambda: ended.is_set() or desk.is_ready(), READY_SECONDS, 0.2)
        if not ended.is_set():
            desk.sign_in(password_of(Path(os.environ["INVOICER_DATA"])))
            say("Stand-ins for other companies, on this machine only:")
            for line in open_all(desk, company, stands):
                say(f"  {line}")
        ended.wait()
    finally:
        company.stop_all()


if __name__ == "__main__":
    main()
