"""The whole description, and the contract by itself, tried against a running server."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.contract.doccentr import CONTRACT
from tests.scale import Scale

ROOT = Path(__file__).parents[2]
PASSWORD = "correct horse battery"


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def port(app: Flask) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join(10)


def _user(app: Flask) -> str:
    email = f"{uuid4().hex}@fuzz.test"
    answer = app.test_client().post(
        "/api/v1/auth/register", json={"email": email, "password": PASSWORD}
    )
    assert answer.status_code == 200
    return email


def _try(app: Flask, port: int, document: str, tmp_path: Path, *options: str) -> None:
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.contract.schemathesis_hooks",
        "PYTHONPATH": str(ROOT),
        "FUZZ_PORT": str(port),
        "FUZZ_EMAIL": _user(app),
        "FUZZ_PASSWORD": PASSWORD,
    }
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "--config-file",
        str(ROOT / "schemathesis.toml"), "run", document, "--warnings", "off", "--no-color",
        "--suppress-health-check", "all", "--continue-on-failure", "--no-shrink",
        *options,
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-15_000:] + done.stderr[-2_000:]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_whole_description_with_all_checks(
    app: Flask, port: int, tmp_path: Path, scale: Scale
) -> None:
    count = str(scale(1, 60))
    phases = "fuzzing,stateful" if scale.name == "small" else "examples,coverage,fuzzing,stateful"
    document = f"http://127.0.0.1:{port}/api/openapi.json"
    _try(
        app, port, document, tmp_path, "--checks", "all", "--phases", phases,
        "--max-examples", count,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_contract_on_a_fresh_business(
    app: Flask, port: int, tmp_path: Path, scale: Scale
) -> None:
    document = tmp_path / "contract.json"
    document.write_text(json.dumps(CONTRACT))
    _try(
        app, port, str(document), tmp_path, "--url", f"http://127.0.0.1:{port}/api/v1",
        "--checks", "not_a_server_error,response_schema_conformance,content_type_conformance",
        "--phases", "fuzzing" if scale.name == "small" else "fuzzing,coverage",
        "--max-examples", str(scale(5, 100)),
    )  # fmt: skip
