"""``invoicer``: one command for every role and for the operator. Imports are inside the commands,
so that the supervisor stays small and `--help` quick."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from invoicer_core.cli_workflows import workflows
from invoicer_core.config import Config, ConfigError, libpq_url, store_secret, stored_secrets

if TYPE_CHECKING:
    from invoicer_core.embedded.up import Prepared

DEMO_EMAIL = "owner@demo.test"


def main() -> None:
    """The entry point: known failures become one line and status 1."""
    from invoicer_core.embedded.account import ServerError
    from invoicer_core.embedded.supervisor import CannotStart

    try:
        commands(prog_name="invoicer")
    except (ConfigError, ServerError, CannotStart) as error:
        click.echo(f"invoicer: {error}", err=True)
        sys.exit(1)


@click.group(name="invoicer", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="invoicer")
def commands() -> None:
    """Invoicing for small businesses."""


commands.add_command(workflows)


def _say(line: str) -> None:
    click.echo(line)
    sys.stdout.flush()


@commands.command()
@click.option("--demo", is_flag=True, help="A demo business, open sign-up, this machine only.")
@click.option("--reload", is_flag=True, help="Start again when a source file changes.")
def up(demo: bool, reload: bool) -> None:
    """Run everything: database, Redis, web, worker and clock."""
    from invoicer_core.embedded.up import up as run

    config = Config.load()
    if demo:
        signup = config.signup if "INVOICER_SIGNUP" in config.environ else "open"
        config = dataclasses.replace(config, demo=True, signup=signup)
    run(config, say=_say, reload=reload)


def _run_time_config() -> Config:
    """Addresses that answer, for a role: those given, or those of a running ``up``."""
    from invoicer_core.embedded.account import ServerError
    from invoicer_core.embedded.servers import embedded_servers

    servers = embedded_servers(Config.load())
    if not all(server.is_running() for server in servers.each):
        raise ServerError(
            "No database: run `invoicer up`, or set DATABASE_URL and REDIS_URL for this role."
        )
    return dataclasses.replace(servers.config, owner_url=None)


@commands.command()
def web() -> None:
    """Serve the pages, the API and the live channel."""
    config = _run_time_config()
    settings = "python:invoicer_core.embedded.gunicorn_conf"
    program = [sys.executable, "-m", "gunicorn", "-c", settings, "invoicer_core.app:create_app()"]
    os.execve(sys.executable, program, config.child_environ())  # noqa: S606 - no shell wanted


@commands.command()
@click.option("--with-clock", is_flag=True, help="Run a clock too, in one of its processes.")
def worker(with_clock: bool) -> None:
    """Do what may be slow: PDFs, mail, plugins' event handlers."""
    from invoicer_core.embedded.roles import run_worker

    run_worker(_run_time_config(), with_clock=with_clock)


@commands.command()
def clock() -> None:
    """Hand out what is due, and emit to the live channel."""
    from invoicer_core.embedded.roles import run_clock

    run_clock(_run_time_config())


@commands.command(hidden=True)
@click.argument("result", type=click.Path(path_type=Path))
def prepare(result: Path) -> None:
    """Make logins, migrate, seed the demo when asked to; write down what `up` shows."""
    from invoicer_core.embedded.databases import ensure
    from invoicer_core.embedded.logs import set_up_logging
    from invoicer_core.embedded.servers import embedded_servers

    servers = embedded_servers(Config.load())
    set_up_logging(servers.config, "prepare")
    for sentence in ensure(servers):
        _say(f"Not done on this database server: {sentence}")
    found = _prepare(servers.config)
    result.write_text(json.dumps(dataclasses.asdict(found)), "utf-8")


def _prepare(config: Config) -> "Prepared":
    import psycopg

    from invoicer_core.embedded.up import Prepared

    _migrate(config)
    sign_in = _seed_demo(config) if config.demo else ""
    with psycopg.connect(libpq_url(config.owner_url or "")) as connection:
        row = connection.execute("SELECT count(*) FROM users").fetchone()
    return Prepared(users=int(row[0]) if row else 0, sign_in=sign_in)


