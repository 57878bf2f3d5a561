"""Runs one lineage: the core's tables in `public`, or a plugin's in a schema of its own.

Each lineage has its own version table, so that installing, upgrading and uninstalling a plugin
cannot break another. A session lock is no good here: with pooled connections the second lineage
would wait for the first one for ever. Hence NullPool, a lock inside the transaction, a timeout.
"""

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from invoicer_core.models import Base

LOCK = 4_096_001

config = context.config
schema = config.get_main_option("schema") or "public"
core = schema == "public"


def run() -> None:
    """Migrate online; there is no offline mode, roles and policies need a server."""
    engine = create_engine(current_app.config["SQLALCHEMY_DATABASE_URI"], poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SET lock_timeout = '20s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        connection.execute(
            text("SELECT set_config('search_path', :path, true)"),
            {"path": schema if core else f"{schema}, public"},
        )
        if not core:
            quoted = connection.dialect.identifier_preparer.quote(schema)
            connection.execute(text("CREATE SCHEMA IF NOT EXISTS " + quoted))
        context.configure(
            connection=connection,
            target_metadata=Base.metadata if core else None,
            version_table_schema=schema,
            include_schemas=False,
            compare_type=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
