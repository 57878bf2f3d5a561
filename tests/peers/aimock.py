"""The AI service of the tests: npm ``@copilotkit/aimock``, run by node on a loopback port.

    python -m tests.peers.aimock --port 4106

becomes that service, with a few sentences of its own for the demo. Tests start it with
`aimock_peer`, tell it what to say, and read what the real client sent to it. Where
``INVOICER_SPECS`` names the folder with OpenAI's own specification (``openai-v1.json``), each
request is checked against it.
"""

import argparse
import json
import os
import select
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest
from PIL import Image

from tests.peers.processes import ROOT

PROGRAM = ROOT / "tests" / "peers" / "aimock.mjs"
PACKAGE = ROOT / "node_modules" / "@copilotkit" / "aimock"
SPECIFICATION = "openai-v1.json"
FLAGGED = "forbidden words"
"""What its moderation refuses."""
SECONDS = 20.0


def is_installed() -> bool:
    """Whether it can be started here."""
    return PACKAGE.is_dir() and shutil.which("node") is not None


def command(port: int, *more: str) -> list[str]:
    """How it is started. Raises SystemExit where it is not installed."""
    if not is_installed():
        raise SystemExit("It needs node and its packages: run npm ci.")
    return [shutil.which("node") or "node", str(PROGRAM), "--port", str(port), *more]


@dataclass(frozen=True)
class Asked:
    """A request as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: str

    @property
    def data(self) -> dict[str, Any]:
        """The body as an object."""
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class AiMock:
    """A running one. Without anything to say it answers 404 to chats and pictures."""

    address: str

    @property
    def url(self) -> str:
        """What a client takes for the address of the service."""
        return f"{self.address}/v1"

    def says(
        self, response: dict[str, Any] | str, *, cut_after: int | None = None, **match: Any
    ) -> None:
        """An answer for whatever matches; what is said first goes first. ``cut_after``: so many
        pieces of a stream the connection breaks off."""
        told = {"content": response} if isinstance(response, str) else response
        fixture: dict[str, Any] = {"match": {"endpoint": "chat", **match}, "response": told}
        if cut_after is not None:
            fixture |= {"truncateAfterChunks": cut_after, "latency": 20}
        self._call("POST", "/__aimock/fixtures", {"fixtures": [fixture]})

    def draws(self, *, of: str) -> None:
        """A picture for prompts with these words."""
        image = {"image": {"b64Json": picture()}}
        self.says(image, endpoint="image", userMessage=of)

    def misbehaves(self, **rates: float) -> None:
        """``rateLimitRate``, ``malformedRate``, ``dropRate``, ``disconnectRate``, ``latencyMs``."""
        self._call("POST", "/__aimock/chaos", rates)

    def clear(self) -> None:
        """As new."""
        self._call("POST", "/__aimock/reset", {})
        self._call("DELETE", "/wire")

    def asked(self, path: str = "") -> list[Asked]:
        """The requests as the client sent them, the oldest first."""
        found = [Asked(**each) for each in self._call("GET", "/wire")]
        return [each for each in found if each.path.startswith(f"/v1{path}")]

    def journal(self) -> list[dict[str, Any]]:
        """Its own record of the same requests, with what it answered."""
        found: list[dict[str, Any]] = self._call("GET", "/__aimock/journal")
        return [each for each in found if each["path"].startswith("/v1/")]

    def _call(self, method: str, path: str, sent: Any = None) -> Any:
        answer = httpx.request(
            method, self.address + path, json=sent, timeout=SECONDS, trust_env=False
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None


@contextmanager
def aimock_peer(port: int = 0) -> Iterator[AiMock]:
    """One on this port, or any that is free, for the block."""
    child = subprocess.Popen(
        command(port), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        readable, _, _ = select.select([child.stdout], [], [], SECONDS)
        line = child.stdout.readline() if readable else ""
        assert line.startswith("ready "), f"aimock did not start: {line!r} {child.poll()}"
        yield AiMock(line.split()[1])
    finally:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def picture() -> str:
    """A small one, in base64."""
    data = BytesIO()
    Image.new("RGB", (96, 64), "orange").save(data, "PNG")
    return b64encode(data.getvalue()).decode()


def why_unchecked() -> str:
    """Why requests cannot be checked against the specification; empty where they can."""
    folder = os.environ.get("INVOICER_SPECS")
    if not folder:
        return f"INVOICER_SPECS does not name the folder with {SPECIFICATION}"
    path = Path(folder, SPECIFICATION)
    return "" if path.is_file() else f"{path} does not exist"


def problem(asked: Asked) -> str:
    """What the specification has against a request; empty for nothing."""
    operation, known = _operation(asked)
    if operation is None:
        return f"{asked.method} {asked.path} is not in it"
    if unknown := asked.data.keys() - known:
        return f"{asked.path}: {', '.join(sorted(unknown))} is not in it"
    request = MockRequest(
        "https://api.openai.com", asked.method.lower(), asked.path, headers=asked.headers,
        data=asked.body.encode(), content_type=asked.headers.get("content-type", ""),
    )  # fmt: skip
    try:
        _specification()[1].validate_request(request)
    except OpenAPIError as wrong:
        return f"{asked.path}: {wrong} {wrong.__cause__ or ''}"[:800]
    return ""


@cache
def _specification() -> tuple[dict[str, Any], OpenAPI]:
    path = Path(os.environ["INVOICER_SPECS"], SPECIFICATION)
    whole = json.loads(path.read_text("utf-8"))
    return whole, OpenAPI.from_dict(whole, config=Config(spec_validator_cls=None))


def _operation(asked: Asked) -> tuple[dict[str, Any] | None, set[str]]:
    """The operation and every name that its body may have."""
    whole, _ = _specification()
    operation = whole["paths"].get(asked.path.removeprefix("/v1"), {}).get(asked.method.lower())
    if operation is None:
        return None, set()
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return operation, _names(whole, schema)


def _names(whole: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        found: Any = whole
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return _names(whole, found)
    own = set(schema.get("properties", ()))
    return own.union(*(_names(whole, each) for each in schema.get("allOf", ())))


def main() -> None:
    """Become the service of the demo."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    words = command(parser.parse_args().port, "--demo")
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execv(words[0], words)  # noqa: S606 - no shell: node takes this process's place


if __name__ == "__main__":
    main()