def _migrate(config: Config) -> None:
    """The core's tables, then those of every plugin that loads."""
    from invoicer_core.host.lineages import plugin_lineages
    from invoicer_core.host.registry import discover
    from invoicer_core.models.migrate import upgrade_all

    if config.owner_url is None:
        raise ConfigError("DATABASE_OWNER_URL is needed to migrate.")
    upgrade_all(config.owner_url, plugin_lineages(discover(config.plugins)))


def _seed_demo(config: Config) -> str:
    """Seed through the services (nothing happens when the business is there); the sign-in."""
    import secrets

    from invoicer_core.app import create_app
    from invoicer_core.services.demo import seed

    fresh = secrets.token_urlsafe(9)
    password = store_secret(config.data, "EMBEDDED_DEMO_PASSWORD", fresh, replace=False)
    with create_app(config).app_context():
        seed(email=DEMO_EMAIL, password=password)
    return f"{DEMO_EMAIL} / {password}"


@commands.command()
def demo() -> None:
    """Add the demo business to this installation."""
    from invoicer_core.embedded.databases import running

    with running(Config.load()) as config:
        _say(f"Sign in with {_seed_demo(config)}")


@commands.group()
def db() -> None:
    """The database: migrations, logins, a shell."""


@db.command()
def roles() -> None:
    """Create the logins and grants; needs DATABASE_OWNER_URL on a managed server."""
    from invoicer_core.embedded.databases import ensure_given_database, running

    with running(Config.load()) as config:
        if "DATABASE_URL" in config.environ:
            for sentence in ensure_given_database(config):
                _say(f"Not done: {sentence}")
    _say("Logins and grants are in place.")


@db.command()
def upgrade() -> None:
    """Bring the core's and all plugins' tables to their newest version."""
    from invoicer_core.embedded.databases import ensure_given_database, running

    with running(Config.load()) as config:
        if "DATABASE_URL" in config.environ:
            for sentence in ensure_given_database(config):
                _say(f"Not done: {sentence}")
        _migrate(config)
    _say("The database is at its newest version.")


@db.command()
def current() -> None:
    """The version of every lineage of migrations."""
    import psycopg

    from invoicer_core.embedded.databases import running

    with (
        running(Config.load()) as config,
        psycopg.connect(libpq_url(config.owner_url or config.database_url or "")) as connection,
    ):
        schemas = connection.execute(
            "SELECT schemaname FROM pg_tables WHERE tablename = 'alembic_version' ORDER BY 1"
        ).fetchall()
        for (schema,) in schemas:
            table = psycopg.sql.Identifier(schema, "alembic_version")
            query = psycopg.sql.SQL("SELECT version_num FROM {}").format(table)
            rows = connection.execute(query).fetchall()
            _say(f"{schema}: {', '.join(str(row[0]) for row in rows) or 'empty'}")


@db.command()
@click.option("--login", type=click.Choice(["owner", "app", "gate"]), default="owner")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def shell(login: str, arguments: tuple[str, ...]) -> None:
    """Open psql as one of the logins; further ARGUMENTS go to psql (after ``--``)."""
    from urllib.parse import parse_qs, unquote, urlsplit

    from invoicer_core.embedded.databases import running
    from invoicer_core.embedded.servers import psql_program

    with running(Config.load()) as config:
        urls = {"owner": config.owner_url, "app": config.database_url, "gate": config.gate_url}
        url = urls[login]
        if url is None:
            raise ConfigError("DATABASE_OWNER_URL is needed for the owner's shell.")
        parts = urlsplit(libpq_url(url))
        # Through the environment: arguments are visible to every user of the machine.
        environ = {**os.environ, "PGPASSWORD": unquote(parts.password or "")}
        environ |= {"PGUSER": unquote(parts.username or ""), "PGDATABASE": parts.path[1:]}
        environ["PGHOST"] = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
        environ["PGPORT"] = str(parts.port or 5432)
        done = subprocess.run([psql_program(config), *arguments], env=environ, check=False)
    sys.exit(done.returncode)


@commands.group()
def plugins() -> None:
    """The installed plugins."""


@plugins.command(name="list")
def list_plugins() -> None:
    """Name, version and state of every installed plugin."""
    from invoicer_core.embedded.plugin_tools import listed

    for line in listed(Config.load()):
        _say(line)


@plugins.command(name="doctor")
def plugins_doctor() -> None:
    """Say in words what is wrong with the plugins; status 1 if anything is."""
    from invoicer_core.embedded.databases import running
    from invoicer_core.embedded.plugin_tools import findings

    with running(Config.load()) as config:
        _tell(tuple(findings(config)))


