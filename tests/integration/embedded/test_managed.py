"""A database server that is not ours: given by URL, its owner no superuser."""

import psycopg
import pytest

from invoicer_core.config import Config, libpq_url
from invoicer_core.embedded.account import ServerError
from invoicer_core.embedded.databases import ensure_given_database, running
from invoicer_core.embedded.doctor import findings
from invoicer_core.embedded.servers import embedded_servers
from invoicer_core.models.logins import ensure_database, missing_walls


@pytest.fixture
def managed(servers, variables, worker_number, tmp_path) -> Config:
    """An empty database of the owner's, without extensions and grants."""
    name = f"managed_{worker_number}"
    with psycopg.connect(servers.postgres.superuser(), autocommit=True) as connection:
        ensure_database(connection, name)
    return Config.from_environ(
        {
            **servers.variables(name),
            "INVOICER_DATA": str(tmp_path),
            "INVOICER_SECRET_KEYS": variables["INVOICER_SECRET_KEYS"],
        }
    )


def test_what_the_owner_may_not_do_is_said_and_the_rest_is_done(managed):
    refused = ensure_given_database(managed)
    assert any("CREATE EXTENSION IF NOT EXISTS vector" in sentence for sentence in refused)
    assert any("LEAKPROOF" in sentence for sentence in refused)
    assert not any("DEFAULT PRIVILEGES" in sentence for sentence in refused)
    with psycopg.connect(libpq_url(managed.owner_url), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS made (n int)")
    with psycopg.connect(libpq_url(managed.database_url)) as connection:
        assert connection.execute("SELECT count(*) FROM made").fetchone() == (0,)
        walls = missing_walls(connection)
    assert "The extension vector is absent." in walls
    assert any("set_config() may be run by everybody" in sentence for sentence in walls)


def test_doctor_names_what_is_missing_and_nothing_else(managed):
    ensure_given_database(managed)
    found = findings(managed)
    assert any("set_config()" in sentence for sentence in found)
    assert not any("does not work" in sentence for sentence in found)


def test_doctor_names_a_login_that_does_not_connect(managed, variables):
    broken = Config.from_environ(
        {**managed.environ, "DATABASE_GATE_URL": managed.database_url, "REDIS_URL": "unix:///no"}
    )
    found = findings(broken)
    assert any("DATABASE_GATE_URL must sign in as invoicer_gate" in row for row in found)
    assert any(row.startswith("REDIS_URL does not work") for row in found)


def test_given_addresses_start_no_server(managed):
    assert embedded_servers(managed).each == ()
    with running(managed) as config:
        assert config is managed


def test_without_the_owners_address_nothing_is_attempted(managed):
    environ = {name: value for name, value in managed.environ.items() if "OWNER" not in name}
    with pytest.raises(ServerError, match="DATABASE_OWNER_URL is needed"):
        ensure_given_database(Config.from_environ(environ))
