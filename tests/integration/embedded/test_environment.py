"""The servers that the tests themselves stand on."""

import socket

import psycopg
import pytest
import redis

from invoicer_core.config import libpq_url
from invoicer_core.models.logins import LOGINS, missing_walls


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_GATE_URL", "DATABASE_SQL_URL"])
def test_no_run_time_login_is_owner_superuser_or_past_row_level_security(variables, name):
    with psycopg.connect(libpq_url(variables[name])) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, "
            "pg_get_userbyid(datdba) = current_user, current_user "
            "FROM pg_roles, pg_database WHERE rolname = current_user "
            "AND datname = current_database()"
        ).fetchone()
    assert row[:5] == (False, False, False, False, False)
    assert row[5] in LOGINS


def test_a_database_made_from_the_template_has_every_wall(servers, variables):
    database = variables["DATABASE_URL"].rpartition("/")[2].partition("?")[0]
    owner = variables["DATABASE_OWNER_URL"]
    assert database in owner or "host=" in owner
    with psycopg.connect(libpq_url(owner)) as connection:
        assert missing_walls(connection) == ()


def test_only_the_password_lets_a_login_in(variables):
    wrong = libpq_url(variables["DATABASE_URL"]).replace("only-for-this-test-run", "guess")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(wrong)


def test_the_sql_login_cannot_choose_a_business(variables):
    with psycopg.connect(libpq_url(variables["DATABASE_SQL_URL"])) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT set_config('app.business_id', '1', true)")


def test_redis_answers(variables):
    assert redis.Redis.from_url(variables["REDIS_URL"]).ping()


def test_another_machine_cannot_be_reached():
    from tests.network import outside

    with socket.socket() as peer, pytest.raises(OSError, match="only loopback"):
        peer.connect(("192.0.2.1", 80))
    assert outside == ["192.0.2.1:80"]
    outside.clear()
