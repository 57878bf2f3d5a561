"""A plugin's tables: its own schema and version, behind the same wall as the core's."""

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from invoicer_core.config import libpq_url
from invoicer_core.hooks.plugin import BrokenPlugin, Plugin
from invoicer_core.host import discover
from invoicer_core.host.lineages import plugin_lineages
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from tests.plugins.good.invoicer_good.tables import Noted


def test_the_lineages_of_the_loaded_plugins(host_app):
    from invoicer_core.host import current

    (only,) = plugin_lineages(current().registry)
    assert (only.name, only.schema) == ("good", "plugin_good")
    assert (only.versions / "0001_noted.py").is_file()


def test_a_folder_that_is_not_there_is_said():
    kind = type(
        "Lost", (Plugin,), {"name": "lost", "migrations": "nowhere", "__module__": __name__}
    )
    registry = discover(extra=[kind], entry_points=False)
    with pytest.raises(BrokenPlugin, match="no migrations at"):
        plugin_lineages(registry)


def test_each_lineage_has_its_own_version(config, migrated):
    with psycopg.connect(libpq_url(config.owner_url)) as connection:
        rows = connection.execute("SELECT version_num FROM plugin_good.alembic_version").fetchall()
        assert rows == [("good_0001",)]
        core = connection.execute("SELECT version_num FROM public.alembic_version").fetchall()
        assert core[0][0] != "good_0001"


def test_the_table_shows_one_business_only(host_app, business, make_business):
    db.session.add(Noted(business_id=business, invoice_id=1))
    db.session.commit()
    other = make_business()
    with enter_business(other):
        assert db.session.query(Noted).all() == []
        with pytest.raises(ProgrammingError, match="row-level security"):
            db.session.execute(
                text("INSERT INTO plugin_good.noted (business_id, invoice_id) VALUES (:b, 2)"),
                {"b": business},
            )
