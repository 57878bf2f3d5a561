"""The migrations and the models say the same, and migrating again changes nothing."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from invoicer_core.models import Base
from invoicer_core.models.migrate import core_lineage, upgrade_all


def test_a_migrated_database_has_exactly_the_tables_of_the_models(
    variables: dict[str, str],
) -> None:
    engine = create_engine(variables["DATABASE_OWNER_URL"], poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, Base.metadata)
    differences = [each for each in found if "alembic_version" not in str(each)]
    assert differences == []


def test_migrating_again_changes_nothing(variables: dict[str, str]) -> None:
    url = variables["DATABASE_OWNER_URL"]
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        before = connection.scalar(text("SELECT version_num FROM alembic_version"))
    upgrade_all(url)
    newest = max(path.name[:4] for path in core_lineage().versions.glob("[0-9]*.py"))
    with engine.connect() as connection:
        assert (
            connection.scalar(text("SELECT version_num FROM alembic_version")) == before == newest
        )
