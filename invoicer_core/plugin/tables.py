"""Tables of a plugin: in a PostgreSQL schema of its own, behind the same walls as the core's.

    class Base(DeclarativeBase):
        registry = table_registry("loyalty")

    class Points(OfBusiness, Base):
        __tablename__ = "points"
        id: Mapped[int] = mapped_column(Identity(), primary_key=True)

and in the plugin's migration, after ``op.create_table("points", ...)``::

    protect(op.get_bind(), "loyalty", "points")
"""

from sqlalchemy import MetaData, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, registry

from invoicer_core.host.lineages import schema_of
from invoicer_core.models import db
from invoicer_core.models.base import NAMING, OfBusiness
from invoicer_core.models.base import Base as CoreBase
from invoicer_core.models.policies import protect as _protect
from invoicer_core.models.tenancy import current_business_id, enter_business

__all__ = [
    "DeclarativeBase",
    "OfBusiness",
    "current_business_id",
    "enter_business",
    "protect",
    "session",
    "table_registry",
]

session = db.session
"""The session of the current request or job; row level security shows one business only."""


def table_registry(plugin: str) -> registry:
    """What puts all tables of a plugin into its own schema, with the core's types and names."""
    return registry(
        metadata=MetaData(schema=schema_of(plugin), naming_convention=NAMING),
        type_annotation_map=CoreBase.registry.type_annotation_map,
    )


def protect(connection: Connection, plugin: str, table: str) -> None:
    """In a migration: row level security on a table, and the rights of the run-time login.

    The table must have a column ``business_id``; reference core tables by ``(business_id, id)``.
    """
    schema = schema_of(plugin)
    quoted = connection.dialect.identifier_preparer.quote(schema)
    connection.execute(text("GRANT USAGE ON SCHEMA " + quoted + " TO invoicer_app"))
    _protect(connection, table, schema=schema)
    sequences = "GRANT USAGE ON ALL SEQUENCES IN SCHEMA " + quoted + " TO invoicer_app"
    connection.execute(text(sequences))
