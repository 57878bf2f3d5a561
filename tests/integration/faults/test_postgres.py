"""A PostgreSQL that restarts: nobody reads of a fault of ours, nothing is lost, nothing twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest
from flask import Flask

from invoicer_core.app import create_app
from invoicer_core.config import Config
from tests.environment import Environment
from tests.factories import Api, make_caller
from tests.integration.faults.test_redis import BODY
from tests.peers.wire import Wire, wire
from tests.scale import Scale

PATIENCE = 60.0


@pytest.fixture
def database(servers: Environment, run_folder: Path, worker_number: int) -> Iterator[Wire]:
    """The way to PostgreSQL."""
    folder = run_folder / f"pgwire{worker_number}"
    folder.mkdir(exist_ok=True)
    name = ".s.PGSQL.5432"
    with wire(folder / name, Path(servers.sockets) / name) as made:
        yield made


@pytest.fixture
def shaky(config: Config, servers: Environment, database: Wire) -> Flask:
    """The application at the end of that wire."""

    def over(url: str | None) -> str | None:
        return url and url.replace(servers.sockets, str(database.path.parent))

    urls = {name: over(getattr(config, name)) for name in ("database_url", "gate_url")}
    return create_app(replace(config, **urls), plugins=[])  # type: ignore[arg-type]


@pytest.fixture
def caller(app: Flask, shaky: Flask) -> Api:
    return replace(make_caller(app), http=shaky.test_client())


def test_while_it_is_away_everybody_is_told_to_come_back(
    caller: Api, shaky: Flask, database: Wire
) -> None:
    assert caller.post("/invoices", BODY).status_code == 201
    database.cut()
    for answer in (
        caller.get("/invoices"), caller.post("/invoices", BODY), caller.get("/auth/me"),
        caller.post("/auth/login", {"email": "ann@x.test", "password": "wrong password"}),
        caller.post("/invoices", BODY, Idempotency_Key="k"), caller.get("/files/1/content"),
    ):  # fmt: skip
        assert answer.status_code == 503, answer.text
        assert answer.content_type == "application/problem+json"
        assert int(answer.headers["Retry-After"]) > 0
    http = shaky.test_client()
    assert http.get("/healthz").status_code == 200
    assert http.get("/readyz").get_json()["parts"]["database"] == "down"
    assert http.get("/metrics").status_code == 200
    database.mend()
    assert caller.post("/invoices", BODY).status_code in (201, 503)
    assert caller.post("/invoices", BODY).status_code == 201


@pytest.mark.parametrize(
    "path", ["/sign-in", "/invoices", "/", "/i/abc", "/portal/abc/", "/plugins/x/"]
)
def test_pages_say_so_in_their_own_words(shaky: Flask, database: Wire, path: str) -> None:
    http = shaky.test_client()
    http.set_cookie("invoicer_session", "x" * 43)
    database.cut()
    answer = http.get(path)
    assert answer.status_code in (503, 404, 200), answer.status_code
    if answer.status_code == 503:
        assert "away for the moment" in answer.text
        assert int(answer.headers["Refresh"]) == int(answer.headers["Retry-After"]) > 0


def _insist(caller: Api, key: str, answers: list[int]) -> int:
    """Issue an invoice as a patient program does: the same key until it is answered."""
    end = monotonic() + PATIENCE
    while monotonic() < end:
        answer = caller.post("/invoices", BODY, Idempotency_Key=key)
        answers.append(answer.status_code)
        if answer.status_code == 201:
            return int(answer.get_json()["id"])
        assert answer.status_code in (409, 503), answer.text
    raise AssertionError(f"{key} was never answered")


def test_a_restart_between_any_two_bytes_loses_and_doubles_nothing(
    caller: Api, shaky: Flask, database: Wire, scale: Scale
) -> None:
    count = scale(24, 500)
    answers: list[int] = []
    done = Event()

    def restart() -> None:
        while not done.wait(0.11):
            database.drop()

    def issue(number: int) -> int:
        return _insist(replace(caller, http=shaky.test_client()), f"key-{number}", answers)

    trouble = Thread(target=restart)
    trouble.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            ids = list(pool.map(issue, range(count)))
    finally:
        done.set()
        trouble.join()
    assert 503 in answers, "no request met a restart"
    assert len(set(ids)) == count
    caller.get("/invoices")
    found = caller.get("/invoices?limit=200").get_json()
    assert {each["id"] for each in found} >= set(ids[:200])
    numbers = sorted(int(each["invoice_number"].rpartition("-")[2]) for each in found)
    assert numbers == list(range(1, min(count, 200) + 1))
    assert caller.get("/audit/check").get_json().get("ok", True)