@plugins.command(name="new")
@click.argument("name")
def new_plugin(name: str) -> None:
    """Begin a plugin NAME in a new folder here: package, README, and a test that passes."""
    from invoicer_core.plugin.scaffold import scaffold

    try:
        folder = scaffold(name, Path.cwd())
    except ValueError as error:
        raise ConfigError(str(error)) from None
    except FileExistsError as error:
        raise ConfigError(f"{error.filename} is there already; nothing was written.") from None
    _say(f"{folder.name} is written. In it, `python -m pytest` passes; change it from there.")


@plugins.command(name="texts")
@click.argument("name")
def plugin_texts(name: str) -> None:
    """Gather the texts of plugin NAME into its catalogs beside its sources, and compile them."""
    from invoicer_core.embedded.plugin_tools import CommandFailed, texts

    try:
        for line in texts(name):
            _say(line)
    except CommandFailed as failed:
        raise ConfigError(str(failed)) from failed


@plugins.command(name="run", context_settings={"ignore_unknown_options": True})
@click.option("--business", type=int, help="The id of the business to work in.")
@click.argument("plugin")
@click.argument("command")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run_plugin(business: int | None, plugin: str, command: str, arguments: tuple[str, ...]) -> None:
    """Run a COMMAND that a PLUGIN offers; further ARGUMENTS go to it (options after ``--``)."""
    from invoicer_core.embedded.databases import running
    from invoicer_core.embedded.plugin_tools import CommandFailed, run

    try:
        with running(Config.load()) as config:
            run(config, plugin, command, arguments, business)
    except CommandFailed as failed:
        raise ConfigError(str(failed)) from failed


@plugins.command(name="uninstall")
@click.option("--yes", is_flag=True, help="Delete it. Without this it is only told.")
@click.argument("name")
def uninstall_plugin(yes: bool, name: str) -> None:
    """Delete what plugin NAME, whose package is gone, has left in the database."""
    from invoicer_core.embedded.databases import running
    from invoicer_core.embedded.plugin_removal import uninstall

    with running(Config.load()) as config:
        for line in uninstall(config, name, yes=yes):
            _say(line)


@commands.command(name="two-step-off")
@click.argument("email")
def two_step_off(email: str) -> None:
    """Switch off two-step sign-in for EMAIL, who has lost both phone and recovery codes."""
    from invoicer_core.app import create_app
    from invoicer_core.domain.errors import NotFound
    from invoicer_core.embedded.databases import running
    from invoicer_core.services.identity import two_factor

    try:
        with running(Config.load()) as config, create_app(config).app_context():
            two_factor.reset(email=email)
    except NotFound as missing:
        raise ConfigError(missing.detail) from missing
    _say(f"{email} signs in with the password alone from now on. Every other sign-in has ended.")


@commands.group()
def secrets() -> None:
    """Values that are kept in INVOICER_DATA/secrets.json (mode 0600); the environment wins."""


@secrets.command(name="set")
@click.argument("key")
def set_secret(key: str) -> None:
    """Store KEY; the value is asked for, or read from standard input."""
    import re

    if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,63}", key):
        raise ConfigError(f"A key has capital letters, digits and underscores, not {key!r}.")
    if sys.stdin.isatty():
        value = click.prompt(key, hide_input=True)
    else:
        value = sys.stdin.readline().rstrip("\n")
    if not value:
        raise ConfigError(f"No value for {key}.")
    store_secret(_data_folder(), key, value)
    _say(f"{key} is stored. Start Invoicer again to use it.")


@secrets.command(name="list")
def list_secrets() -> None:
    """The names of the stored values."""
    for name in sorted(stored_secrets(_data_folder())):
        _say(name)


def _data_folder() -> Path:
    return Config.load().data


@commands.command()
def doctor() -> None:
    """Say in words what is missing or wrong; status 1 if anything is."""
    from invoicer_core.embedded.doctor import findings

    _tell(findings(Config.load()))


def _tell(found: tuple[str, ...]) -> None:
    for sentence in found:
        _say(f"- {sentence}")
    if found:
        sys.exit(1)
    _say("Nothing is wrong.")


if __name__ == "__main__":
    main()
