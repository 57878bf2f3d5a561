"""The embedded servers themselves: second start, kill -9, stale locks, wrong folders."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from invoicer_core.config import Config, libpq_url
from invoicer_core.embedded import account
from invoicer_core.embedded.account import Account, ServerError
from invoicer_core.embedded.databases import ensure_embedded_database, running
from invoicer_core.embedded.postgres import postgres_server
from invoicer_core.embedded.process import spawn, wait_until
from invoicer_core.embedded.servers import await_ready, data_lock, embedded_servers
from invoicer_core.models.logins import missing_walls


@pytest.fixture
def own(run_folder: Path, request: pytest.FixtureRequest) -> Iterator[Config]:
    """A data folder of the test's own, in a place the servers' user can reach."""
    folder = run_folder / f"own{abs(hash(request.node.name)) % 10**8}"
    yield Config.from_environ({"INVOICER_DATA": str(folder)})
    shutil.rmtree(account.run_folder(account.server_account(), folder), ignore_errors=True)


def one(url: str, query: str) -> object:
    with psycopg.connect(libpq_url(url)) as connection:
        row = connection.execute(query).fetchone()
        return row[0] if row else None


def test_a_second_start_finds_its_data_and_passwords(own):
    with running(own) as config:
        with psycopg.connect(libpq_url(config.owner_url)) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        redis.Redis.from_url(config.redis_url).set("kept", "8")
    with running(own) as config:
        assert one(config.owner_url, "SELECT n FROM kept") == 7
        assert redis.Redis.from_url(config.redis_url).get("kept") == b"8"
        with psycopg.connect(libpq_url(config.owner_url)) as connection:
            assert missing_walls(connection) == ()


def test_a_second_command_uses_the_servers_that_run_already(own):
    with running(own) as first, running(own) as second:
        assert second.database_url == first.database_url
        assert one(second.gate_url, "SELECT current_user") == "invoicer_gate"
    with data_lock(own) as free:
        assert free


def test_the_secrets_are_kept_from_other_users(own):
    path = own.data / "secrets.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert Config.from_environ({"INVOICER_DATA": str(own.data)}).secret_keys == own.secret_keys
    path.chmod(0o644)
    with pytest.raises(ValueError, match="chmod 600"):
        Config.from_environ({"INVOICER_DATA": str(own.data)})


def test_committed_rows_survive_kill_9_of_postgres_and_its_orphans_do_not_block(own):
    servers = embedded_servers(own)
    postgres = servers.postgres
    postgres.prepare()
    child = postgres.start()
    try:
        await_ready(postgres, child, 60)
        ensure_embedded_database(postgres, own.data)
        owner = servers.config.owner_url
        with psycopg.connect(libpq_url(owner), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
            child.kill()
            child.wait()
        postgres.prepare()
        child = postgres.start()
        await_ready(postgres, child, 30)
        assert one(owner, "SELECT count(*) FROM kept") == 1000
    finally:
        postgres.stop(child)


def test_a_lock_file_whose_number_belongs_to_another_process_is_no_obstacle(own):
    postgres = embedded_servers(own).postgres
    postgres.prepare()
    # PostgreSQL believes a number when a process of its own user has it.
    stranger = spawn(["sleep", "100"], account=postgres.account)
    lines = f"{stranger.pid}\n{postgres.cluster}\n0\n5432\n{postgres.sockets}\n\n"
    (postgres.cluster / "postmaster.pid").write_text(lines)
    try:
        postgres.prepare()
        child = postgres.start()
        await_ready(postgres, child, 30)
        postgres.stop(child)
    finally:
        stranger.kill()
        stranger.wait()
    assert child.returncode == 0


def test_data_of_another_major_version_is_refused_in_words(own):
    postgres = embedded_servers(own).postgres
    postgres.prepare()
    (postgres.cluster / "PG_VERSION").write_text("14\n")
    with pytest.raises(ServerError, match="PostgreSQL 14, the programs are 18"):
        postgres.prepare()


def test_a_folder_without_programs_is_refused_in_words(own, tmp_path):
    wrong = dataclasses.replace(own, pg_bin=tmp_path)
    with pytest.raises(ServerError, match="INVOICER_PG_BIN"):
        embedded_servers(wrong)


def test_the_server_ends_with_its_parent(own):
    source = (
        "import sys; from invoicer_core.config import Config;"
        "from invoicer_core.embedded.servers import embedded_servers, await_ready;"
        f"c = Config.from_environ({{'INVOICER_DATA': {str(own.data)!r}}});"
        "p = embedded_servers(c).postgres;"
        "p.prepare(); c = p.start(); await_ready(p, c, 60); print(c.pid, flush=True);"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        assert wait_until(lambda: not Path(f"/proc/{pid}/cwd").exists(), 10)


def test_a_folder_of_another_user_is_refused(run_folder):
    folder = run_folder / "stranger"
    folder.mkdir()
    somebody = Account("somebody", os.getuid() + 1, os.getgid() + 1, switch=False)
    with pytest.raises(ServerError, match="belongs to somebody else"):
        account.own_folder(somebody, folder)


def test_what_the_servers_user_cannot_reach_is_kept_elsewhere(run_folder):
    closed = run_folder / "closed"
    closed.mkdir(mode=0o700)
    other = Account("other", os.getuid() + 1, os.getgid() + 1, switch=True)
    assert not account.can_reach(other, closed / "data")
    assert account.can_reach(other, run_folder)
    programs = closed / "wheel" / "pginstall" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").write_text("#!/bin/sh\n")
    found = account.reachable_binaries(other, programs, (), home=run_folder / "home")
    assert found.is_relative_to(run_folder / "home")
    assert (found / "postgres").exists()


def test_a_child_that_fails_shows_the_end_of_its_log(own):
    servers = embedded_servers(own)
    folder = servers.postgres.folder
    broken = postgres_server(
        servers.postgres.account,
        folder=folder,
        sockets=servers.postgres.sockets,
        extra={"shared_buffers": "nonsense"},
    )
    broken.prepare()
    child = broken.start()
    with pytest.raises(ServerError, match="invalid value for parameter"):
        await_ready(broken, child, 30)


def test_spawn_gives_the_child_a_session_of_its_own():
    child = spawn(["sleep", "100"])
    try:
        assert os.getsid(child.pid) == child.pid
    finally:
        child.kill()
        child.wait()
