"""The audit chain finds every change, even one made by the database's superuser."""

from collections.abc import Callable

import psycopg
import pytest
from flask import Flask
from sqlalchemy import make_url

from tests.environment import Environment
from tests.factories import Api
from tests.integration.api.conftest import draft_body

TAMPERINGS = {
    "a changed text": "UPDATE audit_entries SET payload = payload || ' ' WHERE {} AND seq = 2",
    "a changed hash": r"UPDATE audit_entries SET hash = '\x00' WHERE {} AND seq = 2",
    "a missing entry": "DELETE FROM audit_entries WHERE {} AND seq = 2",
    "a missing end": "DELETE FROM audit_entries WHERE {} AND seq > 2",
    "swapped entries": "UPDATE audit_entries SET seq = -seq WHERE {} AND seq IN (2, 3);"
    "UPDATE audit_entries SET seq = CASE seq WHEN -2 THEN 3 ELSE 2 END WHERE {} AND seq < 0",
    "a head set back": "UPDATE audit_heads SET seq = seq - 1 WHERE {}",
}


@pytest.fixture
def tamper(servers: Environment, config, owner: Api) -> Callable[[str], None]:
    database = make_url(config.database_url).database

    def run(statement: str) -> None:
        where = f"business_id = {owner.business_id}"
        with psycopg.connect(servers.postgres.superuser(database)) as connection:
            connection.execute("SET session_replication_role = replica")
            for part in statement.split(";"):
                connection.execute(part.replace("{}", where).encode())

    return run


@pytest.mark.parametrize("case", TAMPERINGS)
def test_tampering_is_found(owner: Api, tamper: Callable[[str], None], case: str) -> None:
    for _ in range(3):
        owner.made("/invoices", draft_body())
    before = owner.get("/audit/verify").get_json()
    assert before["valid"] is True
    tamper(TAMPERINGS[case])
    after = owner.get("/audit/verify").get_json()
    assert after["valid"] is False
    assert after["broken_at"] in (2, 3, before["entries"], before["entries"] + 1)
    assert after["reason"]


def test_a_fresh_chain_is_whole(app: Flask, owner: Api) -> None:
    found = owner.get("/audit/verify").get_json()
    assert found["valid"] is True
    assert found["entries"] >= 1
