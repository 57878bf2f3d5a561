"""For plugin authors: one class to inherit, and a context to call hooks with.

    from invoicer_core.plugin.testing import PluginContract

    class TestContract(PluginContract):
        plugin = LoyaltyPlugin
        samples = (("invoice.paid", {"id": 7, "client_id": 3}),)

Each test says what to mend. None needs a server; those with ``samples`` need what your handlers
need: override the fixture ``ctx`` with a context on a real business.
"""

# ruff: noqa: S101, ARG002 - the tests below are inherited; the offline context ignores whom it serves

import inspect
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Final
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import DeclarativeBase

from invoicer_core.domain.events import EVENTS, Event, event_from
from invoicer_core.domain.permissions import ALL
from invoicer_core.domain.snapshots import BusinessSnapshot
from invoicer_core.hooks.codec import dumps
from invoicer_core.hooks.context import Context
from invoicer_core.hooks.faces import ApiResource, Page
from invoicer_core.hooks.offers import OFFERS, Schedule
from invoicer_core.hooks.plugin import HOOKS, Plugin, description_of
from invoicer_core.hooks.settings import (
    Secret,
    environ_names,
    form_fields,
    masked,
    secret_names,
    validated,
)
from invoicer_core.host.lineages import schema_of
from invoicer_core.host.loading import Candidate, Loaded, check_class, implements, load
from invoicer_core.plugin import inspection

NOW: Final = datetime(2026, 1, 15, 12, tzinfo=UTC)
CANARY: Final = "canary-7f3a9c1e5b-never-shown"
SECRETIVE: Final = re.compile(r"(secret|password|passphrase|token|api_key|private_key)")
OFFER_NAME: Final = re.compile(r"[a-z][a-z0-9]*([-_.][a-z0-9]+)*")


@dataclass
class Offline:
    """The other side of a context, without a server: settings as given, jobs in a list."""

    plugin: type[Plugin]
    settings: Mapping[str, Any] = field(default_factory=dict)
    jobs: list[tuple[str, dict[str, Any], timedelta, str | None]] = field(default_factory=list)

    def settings_of(self, plugin: str, business_id: int) -> Any:
        """The settings that the test gave, validated."""
        return validated(self.plugin.settings, self.settings)

    def business_of(self, business_id: int) -> BusinessSnapshot:
        """A small business."""
        return BusinessSnapshot(
            id=business_id,
            public_id=UUID(int=business_id),
            name="Sample Ltd",
            country="DE",
            currency="EUR",
            locale="en",
            time_zone="Europe/Berlin",
            created_at=NOW,
            updated_at=NOW,
        )

    def job_later(
        self,
        plugin: str,
        business_id: int,
        job: str,
        arguments: Mapping[str, Any],
        delay: timedelta,
        key: str | None,
    ) -> None:
        """Keep the job in ``jobs``, its arguments as JSON would keep them."""
        dumps(arguments)
        self.jobs.append((job, dict(arguments), delay, key))

    def url_of(self, plugin: str, endpoint: str, values: Mapping[str, Any]) -> str:
        """An address that shows what was asked for."""
        query = "&".join(f"{name}={value}" for name, value in values.items())
        return f"https://invoicer.test/{endpoint}" + (f"?{query}" if query else "")


def offline_context(
    plugin: type[Plugin], settings: Mapping[str, Any] | None = None, business_id: int = 1
) -> Context:
    """A context to call a plugin's functions with, without a server or a database."""
    log = logging.LoggerAdapter(logging.getLogger(f"invoicer.plugin.{plugin.name}"), {})
    return Context(plugin.name, business_id, log, Offline(plugin, settings or {}))


def sample_event(name: str, data: Mapping[str, Any], business_id: int = 1) -> Event:
    """An event as a worker would hand it over."""
    return event_from(
        event_id=1, name=name, business_id=business_id, occurred_at=NOW, data=dict(data)
    )


