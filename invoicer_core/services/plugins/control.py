"""What people do with plugins: pause one, fill in its settings, see what it sends over."""

from dataclasses import dataclass

from invoicer_core import host
from invoicer_core.domain.account import PluginCheck
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, NotFound
from invoicer_core.domain.saying import say
from invoicer_core.hooks.offers import HealthCheck, MessageChannel, Schedule
from invoicer_core.hooks.settings import FormField, form_fields
from invoicer_core.host import states
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import deliveries, plugins
from invoicer_core.services.transaction import transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSnapshot:
    """A way to reach people, and how its plugin is."""

    name: str
    title: str
    plugin: str
    plugin_title: str
    runs: bool
    enabled: bool
    carries_files: bool
    pause_reason: str | None = None
    last_error: str | None = None
    checks: tuple[PluginCheck, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSnapshot:
    """Work that a plugin does at set times: ``every`` so many seconds, or daily ``at`` HH:MM."""

    plugin: str
    name: str
    every: int | None
    at: str | None
    runs: bool


def form(*, name: str) -> tuple[FormField, ...]:
    """The inputs of a plugin's settings, in their order. Raises NotFound."""
    return form_fields(host.current().settings_class(name))


def has_checks(*, name: str) -> bool:
    """Whether the plugin can say how it is."""
    return any(each.plugin == name for each in host.current().registry.offered(HealthCheck))


def pause(*, name: str, by: Actor) -> None:
    """Stop a plugin for now; what it is owed meanwhile is kept until it is resumed.

    Raises:
        NotFound: no such plugin. Conflict: it is off or paused already.
    """
    found = plugins.get(name=name)
    if not found.enabled or found.paused_at is not None:
        raise Conflict(say("Only a plugin that runs can be paused."))
    reason = say("paused by %(name)s", name=by.label)
    with transaction(by=by) as unit:
        states.pause(db.session, current_business_id(), name, reason, on=True)
        deliveries.hold_back(plugin=name, reason=reason)
        unit.publish("plugin.paused", {"plugin": name, "reason": reason})
        unit.record("plugin.paused", plugin=name)


def channels() -> tuple[ChannelSnapshot, ...]:
    """Every channel of the plugins that are loaded, on or off."""
    return tuple(
        _channel(each.plugin, each.offer)
        for each in host.current().registry.offered(MessageChannel)
    )


def channel(*, name: str) -> ChannelSnapshot:
    """One channel. Raises NotFound."""
    found = next((each for each in channels() if each.name == name), None)
    if found is None:
        raise NotFound(say("There is no channel named %(name)s.", name=name))
    return found


def schedules() -> tuple[ScheduleSnapshot, ...]:
    """What plugins do at set times."""
    return tuple(
        ScheduleSnapshot(
            plugin=plugins.get(name=each.plugin).title,
            name=each.offer.name,
            every=None if each.offer.every is None else int(each.offer.every.total_seconds()),
            at=each.offer.at,
            runs=plugins.runs(each.plugin),
        )
        for each in host.current().registry.offered(Schedule)
    )


def _channel(plugin: str, offer: MessageChannel) -> ChannelSnapshot:
    found = plugins.get(name=plugin)
    return ChannelSnapshot(
        name=offer.name,
        title=offer.title,
        plugin=plugin,
        plugin_title=found.title,
        runs=plugins.runs(plugin),
        enabled=found.enabled,
        carries_files=offer.carries_files,
        pause_reason=found.pause_reason,
        last_error=found.last_error,
        checks=found.checks,
    )
