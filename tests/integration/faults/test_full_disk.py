"""A disk without room: what cannot be kept is refused in words, everything else goes on."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from flask import Flask

from invoicer_core.config import Config
from tests.factories import Api, make_caller
from tests.integration.faults.test_redis import BODY
from tests.integration.live.conftest import Web, answers, free_port
from tests.peers.processes import until

ROOM = 200_000
"""The largest file that still finds room."""


class Cramped(Web):
    """The web server on such a disk."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.peers.cramped", str(ROOM), *super().command()[1:]]


@pytest.fixture(scope="module")
def url(variables: dict[str, str], run_folder: Path) -> Iterator[str]:
    port = free_port()
    environ = {**variables, "PORT": str(port), "INVOICER_WEB_WORKERS": "1"}
    role = Cramped("web", environ, run_folder).start()
    until(lambda: answers(port), 90)
    yield f"http://127.0.0.1:{port}"
    role.kill()
    print(role.output()[-8000:])


@pytest.fixture
def owner(app: Flask) -> Api:
    return make_caller(app)


@pytest.fixture
def http(url: str, owner: Api) -> Iterator[httpx.Client]:
    own = {"Authorization": f"Bearer {owner.token}"}
    with httpx.Client(base_url=f"{url}/api/v1", headers=own, timeout=30) as client:
        yield client


def _upload(http: httpx.Client, size: int) -> httpx.Response:
    data = b"A line of a plain text.\n" * (size // 24)
    return http.post("/files", files={"file": ("notes.txt", io.BytesIO(data), "text/plain")})


@pytest.mark.parametrize("size", [ROOM + 50_000, ROOM + 1_500_000])
def test_a_file_that_finds_no_room_is_refused_and_leaves_nothing(
    http: httpx.Client, size: int, config: Config
) -> None:
    before = _documents(config)
    answer = _upload(http, size)
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    assert http.get("/files").json() == []
    assert _documents(config) == before


def test_a_small_one_is_kept_and_whole(http: httpx.Client) -> None:
    kept = _upload(http, 1_000)
    assert kept.status_code == 201, kept.text
    found = http.get(f"/files/{kept.json()['id']}/content")
    assert found.status_code == 200
    assert len(found.content) == kept.json()["size"]


def test_invoices_are_issued_all_the_same(http: httpx.Client) -> None:
    assert http.post("/invoices", json=BODY).status_code == 201


def _documents(config: Config) -> set[str]:
    folder = config.data / "documents"
    return {str(path) for path in folder.rglob("*") if path.is_file()}