class PluginContract:
    """What every plugin must keep. Inherit it, set ``plugin``, run pytest."""

    plugin: ClassVar[type[Plugin]]
    settings: ClassVar[Mapping[str, Any]] = {}
    """Values for settings that have no default."""
    samples: ClassVar[tuple[tuple[str, Mapping[str, Any]], ...]] = ()
    """Events (name, data) that the plugin handles."""

    @pytest.fixture
    def ctx(self) -> Context:
        """What handlers are called with; override it to give them a real business."""
        return offline_context(self.plugin, self.settings)

    @pytest.fixture
    def loaded(self) -> Loaded:
        """The plugin with everything it offers."""
        return load(Candidate(self.plugin.name, self.plugin.__module__, self.plugin))

    def state(self) -> object:
        """What must be the same after a second delivery; override it where handlers write."""
        return None

    # --- what it says of itself

    def test_it_declares_itself(self) -> None:
        """Name, version of the contract, settings, and no misspelt hook."""
        check_class(self.plugin)
        assert description_of(self.plugin), "give the class a docstring: it is shown to owners"

    def test_a_package_announces_it(self) -> None:
        """The entry point leads to the class."""
        project = inspection.project_of(self.plugin)
        assert project is not None, (
            f'no pyproject.toml above the package has {self.plugin.name} in "invoicer.plugins"'
        )
        target = inspection.entry_points_in(project)[self.plugin.name]
        assert target.partition(":")[2] == self.plugin.__name__

    def test_it_is_explained(self) -> None:
        """A README that names what its settings need from outside."""
        project = inspection.project_of(self.plugin) or inspection.folder_of(self.plugin)
        readme = project / "README.md"
        assert readme.is_file(), f"write {readme}"
        text = readme.read_text("utf-8")
        missing = [env for env in environ_names(self.plugin.settings).values() if env not in text]
        assert missing == [], f"the README does not mention {', '.join(missing)}"

    def test_its_hooks_are_typed(self) -> None:
        """Every hook has its argument and answer types, so that a type checker sees mistakes."""
        bare = [
            hook
            for hook in HOOKS
            if implements(self.plugin, hook)
            and inspect.signature(getattr(self.plugin, hook)).return_annotation
            is inspect.Signature.empty
        ]
        assert bare == []

    # --- what it takes from the core

    def test_it_comes_through_the_door(self) -> None:
        """Nothing of the core is imported but ``invoicer_core.plugin``."""
        assert inspection.foreign_imports(self.plugin) == []

    def test_it_reads_no_environment(self) -> None:
        """Settings declare ``env=``; the core reads it."""
        assert inspection.environment_reads(self.plugin) == []

    def test_it_leaves_the_cores_transaction_alone(self) -> None:
        """Hooks before and within a use case neither commit nor roll back."""
        assert inspection.endings(self.plugin) == []

    # --- settings and secrets

    def test_its_settings_make_a_form(self) -> None:
        """Every setting has a label."""
        fields = self.plugin.settings.model_fields.items()
        untitled = [name for name, info in fields if not info.title]
        assert len(form_fields(self.plugin.settings)) == len(fields)
        assert untitled == []

    def test_what_sounds_secret_is_secret(self) -> None:
        """A token or password is declared as ``Secret``."""
        secrets = secret_names(self.plugin.settings)
        named = {name for name in self.plugin.settings.model_fields if SECRETIVE.search(name)}
        assert named - secrets == set(), "declare them as Secret"

    def test_no_secret_is_shown(self) -> None:
        """Not in a repr, a dump, a mask or the schema."""
        kind = self.plugin.settings
        filled = kind.model_construct(
            **{**self.settings, **dict.fromkeys(secret_names(kind), Secret(CANARY))}
        )
        shown = [repr(filled), str(filled), str(filled.model_dump()), dumps(masked(filled))]
        assert [text for text in shown if CANARY in text] == []
        properties = kind.model_json_schema().get("properties", {})
        for name in secret_names(kind):
            assert "writeOnly" in str(properties[name]), f"{name} is not write only in the schema"

    # --- what it offers

    def test_its_offers_are_well_formed(self, loaded: Loaded) -> None:
        """Right types, unique and speakable names."""
        odd = [
            f"{hook}: {offer.name}"
            for hook, offers in loaded.offers.items()
            for offer in offers
            if not OFFER_NAME.fullmatch(offer.name)
        ]
        assert odd == []

    def test_everything_asks_for_a_permission_that_exists(self, loaded: Loaded) -> None:
        """Pages, resources, menu entries, widgets and tools."""
        own = {f"{self.plugin.name}.{each.name}" for each in loaded.offers.get("permissions", ())}
        unknown = [
            f"{hook} {offer.name}: {offer.permission!r}"
            for hook, offers in loaded.offers.items()
            for offer in offers
            if hasattr(offer, "permission") and offer.permission not in ALL | own
        ]
        assert unknown == []

    def test_its_public_pages_exist(self, loaded: Loaded) -> None:
        """What is declared public is a view of the blueprint, so that no typing error opens or
        closes the wrong one."""
        for page in loaded.offers.get("pages", ()):
            assert isinstance(page, Page)
            endpoints = _endpoints(page)
            assert endpoints, f"{page.name} has no views"
            assert page.public - endpoints == set()

    def test_its_resources_have_views(self, loaded: Loaded) -> None:
        """A resource without a view would claim its address for nothing."""
        for resource in loaded.offers.get("api_resources", ()):
            assert isinstance(resource, ApiResource)
            assert _endpoints(resource)
            if resource.alias is None:
                assert "" not in _paths(resource), (
                    f"{resource.name} has a view at its root, the address of the plugin's settings"
                )

    def test_its_schedules_run_its_own_jobs(self, loaded: Loaded) -> None:
        """And say when."""
        jobs = {job.name for job in loaded.offers.get("jobs", ())}
        for schedule in loaded.offers.get("schedules", ()):
            assert isinstance(schedule, Schedule)
            assert schedule.job in jobs
            assert (schedule.every is None) != (schedule.at is None), "either every or at"

    def test_it_offers_something_or_listens(self) -> None:
        """A plugin without hooks does nothing; mostly ``@hookimpl`` was forgotten."""
        assert any(implements(self.plugin, hook) for hook in HOOKS)
        assert set(OFFERS) < set(HOOKS)

    # --- its tables

    def test_its_tables_are_its_own(self) -> None:
        """In schema ``plugin_<name>``, each with the business's column."""
        for table in _tables_of(self.plugin):
            assert table.schema == schema_of(self.plugin.name), table.name
            assert "business_id" in table.columns, f"{table.name} has no business_id"

    def test_its_migrations_protect_its_tables(self) -> None:
        """Row level security on each, and a way down."""
        if self.plugin.migrations is None:
            assert list(_tables_of(self.plugin)) == [], "it has tables but no migrations"
            return
        assert (inspection.folder_of(self.plugin) / self.plugin.migrations).is_dir()
        assert inspection.unprotected_tables(self.plugin) == []

    # --- its handlers

    def test_its_handlers_may_run_twice(self, ctx: Context) -> None:
        """Events come at least once: the second time must change nothing."""
        for name, data in self.samples:
            assert name in EVENTS, f"there is no event named {name}"
            hook = "on_" + name.replace(".", "_")
            assert implements(self.plugin, hook), f"the plugin does not listen to {name}"
            handler = getattr(self.plugin(), hook)
            event = sample_event(name, data, ctx.business_id)
            handler(ctx=ctx, event=event)
            once = self.state()
            handler(ctx=ctx, event=event)
            assert self.state() == once, f"{hook} is not idempotent"


