"""A plugin whose package is gone: what it left is told first, and deleted when that is said."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from invoicer_core.app import create_app
from invoicer_core.cli import commands
from invoicer_core.config import Config, ConfigError
from invoicer_core.embedded import plugin_removal
from invoicer_core.host.lineages import plugin_lineages
from invoicer_core.host.registry import discover
from invoicer_core.models import db
from invoicer_core.models.migrate import upgrade_all
from invoicer_core.models.plugins import PluginSetting, PluginState
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import plugins
from tests.environment import Environment
from tests.factories import BY, make_business
from tests.plugins.good.invoicer_good import GoodPlugin
from tests.plugins.good.invoicer_good.tables import Noted


@pytest.fixture
def given(servers: Environment, variables: dict[str, str], worker_number: int) -> dict[str, str]:
    """The environment of an installation with a database of its own."""
    database = f"uninstall_{worker_number}"
    servers.create_database(database)
    return {**variables, **servers.variables(database), "INVOICER_PLUGINS": "none"}


@pytest.fixture
def with_it(given: dict[str, str]) -> Config:
    """The same installation while the plugin is there."""
    return Config.from_environ({**given, "INVOICER_PLUGINS": "good"})


@pytest.fixture
def left(with_it: Config) -> Iterator[tuple[int, int]]:
    """Two businesses that used the plugin and one more plugin, both of which are gone now."""
    registry = discover(extra=[GoodPlugin], entry_points=False, strict=True)
    upgrade_all(with_it.owner_url or "", plugin_lineages(registry))
    app = create_app(with_it, plugins=[GoodPlugin])
    with app.app_context():
        found = (make_business(), make_business())
        for business_id in found:
            with enter_business(business_id):
                settings = {"limit": 7, "token": "canary-of-a-token"}
                plugins.change(name="good", enabled=True, settings=settings, by=BY)
                db.session.add(Noted(business_id=business_id, invoice_id=1))
                db.session.add(PluginState(business_id=business_id, plugin="other", enabled=True))
                db.session.commit()
        yield found
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def rows(model, business_id):
    with enter_business(business_id):
        db.session.rollback()
        return db.session.query(model.plugin).order_by(model.plugin).all()


def test_it_is_told_then_deleted_and_only_that(left, with_it, given) -> None:
    def invoicer(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(commands, ["plugins", "uninstall", "good", *words], env=given)
        return done.exit_code, done.output + str(done.exception or "")

    status, said = invoicer()
    assert status != 0
    for line in ("table plugin_good.noted: 2 rows", "settings: 2 rows", "switches: 2 rows",
                 "in 2 businesses", "Nothing was deleted. Add --yes"):  # fmt: skip
        assert line in said
    assert "canary" not in said
    assert [rows(PluginState, each) for each in left] == [[("good",), ("other",)]] * 2

    status, said = invoicer("--yes")
    assert (status, "is deleted" in said) == (0, True)
    for business_id in left:
        assert rows(PluginState, business_id) == [("other",)]
        assert rows(PluginSetting, business_id) == []
        with enter_business(business_id):
            entries = db.session.scalars(db.text("SELECT e::text FROM audit_entries e")).all()
        assert [each for each in entries if "plugin.uninstalled" in each]
    gone = db.text("SELECT count(*) FROM pg_namespace WHERE nspname = 'plugin_good'")
    assert db.session.scalar(gone) == 0
    status, said = invoicer("--yes")
    assert (status != 0, "Nothing is kept" in said) == (True, True)

    registry = discover(extra=[GoodPlugin], entry_points=False, strict=True)
    upgrade_all(with_it.owner_url or "", plugin_lineages(registry))
    with create_app(with_it, plugins=[GoodPlugin]).app_context(), enter_business(left[0]):
        assert plugins.get(name="good").settings["limit"] != 7
        assert db.session.query(Noted).count() == 0


def test_what_is_installed_is_not_touched(given) -> None:
    config = Config.from_environ({**given, "INVOICER_PLUGINS": "all"})
    name = next(iter(discover("all").plugins))
    with pytest.raises(ConfigError, match="still installed"):
        plugin_removal.left(config, name)
