"""What plugins add to the pages: pages of their own, menu entries, dashboard cards, assets.

Their pages live under ``/plugins/<plugin>`` and are as private as ours: a member, the permission
that the plugin named, and the plugin switched on for the business; otherwise there is no such page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from logging import getLogger
from typing import Any, Final

from flask import Flask, g, url_for
from flask_babel import gettext as _
from werkzeug.routing import BuildError

from invoicer_core import host
from invoicer_core.domain.errors import NotFound
from invoicer_core.hooks.faces import Asset, MenuItem, Page
from invoicer_core.services import plugins
from invoicer_core.web import access, forgery

View = Callable[..., Any]
log: Final = getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu."""

    title: str
    address: str
    icon: str


def install(app: Flask) -> None:
    """Mount the pages of every plugin that is loaded."""
    with app.app_context():
        offered = host.current().registry.offered(Page)
    for each in offered:
        try:
            _mount(app, each.plugin, each.offer)
        except (ValueError, AssertionError) as error:
            log.error("the pages %s of plugin %s: %s", each.offer.name, each.plugin, error)


def _mount(app: Flask, plugin: str, page: Page) -> None:
    blueprint = page.blueprint
    inner = blueprint.url_prefix or ""
    app.register_blueprint(blueprint, url_prefix=f"/plugins/{plugin}{inner}")
    for endpoint, view in list(app.view_functions.items()):
        owner, dot, name = endpoint.rpartition(".")
        if owner == blueprint.name and dot:
            is_open = name in page.public or name == "static"
            app.view_functions[endpoint] = (
                _open(view) if is_open else _guarded(view, plugin, page.permission)
            )


def _open(view: View) -> View:
    """For everybody. Flask's own view of a static folder is a method, which takes no marks."""

    @access.everyone
    @wraps(view)
    def run(**path: Any) -> Any:
        return view(**path)

    return run


def _guarded(view: View, plugin: str, permission: str) -> View:
    @access.members(permission)
    @wraps(view)
    def run(**path: Any) -> Any:
        forgery.check()
        if not plugins.runs(plugin):
            raise NotFound(_("This plugin is switched off for your business."))
        return view(**path)

    return run


def menu() -> list[Entry]:
    """The menu entries of the plugins that are on, for this member, by weight."""
    if g.get("business") is None:
        return []
    offered = host.current().registry.offered(MenuItem)
    entries = []
    for each in sorted(offered, key=lambda each: (each.offer.weight, each.offer.name)):
        item = each.offer
        if not access.may(item.permission) or not plugins.runs(each.plugin):
            continue
        try:
            entries.append(Entry(_(item.title), url_for(item.endpoint), item.icon))
        except BuildError:
            log.error("plugin %s: no page %s for its menu entry", each.plugin, item.endpoint)
    return entries


def assets(kind: str) -> list[str]:
    """The addresses of the plugins' own scripts or style sheets."""
    if g.get("business") is None:
        return []
    offered = host.current().registry.offered(Asset)
    return [
        url_for(f"{each.offer.blueprint.name}.static", filename=each.offer.path)
        for each in offered
        if each.offer.kind == kind and plugins.runs(each.plugin) and _has_static(each.offer)
    ]


def _has_static(asset: Asset) -> bool:
    return asset.blueprint.has_static_folder


def widgets() -> list[tuple[str, Any]]:
    """Title and content of the dashboard cards that plugins add."""
    return [(_(title), content) for title, content in plugins.widgets(by=access.actor()) if content]
