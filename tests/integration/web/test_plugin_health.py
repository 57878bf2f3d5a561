"""The settings page tells how a plugin is, and lets a paused one run again."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import uuid4

from flask import Flask

from invoicer_core import host
from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.plugin import Context, Health, HealthCheck, Plugin, hookimpl
from invoicer_core.services import businesses, deliveries, plugins
from invoicer_core.services.identity import sessions, users
from tests.integration.web.conftest import PASSWORD, Visitor


class Pond(Plugin):
    """A pond."""

    name = "pond"
    default_on = True

    @hookimpl
    def health_checks(self) -> Iterable[HealthCheck]:
        yield HealthCheck("water", lambda ctx: Health(False, "it is <b>dry</b>"))
        yield HealthCheck("fish", swims)


def swims(ctx: Context) -> Health:
    raise RuntimeError("belly up")


def owner_of(app: Flask) -> Visitor:
    visitor = Visitor(app.test_client(), f"{uuid4().hex[:12]}@pond.test")
    with app.app_context():
        users.register(email=visitor.email, password=PASSWORD, business={"name": "Pond"})
        who = sessions.sign_in(email=visitor.email, password=PASSWORD, kind="web").identity
        visitor.business_id = who.business_id or 0
    visitor.send("/sign-in", "/sign-in", email=visitor.email, password=PASSWORD)
    return visitor


def test_what_is_wrong_is_shown_and_a_pause_ended(config: Config) -> None:
    app = create_app(config, plugins=[Pond])
    owner = owner_of(app)
    page = owner.get("/settings/plugins").text
    assert "water: it is &lt;b&gt;dry&lt;/b&gt;" in page
    assert "fish: raised RuntimeError: belly up" in page
    with app.app_context(), businesses.enter_business(owner.business_id):
        for _ in range(5):
            deliveries.gave_up(plugin="pond", error="no rain")
    page = owner.get("/settings/plugins").text
    assert "no rain" in page
    assert "Resume" in page
    assert "A plugin was paused" in owner.get("/").text
    owner.send("/settings/plugins/pond", "/", enabled="1")
    assert "Resume" not in owner.get("/settings/plugins").text
    with app.app_context(), businesses.enter_business(owner.business_id):
        assert plugins.get(name="pond").paused_at is None


class Bog(Plugin):
    """Has a hook that does not exist."""

    name = "bog"

    @hookimpl
    def on_rain_fallen(self, ctx: Context) -> None:
        """Nobody calls this."""


def test_what_was_left_out_is_told_with_the_reason(config: Config) -> None:
    app = create_app(config, plugins=[Pond])
    owner = owner_of(app)
    assert "Does not run" not in owner.get("/settings/plugins").text
    found = host.discover(extra=[Pond, Bog], entry_points=False)
    host.install(app, replace(host_of(app), registry=found))
    page = owner.get("/settings/plugins").text
    assert "Does not run: bog" in page
    assert "no hook named on_rain_fallen" in page


def host_of(app: Flask) -> host.Host:
    found: host.Host = app.extensions["invoicer.host"]
    return found
