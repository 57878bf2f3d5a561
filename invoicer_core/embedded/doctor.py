"""What keeps an installation from working well, in sentences."""

import ctypes.util
from collections.abc import Iterator

import psycopg
import redis

from invoicer_core.config import Config, libpq_url
from invoicer_core.embedded import plugin_tools
from invoicer_core.embedded.account import ServerError
from invoicer_core.embedded.databases import running
from invoicer_core.models.logins import APP, GATE, SQL, missing_walls

LIBRARIES = (("pango-1.0", "libpango-1.0-0"), ("pangoft2-1.0", "libpangoft2-1.0-0"))
APT_LINE = (
    "apt-get install --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 "
    "libharfbuzz-subset0 fonts-noto-core fonts-noto-cjk"
)


def findings(config: Config) -> tuple[str, ...]:
    """Everything found wrong; empty when all is well."""
    return (*_of_libraries(), *_of_settings(config), *_of_servers(config))


def _of_libraries() -> Iterator[str]:
    missing = [package for name, package in LIBRARIES if ctypes.util.find_library(name) is None]
    if missing:
        yield f"PDFs cannot be made without {', '.join(missing)}: {APT_LINE}"


def _of_settings(config: Config) -> Iterator[str]:
    if not config.is_https and not config.url.startswith(("http://127.", "http://localhost")):
        yield "INVOICER_URL is not https: cookies and passwords travel readable."
    if config.signup == "open" and not config.demo:
        yield "INVOICER_SIGNUP is open: everybody may register."


def _of_servers(config: Config) -> Iterator[str]:
    try:
        with running(config) as found:
            yield from _of_database(found)
            yield from _of_redis(found)
            yield from plugin_tools.findings(found)
    except ServerError as error:
        yield str(error)


def _of_database(config: Config) -> Iterator[str]:
    for name, url, login in (
        ("DATABASE_URL", config.database_url, APP),
        ("DATABASE_GATE_URL", config.gate_url, GATE),
        ("DATABASE_SQL_URL", config.sql_url, SQL),
    ):
        try:
            with psycopg.connect(libpq_url(url or "")) as connection:
                row = connection.execute("SELECT current_user").fetchone()
                if row and row[0] != login:
                    yield f"{name} must sign in as {login}, not as {row[0]}: policies name it."
                if login == APP:
                    yield from missing_walls(connection)
        except psycopg.Error as error:
            yield f"{name} does not work: {error}"


def _of_redis(config: Config) -> Iterator[str]:
    try:
        redis.Redis.from_url(config.redis_url or "").ping()
    except redis.RedisError as error:
        yield f"REDIS_URL does not work: {error}"
