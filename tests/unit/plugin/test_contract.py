"""The contract's tests can fail: a sound package, and what breaks it."""

import importlib
from itertools import count

import pytest

from invoicer_core.plugin.testing import PluginContract, offline_context, sample_event
from tests.plugins.good.invoicer_good import GoodPlugin

CORE = "invoicer_core"
PROJECT = """
[project.entry-points."invoicer.plugins"]
sample = "PACKAGE:Sample"
"""
README = "Needs SAMPLE_KEY."
MIGRATION = """
from alembic import op
from invoicer_core.plugin.tables import protect

def upgrade():
    op.create_table("notes")
    protect(op.get_bind(), "sample", "notes")

def downgrade():
    op.drop_table("notes")
"""
UNPROTECTED = MIGRATION.replace("    protect(", "    print(")
PLUGIN = """
from collections.abc import Iterable
from datetime import timedelta

from flask import Blueprint
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.plugin import (
    Context, InvoicePaid, InvoiceSnapshot, Job, Objection, Page, Plugin, Schedule, Secret, Settings,
    field, hookimpl,
)
from invoicer_core.plugin.tables import DeclarativeBase, OfBusiness, session, table_registry

pages = Blueprint("sample", __name__)
seen: set[int] = set()


@pages.get("/")
def front() -> str:
    return ""


class Base(DeclarativeBase):
    registry = table_registry("sample")


class Note(OfBusiness, Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)


class SampleSettings(Settings):
    api_key: Secret = field(title="Key", env="SAMPLE_KEY")


class Sample(Plugin):
    '''Does a little of much.'''

    name, settings, migrations = "sample", SampleSettings, "migrations"

    @hookimpl
    def pages(self) -> Iterable[Page]:
        yield Page("front", pages, "invoices.read", public=frozenset({"front"}))

    @hookimpl
    def jobs(self) -> Iterable[Job]:
        yield Job("sweep", lambda ctx: None)

    @hookimpl
    def schedules(self) -> Iterable[Schedule]:
        yield Schedule("nightly", "sweep", every=timedelta(days=1))

    @hookimpl
    def before_invoice_issued(self, ctx: Context, invoice: InvoiceSnapshot) -> Iterable[Objection]:
        return []

    @hookimpl
    def on_invoice_paid(self, ctx: Context, event: InvoicePaid) -> None:
        seen.add(event.invoice_id)
"""
BREAKS = [
    ("it_declares_itself", "'''Does a little of much.'''", "pass"),
    ("it_declares_itself", "on_invoice_paid", "on_invoice_payed"),
    ("its_hooks_are_typed", "event: InvoicePaid) -> None", "event: InvoicePaid)"),
    ("it_comes_through_the_door", "from flask import", f"import {CORE}.models\nfrom flask import"),
    ("it_comes_through_the_door", "seen: set", f"from {CORE} import models\nseen: set"),
    ("it_reads_no_environment", "seen: set", "import os\nhome = os.environ\nseen: set"),
    ("it_leaves_the_cores_transaction_alone", "return []", "return session.commit() or []"),
    ("its_settings_make_a_form", 'title="Key"', 'title=""'),
    ("what_sounds_secret_is_secret", "api_key: Secret", "api_key: str"),
    ("its_offers_are_well_formed", 'Page("front"', 'Page("Front page"'),
    ("everything_asks_for_a_permission_that_exists", '"invoices.read"', '"invoices.raed"'),
    ("everything_asks_for_a_permission_that_exists", '"invoices.read"', '""'),
    ("its_public_pages_exist", 'public=frozenset({"front"})', 'public=frozenset({"frnot"})'),
    ("its_schedules_run_its_own_jobs", '"nightly", "sweep"', '"nightly", "weep"'),
    ("its_schedules_run_its_own_jobs", "every=timedelta(days=1)", ""),
    ("its_tables_are_its_own", 'table_registry("sample")', 'table_registry("other")'),
    ("its_migrations_protect_its_tables", ', "migrations"', ", None"),
    ("its_handlers_may_run_twice", "seen.add(event.invoice_id)", "seen.add(len(seen))"),
]  # fmt: skip
numbers = count()


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Writes the package, with some files otherwise, and gives its contract."""

    def make(plugin=PLUGIN, migration=MIGRATION, readme=README, project=PROJECT):
        package = f"invoicer_sample{next(numbers)}"
        root = tmp_path / package
        (root / package / "migrations").mkdir(parents=True)
        (root / "pyproject.toml").write_text(project.replace("PACKAGE", package))
        (root / "README.md").write_text(readme)
        (root / package / "__init__.py").write_text(plugin)
        (root / package / "migrations" / "0001_notes.py").write_text(migration)
        monkeypatch.syspath_prepend(str(root))
        module = importlib.import_module(package)
        members = {
            "plugin": module.Sample,
            "settings": {"api_key": "sk_0123456789abcdef"},
            "samples": (("invoice.paid", {"id": 7}),),
            "state": lambda self: frozenset(module.seen),
        }
        return type("Contract", (PluginContract,), members)()

    return make


def run(contract, name):
    test = getattr(contract, f"test_{name}")
    needs = test.__code__.co_varnames[1 : test.__code__.co_argcount]
    fixtures = {
        "ctx": lambda: offline_context(contract.plugin, contract.settings),
        "loaded": lambda: PluginContract.loaded.__wrapped__(contract),
    }
    test(**{need: fixtures[need]() for need in needs})


def names():
    return [name.removeprefix("test_") for name in dir(PluginContract) if name.startswith("test_")]


@pytest.mark.parametrize("name", names())
def test_a_sound_package_passes(make, name):
    run(make(), name)


@pytest.mark.parametrize(("name", "sound", "broken"), BREAKS)
def test_each_test_finds_its_fault(make, name, sound, broken):
    assert sound in PLUGIN
    with pytest.raises(Exception) as caught:  # noqa: PT011 - assertions and BrokenPlugin
        run(make(plugin=PLUGIN.replace(sound, broken)), name)
    assert type(caught.value).__name__ in ("AssertionError", "BrokenPlugin")


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("a_package_announces_it", {"project": "[project]\n"}),
        ("a_package_announces_it", {"project": PROJECT.replace(":Sample", ":Other")}),
        ("it_is_explained", {"readme": "Needs nothing."}),
        ("its_migrations_protect_its_tables", {"migration": UNPROTECTED}),
        ("its_migrations_protect_its_tables", {"migration": MIGRATION.replace("def d", "def _d")}),
    ],
)  # fmt: skip
def test_the_files_beside_the_code_count_too(make, name, files):
    with pytest.raises(AssertionError):
        run(make(**files), name)


def test_a_plugin_without_hooks_is_noticed(make):
    start = PLUGIN.index("    @hookimpl")
    with pytest.raises(AssertionError):
        run(make(plugin=PLUGIN[:start]), "it_offers_something_or_listens")


def test_a_context_without_a_server():
    context = offline_context(GoodPlugin, {"tone": "short"}, business_id=4)
    assert context.settings.tone == "short"
    assert context.business.id == 4
    context.later("sweep", days=2, key="nightly")
    assert context._backstage.jobs[0][:2] == ("sweep", {"days": 2})
    assert context.url_for(".front", a=1) == "https://invoicer.test/.front?a=1"
    assert sample_event("invoice.paid", {"id": 7}).invoice_id == 7
