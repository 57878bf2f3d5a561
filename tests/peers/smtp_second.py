"""A second, independent SMTP server: npm ``smtp-server``, run by node, ended with the block."""

import json
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from tests.peers.processes import ROOT
from tests.peers.smtp import Mood

PROGRAM = ROOT / "tests" / "peers" / "smtp_second.mjs"
PACKAGE = ROOT / "node_modules" / "smtp-server"


def is_installed() -> bool:
    """Whether it can be started here."""
    return PACKAGE.is_dir() and shutil.which("node") is not None


class SecondSmtp:
    """As ``SmtpPeer``, in a process of its own; it does not wait."""

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        self._child = child
        assert child.stdout is not None
        line = child.stdout.readline().strip()
        assert line.isdecimal(), f"smtp-server did not start: {line!r}"
        self.url = f"smtp://127.0.0.1:{line}"

    @property
    def mood(self) -> Mood:
        """What it does with the next mails."""
        return cast(Mood, self._asked({})["mood"])

    @mood.setter
    def mood(self, mood: Mood) -> None:
        self._asked({"mood": mood})

    @property
    def mails(self) -> list[EmailMessage]:
        """Those it took."""
        raw = [b64decode(each["raw"]) for each in self._asked({})["mails"]]
        return [cast(EmailMessage, message_from_bytes(e, policy=policy.default)) for e in raw]

    @property
    def recipients(self) -> list[str]:
        """Whom they are for."""
        return [each for mail in self._asked({})["mails"] for each in mail["recipients"]]

    def _asked(self, line: dict[str, str]) -> dict[str, Any]:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps(line) + "\n")
        self._child.stdin.flush()
        found: dict[str, Any] = json.loads(self._child.stdout.readline())
        return found


@contextmanager
def second_smtp() -> Iterator[SecondSmtp]:
    """One on a free loopback port."""
    child = subprocess.Popen(
        [shutil.which("node") or "node", str(PROGRAM)], cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with child:
        try:
            yield SecondSmtp(child)
        finally:
            child.kill()
