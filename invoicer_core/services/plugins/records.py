"""Plugins as a business sees them: on or off, their settings, what they add to the faces."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from invoicer_core import host
from invoicer_core.domain.account import PluginCheck, PluginSnapshot
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.permissions import BY_ROLE, allowed
from invoicer_core.domain.saying import say
from invoicer_core.hooks.faces import ApiResource, DashboardWidget, Permission
from invoicer_core.hooks.plugin import description_of, title_of
from invoicer_core.hooks.settings import Settings
from invoicer_core.host import health, states
from invoicer_core.host.loading import Loaded
from invoicer_core.host.registry import Quarantined
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import deliveries
from invoicer_core.services.transaction import transaction


def find() -> tuple[PluginSnapshot, ...]:
    """Every plugin that is loaded, by name, as it stands for the business that was entered."""
    return tuple(_snapshot(each) for each in host.current().registry.plugins.values())


def quarantined() -> tuple[Quarantined, ...]:
    """The plugins that were left out at the start, each with the reason."""
    return host.current().registry.quarantined


def get(*, name: str) -> PluginSnapshot:
    """One plugin. Raises NotFound."""
    return _snapshot(_loaded(name))


def change(
    *,
    name: str,
    by: Actor,
    enabled: bool | None = None,
    settings: Mapping[str, Any] | None = None,
    expected_version: int | None = None,
) -> PluginSnapshot:
    """Switch a plugin on or off, or replace its settings. Switching on ends a pause.

    A secret that is left out, or sent as its mask, stays as it is.

    Raises:
        NotFound: no such plugin.
        InvalidInput: a setting is missing, unknown or wrong.
        Conflict: the settings were changed since ``expected_version``.
    """
    loaded = _loaded(name)
    business_id = current_business_id()
    with transaction(by=by) as unit:
        if settings is not None:
            drawer = host.current().drawer(name, business_id)
            drawer.write(settings, expected_version=expected_version)
            unit.record("plugin.settings_changed", plugin=name, fields=sorted(settings))
        if enabled and _states().of(name).paused_at is not None:
            deliveries.resume_plugin(plugin=name, by=by)
        if enabled is not None:
            states.switch(db.session, business_id, name, on=enabled)
            unit.record("plugin.switched", plugin=name, enabled=enabled)
        db.session().info.pop("invoicer.plugin_states", None)
        return _snapshot(loaded)


def runs(name: str) -> bool:
    """Whether a plugin is on and not paused for the business that was entered."""
    return _states().of(name).runs


def api_resources() -> Iterable[tuple[str, ApiResource]]:
    """The API resources that loaded plugins offer: (plugin, offer)."""
    found = host.current().registry.offered(ApiResource)
    return [(each.plugin, each.offer) for each in found]


def may(role: str | None, permission: str) -> bool:
    """Whether a role holds a permission, of the core or of a plugin (``<plugin>.<name>``)."""
    if allowed(role, permission):
        return True
    return any(
        f"{each.plugin}.{each.offer.name}" == permission and role in each.offer.roles
        for each in host.current().registry.offered(Permission)
    )


def held_by(role: str | None) -> frozenset[str]:
    """Every permission of a role: the core's, and ``<plugin>.<name>`` of those that are loaded."""
    return BY_ROLE.get(role or "", frozenset()) | {
        f"{each.plugin}.{each.offer.name}"
        for each in host.current().registry.offered(Permission)
        if role in each.offer.roles
    }


def _states() -> states.States:
    default_on = host.current().registry.default_on
    return states.read(db.session, current_business_id(), default_on)


def _loaded(name: str) -> Loaded:
    loaded = host.current().registry.plugins.get(name)
    if loaded is None:
        raise NotFound(say("There is no plugin named %(name)s.", name=name))
    return loaded


def _snapshot(loaded: Loaded) -> PluginSnapshot:
    kind = type(loaded.plugin)
    state = _states().of(loaded.name)
    drawer = host.current().drawer(loaded.name, current_business_id())
    has_settings = bool(kind.settings.model_fields)
    return PluginSnapshot(
        name=loaded.name,
        title=title_of(kind),
        description=description_of(kind) or None,
        package=loaded.package,
        enabled=state.enabled,
        paused_at=state.paused_at,
        pause_reason=state.pause_reason,
        failures=state.failures,
        last_error=state.last_error,
        checks=checks(loaded.name) if state.runs else (),
        settings=drawer.shown() if has_settings else {},
        settings_schema=_schema(kind.settings) if has_settings else {},
        version=drawer.version() if has_settings else 0,
    )


def checks(name: str) -> tuple[PluginCheck, ...]:
    """What a plugin says of its parts, for the business that was entered; never raises."""
    asked = health.checked(db.session, name, current_business_id())
    return tuple(
        PluginCheck(name=check, ok=found.ok, detail=found.detail or None) for check, found in asked
    )


def _schema(settings: type[Settings]) -> dict[str, Any]:
    found: dict[str, Any] = _exact(settings.model_json_schema())
    return found


def _exact(value: Any) -> Any:
    """The same without floats, as pydantic writes the bounds of numbers, and without defaults of
    nothing: our JSON has neither."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else Decimal(repr(value))
    if isinstance(value, dict):
        return {key: _exact(each) for key, each in value.items() if each is not None}
    return [_exact(each) for each in value] if isinstance(value, list) else value


def slots(*, place: str, values: Mapping[str, Any], by: Actor | None) -> tuple[Markup, ...]:
    """The pieces of HTML that plugins put at a place of a page; a failing one is left out."""
    return host.slots(db.session, place, values, business_id=current_business_id(), by=by)


def widgets(*, by: Actor) -> tuple[tuple[str, Markup], ...]:
    """Title and content of the dashboard cards that plugins add, by weight; a failing one is
    empty."""
    offered = host.current().registry.offered(DashboardWidget)
    business_id = current_business_id()
    return tuple(
        (
            each.offer.title,
            host.rendered(
                db.session, each.plugin, f"widget {each.offer.name}", each.offer.render,
                business_id=business_id, by=by,
            ),
        )
        for each in sorted(offered, key=lambda each: (each.offer.weight, each.offer.name))
        if runs(each.plugin) and may(by.role, each.offer.permission)
    )  # fmt: skip
