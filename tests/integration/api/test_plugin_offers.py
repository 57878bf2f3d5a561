"""What plugins offer to members: checks that are shown, permissions that are theirs."""

from collections.abc import Iterable

import pytest
from apiflask import APIBlueprint
from flask import Flask

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.hooks.offers import OFFERS
from invoicer_core.host import offers
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.plugin import (
    AiTool,
    ApiResource,
    Context,
    Embedder,
    Health,
    HealthCheck,
    InvoiceSnapshot,
    JobQueue,
    Objection,
    PaymentProvider,
    Permission,
    Plugin,
    SearchBackend,
    hookimpl,
)
from invoicer_core.plugin.tables import session
from invoicer_core.services import plugins
from tests.factories import BY, Api, make_business, make_caller
from tests.integration.api.conftest import draft_body
from tests.peers.processes import until
from tests.plugins.good.invoicer_good import GoodPlugin

blueprint = APIBlueprint("wards", __name__, tag="Wards")


@blueprint.get("/all")
def wards() -> dict[str, str]:
    return {"ward": "one"}


def broken(ctx: Context) -> Health:
    raise RuntimeError("no pulse")


def commits(ctx: Context) -> Health:
    session.commit()
    return Health(True)


class WardPlugin(Plugin):
    """Has checks and a permission of its own."""

    name = "ward"
    default_on = True

    @hookimpl
    def health_checks(self) -> Iterable[HealthCheck]:
        yield HealthCheck("pulse", lambda ctx: Health(True, "72"))
        yield HealthCheck("quiet", broken)
        yield HealthCheck("tidy", commits)

    @hookimpl
    def permissions(self) -> Iterable[Permission]:
        yield Permission("visit", "Visit")

    @hookimpl
    def api_resources(self) -> Iterable[ApiResource]:
        yield ApiResource("wards", blueprint, "ward.visit")

    @hookimpl
    def before_invoice_issued(self, ctx: Context, invoice: InvoiceSnapshot) -> Iterable[Objection]:
        raise RuntimeError("fell asleep")


@pytest.fixture(scope="module")
def warded(config: Config) -> Flask:
    return create_app(config, plugins=[WardPlugin, GoodPlugin])


def test_checks_are_shown_and_their_failures_contained(warded: Flask) -> None:
    owner = make_caller(warded)
    listed = {each["name"]: each for each in owner.get("/plugins").get_json()}
    assert listed["ward"]["checks"] == [
        {"name": "pulse", "ok": True, "detail": "72"},
        {
            "name": "quiet",
            "ok": False,
            "detail": "raised RuntimeError: no pulse",
        },
        {
            "name": "tidy",
            "ok": False,
            "detail": "tried to commit or roll back the transaction it was called in",
        },
    ]
    for _ in range(6):
        assert "paused_at" not in owner.get("/plugins/ward").get_json()


def test_what_is_off_is_not_asked(warded: Flask) -> None:
    owner = make_caller(warded)
    found = owner.put("/plugins/ward", {"enabled": False})
    assert found.get_json()["checks"] == []


@pytest.mark.parametrize(
    ("role", "status"),
    [("owner", 200), ("admin", 200), ("accountant", 403), ("staff", 403), ("viewer", 403)],
)
def test_a_plugins_permission_is_the_owners_and_admins(
    warded: Flask, role: str, status: int
) -> None:
    owner = make_caller(warded)
    caller = make_caller(warded, role=role, business_id=owner.business_id)
    assert caller.get("/plugins/ward/all").status_code == status
    assert Api(warded.test_client()).get("/plugins/ward/all").status_code == 401


def test_a_permission_that_nobody_offers_is_nobodys(warded: Flask) -> None:
    with warded.app_context():
        assert plugins.may("owner", "ward.visit")
        for permission in ("ward.rule", "nobody.visit", "visit", "good.visit", ""):
            assert not plugins.may("owner", permission), permission
        for role in (None, "", "nurse"):
            assert not plugins.may(role, "ward.visit")


def test_a_pause_in_the_middle_of_a_refused_issue_is_told(warded: Flask) -> None:
    owner = make_caller(warded)
    made = owner.made("/invoices", draft_body())
    for _ in range(5):
        assert owner.post(f"/invoices/{made['id']}/issue").status_code == 409
    found = owner.get("/plugins/ward").get_json()
    assert "fell asleep" in found["pause_reason"]

    def paused() -> int:
        changes = owner.get("/changes").get_json()["items"]
        return [each["name"] for each in changes].count("plugin.paused")

    assert until(paused) == 1  # others' transactions in the same server may hold the feed back
    assert owner.post(f"/invoices/{made['id']}/issue").status_code == 200


@pytest.mark.parametrize(
    "kind", [Embedder, SearchBackend, AiTool, PaymentProvider, JobQueue], ids=lambda k: k.__name__
)
def test_offers_for_others_are_found_where_they_are_on(warded: Flask, kind: type) -> None:
    assert kind in OFFERS.values()
    with warded.app_context():
        business_id = make_business()
        with enter_business(business_id):
            found = {each.plugin: each for each in offers.every(db.session, kind, business_id)}
            assert found["good"].ctx.business_id == business_id
            name = offers.named(found["good"].offer)
            assert offers.find(db.session, kind, name, business_id).plugin == "good"
            plugins.change(name="good", enabled=False, by=BY)
            assert "good" not in {
                each.plugin for each in offers.every(db.session, kind, business_id)
            }
