"""A second, independent Twilio: npm ``emulate``, started with node itself and ended by its pid."""

import base64
import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from tests.peers.processes import ROOT, until

PROGRAM = ROOT / "node_modules" / "emulate" / "dist" / "index.js"
SECONDS = 15


def is_installed() -> bool:
    """Whether it can be started here."""
    return PROGRAM.is_file() and shutil.which("node") is not None


@dataclass
class Emulated:
    """A running one. Its simulator plays the network."""

    url: str
    account: str
    token: str

    def messages(self) -> list[dict[str, Any]]:
        """All messages, newest first."""
        found: list[dict[str, Any]] = self._call("GET", self._path("Messages"))["messages"]
        return found

    def advance(self, sid: str, status: str) -> None:
        """A status callback, signed by it."""
        self._call("POST", "/_twilio/simulate/message-status", MessageSid=sid, Status=status)

    def end_call(self, sid: str, status: str) -> None:
        """The same of a call."""
        self._call("POST", "/_twilio/simulate/call-status", CallSid=sid, Status=status)

    def reply(self, sender: str, to: str, text: str) -> None:
        """Somebody writes to our number."""
        self._call("POST", "/_twilio/simulate/inbound-message", From=sender, To=to, Body=text)

    def calls(self) -> list[dict[str, Any]]:
        """All calls, newest first."""
        found: list[dict[str, Any]] = self._call("GET", self._path("Calls"))["calls"]
        return found

    def _path(self, kind: str) -> str:
        return f"/2010-04-01/Accounts/{self.account}/{kind}.json"

    def _call(self, method: str, path: str, **form: str) -> Any:
        secret = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        body = urlencode(form).encode() if method == "POST" else None
        headers = {"Authorization": f"Basic {secret}"}
        request = Request(self.url + path, body, headers, method=method)  # noqa: S310 - loopback
        with build_opener(ProxyHandler({})).open(request, timeout=SECONDS) as answer:
            return json.loads(answer.read())


@contextmanager
def emulated_twilio(
    folder: Path, *, account: str, token: str, number: str, incoming: str
) -> Iterator[Emulated]:
    """One on a free loopback port, with one number whose messages go to ``incoming``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    seed = folder / f"emulate-{port}.json"
    numbers = [{"phone_number": number, "friendly_name": "Ours", "sms_url": incoming}]
    seed.write_text(
        json.dumps(
            {"twilio": {"account": {"sid": account, "auth_token": token}, "phone_numbers": numbers}}
        )
    )
    command = [
        shutil.which("node") or "node", str(PROGRAM), "start", "--service", "twilio",
        "--port", str(port), "--seed", str(seed),
    ]  # fmt: skip
    with (folder / f"emulate-{port}.log").open("wb") as log:
        child = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        until(lambda: child.poll() is not None or _listens(port), SECONDS)
        assert child.poll() is None, seed.with_suffix(".log").read_text()
        yield Emulated(f"http://127.0.0.1:{port}", account, token)
    finally:
        child.kill()
        child.wait()


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
