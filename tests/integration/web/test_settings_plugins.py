"""A plugin's own page: every kind of setting, its health, and what it is still owed."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import pytest
from flask import Flask

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.plugin import (
    ClientCreated,
    Context,
    Health,
    HealthCheck,
    Plugin,
    Secret,
    Settings,
    field,
    hookimpl,
)
from invoicer_core.services import businesses, clients, deliveries, plugins
from tests.factories import BY
from tests.integration.web.conftest import Visitor
from tests.integration.web.test_plugin_health import owner_of

CANARY = "canary-5512-weather-key"


class WeatherSettings(Settings):
    """One of each kind."""

    key: Secret = field(title="Key")
    place: str = field("Vienna", title="Place <b>", max_length=20)
    notes: str = field("", title="Notes", multiline=True)
    days: int = field(3, title="Days", ge=1, le=9)
    least: Decimal = field(Decimal("0.5"), title="Least")
    loud: bool = field(True, title="Loud")
    unit: Literal["celsius", "kelvin"] = field("celsius", title="Unit")


class Weather(Plugin):
    """Tells the weather."""

    name = "weather"
    default_on = True
    settings = WeatherSettings

    @hookimpl
    def on_client_created(self, ctx: Context, event: ClientCreated) -> None:
        """Listens."""

    @hookimpl
    def health_checks(self) -> Iterable[HealthCheck]:
        yield HealthCheck("sky", lambda ctx: Health(ctx.settings.days < 9, f"{ctx.settings.unit}"))


@pytest.fixture
def app(config: Config) -> Flask:
    return create_app(config, plugins=[Weather])


@pytest.fixture
def keeper(app: Flask) -> Visitor:
    """An owner with the plugin on."""
    return owner_of(app)


PAGE = "/settings/plugins/weather"
FIELDS = {
    "set-key": CANARY, "set-place": "Graz", "set-notes": "one\r\ntwo", "set-days": "5",
    "set-least": "1.25", "set-unit": "kelvin", "version": "0",
}  # fmt: skip


def settings_of(app: Flask, visitor: Visitor) -> WeatherSettings:
    with app.app_context(), businesses.enter_business(visitor.business_id):
        found = app.extensions["invoicer.host"].settings_of("weather", visitor.business_id)
    assert isinstance(found, WeatherSettings)
    return found


def test_every_kind_of_setting_is_typed_kept_and_shown(app: Flask, keeper: Visitor) -> None:
    page = keeper.get(PAGE).text
    assert "Place &lt;b&gt;" in page
    assert keeper.send(f"{PAGE}/settings", PAGE, **FIELDS).status_code == 302
    found = settings_of(app, keeper)
    assert found.key.reveal() == CANARY
    assert (found.place, found.notes, found.days) == ("Graz", "one\ntwo", 5)
    assert (found.least, found.loud, found.unit) == (Decimal("1.25"), False, "kelvin")
    shown = keeper.get(PAGE).text
    assert CANARY not in shown
    assert 'value="Graz"' in shown
    assert "one\ntwo</textarea>" in shown
    assert '<option value="kelvin" selected>' in shown
    assert "sky" in shown


def test_what_is_wrong_is_said_beside_its_field_and_kept(app: Flask, keeper: Visitor) -> None:
    for name, typed in (("days", "12"), ("days", "many"), ("least", "much"), ("unit", "miles")):
        answer = keeper.send(f"{PAGE}/settings", PAGE, **{**FIELDS, f"set-{name}": typed})
        assert answer.status_code == 422, name
        assert f'id="set-{name}-error"' in answer.text
        assert CANARY not in answer.text
        assert 'value="Graz"' in answer.text
    missing = keeper.send(f"{PAGE}/settings", PAGE, **{**FIELDS, "set-key": ""})
    assert missing.status_code == 422
    assert 'id="set-key-error"' in missing.text


def test_what_a_paused_plugin_is_owed_is_discarded_or_tried_again(
    app: Flask, keeper: Visitor
) -> None:
    keeper.send(f"{PAGE}/settings", PAGE, **FIELDS)
    keeper.send(f"{PAGE}/pause", PAGE, back="plugin")
    with app.app_context(), businesses.enter_business(keeper.business_id):
        for name in ("One", "Two", "Three"):
            clients.create(fields={"name": name}, by=BY)
    page = keeper.get(PAGE).text
    numbers = sorted(set(re.findall(r'name="delivery" value="(\d+)"', page)))
    assert len(numbers) == 3
    assert "3 deliveries were given up" in keeper.get("/settings/plugins").text
    gone = keeper.send(f"{PAGE}/discard", PAGE, delivery=numbers[0], back="plugin")
    assert gone.status_code == 302
    assert keeper.send(f"{PAGE}/discard", PAGE, delivery=numbers[0]).status_code == 404
    assert keeper.send(f"{PAGE}/replay", PAGE, delivery=numbers[1]).status_code == 302
    keeper.send(f"{PAGE}/discard", PAGE)
    with app.app_context(), businesses.enter_business(keeper.business_id):
        assert deliveries.list_parked().items == ()
        assert plugins.get(name="weather").paused_at is not None


def test_deliveries_of_another_plugin_are_not_touched(app: Flask, keeper: Visitor) -> None:
    keeper.send(f"{PAGE}/settings", PAGE, **FIELDS)
    keeper.send(f"{PAGE}/pause", PAGE)
    with app.app_context(), businesses.enter_business(keeper.business_id):
        clients.create(fields={"name": "One"}, by=BY)
        (owed,) = deliveries.list_parked().items
    for action in ("replay", "discard"):
        answer = keeper.send(f"/settings/plugins/email/{action}", PAGE, delivery=str(owed.id))
        assert answer.status_code == 404
