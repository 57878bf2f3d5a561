"""Plugins of a business: which there are, on or off, their settings."""

from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.plugins import PluginChange
from invoicer_core.domain.account import PluginSnapshot
from invoicer_core.domain.actor import Actor
from invoicer_core.services import plugins

resource = Resource("plugins", tag="Plugins")


@resource.get("/plugins", "plugins.read", answer=list[PluginSnapshot])
def list_plugins() -> tuple[PluginSnapshot, ...]:
    """List the installed plugins, as they stand for the business."""
    return plugins.find()


@resource.get("/plugins/{name}", "plugins.read", answer=PluginSnapshot)
def get_plugin(name: str) -> PluginSnapshot:
    """Get a plugin."""
    return plugins.get(name=name)


@resource.put("/plugins/{name}", "plugins.write", body=PluginChange, answer=PluginSnapshot)
def change_plugin(name: str, body: PluginChange, by: Actor, version: int | None) -> PluginSnapshot:
    """Switch a plugin on or off, or replace its settings."""
    return plugins.change(
        name=name, by=by, enabled=body.enabled, settings=body.settings, expected_version=version
    )
