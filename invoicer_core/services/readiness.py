"""Whether this process can serve: database, migrations, Redis, a worker and a clock seen lately."""

from typing import Final

from flask import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from invoicer_core.models import db
from invoicer_core.models.lineage import core_lineage
from invoicer_core.models.tenancy import gate
from invoicer_core.services import secret_keys

_EXTENSION: Final = "invoicer.readiness"
_TIMEOUT: Final = 0.5
_ONCE: Final = Retry(NoBackoff(), 0)
"""Whoever asks wants to know now; the library would try ten times, with pauses."""


def parts() -> dict[str, bool]:
    """Part -> whether it works."""
    database, migrated = _database()
    redis, worker, clock = _redis()
    return {
        "database": database,
        "migrations": migrated,
        "redis": redis,
        "worker": worker,
        "clock": clock,
    }


def _database() -> tuple[bool, bool]:
    try:
        found = db.session.scalar(text("SELECT version_num FROM alembic_version"))
        db.session.rollback()
    except SQLAlchemyError:
        db.session.rollback()
        return False, False
    return True, found == _head()


def _head() -> str | None:
    """The newest revision that this release knows; read once."""
    known: dict[str, str | None] = current_app.extensions.setdefault(_EXTENSION, {})
    if "head" not in known:
        known["head"] = core_lineage().head()
    return known["head"]


def _redis() -> tuple[bool, bool, bool]:
    url = secret_keys.settings().redis_url
    if url is None:
        return False, False, False
    try:
        with Redis.from_url(
            url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, retry=_ONCE
        ) as redis:
            redis.ping()
            seen = [bool(redis.exists(f"invoicer:{role}_seen")) for role in ("worker", "clock")]
    except (RedisError, OSError):
        return False, False, False
    return True, seen[0], seen[1]


def deliveries() -> tuple[dict[str, int], float]:
    """How many deliveries are not done, by state, and how long the oldest due one has waited, in
    seconds. Zeros when the database is away."""
    try:
        with gate() as connection:
            rows = connection.execute(
                text(
                    "SELECT state, count(*), coalesce(extract(epoch FROM max(now() - due_at)"
                    " FILTER (WHERE due_at < now())), 0) FROM deliveries"
                    " WHERE state IN ('due', 'leased', 'parked') GROUP BY state"
                )
            )
            found = {str(state): (int(count), float(age)) for state, count, age in rows}
    except SQLAlchemyError:
        return {}, 0.0
    return {state: count for state, (count, _) in found.items()}, found.get("due", (0, 0.0))[1]
