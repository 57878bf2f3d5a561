"""An application with the example plugins, on real PostgreSQL behind row level security."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from invoicer_core.config import Config, libpq_url
from invoicer_core.domain.events import Event, event_from
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.hooks.plugin import Plugin
from invoicer_core.host import Host, discover, install
from invoicer_core.host.lineages import plugin_lineages
from invoicer_core.models import db
from invoicer_core.models.migrate import upgrade_all
from invoicer_core.models.tenancy import enter_business
from tests.plugins.crashing.invoicer_crashing import CrashingPlugin
from tests.plugins.good.invoicer_good import GoodPlugin
from tests.plugins.greedy.invoicer_greedy import GreedyPlugin
from tests.plugins.slow.invoicer_slow import SlowPlugin

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEYS = ("new-6f1d9c2b8a7e4053b1c6d8f2a49e70b5", "old-0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e")
ALL = (GoodPlugin, CrashingPlugin, GreedyPlugin, SlowPlugin)

MakeApp = Callable[..., Flask]


def make_host(*plugins: type[Plugin], keys: tuple[str, ...] = KEYS) -> Host:
    """A host of exactly these plugins."""
    registry = discover(extra=plugins, entry_points=False, strict=True)
    return Host(
        registry=registry, secret_keys=keys, environ={"GOOD_TOKEN": "from-environment-7777"}
    )


@pytest.fixture(scope="session")
def migrated(config: Config) -> None:
    """The example plugin's tables."""
    registry = discover(extra=[GoodPlugin], entry_points=False, strict=True)
    assert config.owner_url is not None
    upgrade_all(config.owner_url, plugin_lineages(registry))


@pytest.fixture
def host_app(config: Config, migrated: None) -> Iterator[Flask]:
    """A bare application; tests install the host they need with ``install``."""
    app = Flask("hosting")
    app.config["SQLALCHEMY_DATABASE_URI"] = config.database_url
    db.init_app(app)
    install(app, make_host(*ALL))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def make_business(config: Config) -> Callable[[], int]:
    """Adds businesses, as the owner of the tables."""

    def make() -> int:
        assert config.owner_url is not None
        with psycopg.connect(libpq_url(config.owner_url)) as connection:
            row = connection.execute(
                "INSERT INTO businesses (name) VALUES ('Sample') RETURNING id"
            ).fetchone()
            assert row is not None
            return int(row[0])

    return make


@pytest.fixture
def business(host_app: Flask, make_business: Callable[[], int]) -> Iterator[int]:
    """A business that was entered."""
    business_id = make_business()
    with enter_business(business_id):
        yield business_id


def invoice(total: str = "119.00", **more: Any) -> InvoiceSnapshot:
    """An invoice as hooks are handed it."""
    amount = Decimal(total)
    return InvoiceSnapshot(
        id=7, public_id=UUID(int=1), client_id=3, client_public_id=UUID(int=2), client_name="C",
        currency="EUR", prices_include_tax=False, subtotal=amount, discount_total=Decimal(0),
        charge_total=Decimal(0), net_total=amount, tax_total=Decimal(0), total_amount=amount,
        withheld_total=Decimal(0), prepaid_total=Decimal(0), rounding=Decimal(0),
        amount_due=amount, created_at=NOW, updated_at=NOW, invoice_number="DRAFT-7",
        state="draft", status="draft", payment_state="draft", is_overdue=False,
        balance_due=Decimal(0), **more,
    )  # fmt: skip


def event(name: str, business_id: int, data: dict[str, Any] | None = None) -> Event:
    """An event as the worker hands it over."""
    return event_from(
        event_id=5, name=name, business_id=business_id, occurred_at=NOW, data=data or {"id": 7}
    )


def xid() -> str:
    """The id of the running transaction: another one means somebody ended it."""
    return str(db.session.scalar(text("SELECT pg_current_xact_id()")))