def _paths(resource: ApiResource) -> frozenset[str]:
    """Where a resource's views are, below its own address."""
    app = Flask("contract")
    app.register_blueprint(resource.blueprint, url_prefix="/x")
    rules = (rule.rule for rule in app.url_map.iter_rules())
    return frozenset(
        rule.removeprefix("/x").strip("/") for rule in rules if rule.startswith("/x")
    )  # fmt: skip


def _endpoints(offer: Page | ApiResource) -> frozenset[str]:
    """The names of a blueprint's views, within the blueprint."""
    app = Flask("contract")
    app.register_blueprint(offer.blueprint, url_prefix="/x")
    prefix = f"{offer.blueprint.name}."
    names = (rule.endpoint for rule in app.url_map.iter_rules())
    return frozenset(
        name.removeprefix(prefix) for name in names if name.startswith(prefix)
    ) - {"static"}  # fmt: skip


def _tables_of(plugin: type[Plugin]) -> list[Any]:
    """Tables declared in modules of the plugin's package, however deep."""
    folder = inspection.folder_of(plugin)
    return [
        kind.__table__
        for kind in _declared()
        if hasattr(kind, "__table__")
        and Path(inspect.getfile(kind)).resolve().is_relative_to(folder)
    ]


def _declared() -> list[Any]:
    found, waiting = [], list(DeclarativeBase.__subclasses__())
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    return found
