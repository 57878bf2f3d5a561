"""Brings the database to the head of every lineage: the core's, then each plugin's."""

from collections.abc import Iterable

from alembic.config import Config as AlembicConfig
from flask import Flask
from flask_migrate import Migrate, upgrade

from invoicer_core.models.base import db
from invoicer_core.models.lineage import Lineage, core_lineage, migrations_directory


def migration_app(owner_url: str, lineages: Iterable[Lineage] = ()) -> Flask:
    """A bare application that only migrates, signed in as the owner of the tables."""
    app = Flask("invoicer_migrations")
    app.config["SQLALCHEMY_DATABASE_URI"] = owner_url
    db.init_app(app)
    migrate = Migrate(app, db, directory=str(migrations_directory()))
    known = {lineage.name: lineage for lineage in (core_lineage(), *lineages)}

    @migrate.configure  # type: ignore[untyped-decorator]
    def choose(config: AlembicConfig) -> AlembicConfig:
        chosen = getattr(config.cmd_opts, "x", None) or ["lineage=core"]
        lineage = known[str(chosen[0]).removeprefix("lineage=")]
        config.set_main_option("version_locations", str(lineage.versions))
        config.set_main_option("path_separator", "newline")
        config.set_main_option("schema", lineage.schema)
        return config

    app.extensions["invoicer_lineages"] = known
    return app


def upgrade_all(owner_url: str, lineages: Iterable[Lineage] = ()) -> None:
    """Migrate the core, then every plugin, each in a transaction of its own.

    Args:
        owner_url: SQLAlchemy URL of the login ``invoicer_owner`` (``postgresql+psycopg://…``).
        lineages: those of the installed plugins.
    """
    app = migration_app(owner_url, lineages)
    with app.app_context():
        for name in app.extensions["invoicer_lineages"]:
            upgrade(x_arg=[f"lineage={name}"])
