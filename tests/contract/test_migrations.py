"""The migrations and the models say the same, and migrating again changes nothing."""

import subprocess
import sys

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from invoicer_core.models import Base
from invoicer_core.models.lineage import core_lineage
from invoicer_core.models.migrate import upgrade_all


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
    assert core_lineage().head() == newest
    with engine.connect() as connection:
        assert (
            connection.scalar(text("SELECT version_num FROM alembic_version")) == before == newest
        )


def test_who_only_serves_does_not_load_the_tool() -> None:
    code = "import sys, invoicer_core.app; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
