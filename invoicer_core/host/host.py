"""The host of one application: the registry, the vault, and the ways back into the core."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from logging import Logger, LoggerAdapter, getLogger
from typing import Any, Final

from flask import Flask, current_app, has_app_context

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import NotFound, Unavailable
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import BusinessSnapshot
from invoicer_core.hooks.context import Context
from invoicer_core.hooks.settings import Settings
from invoicer_core.host.registry import Registry
from invoicer_core.host.stored import Drawer
from invoicer_core.host.vault import Vault, VaultError
from invoicer_core.models import db

EXTENSION: Final = "invoicer.host"

LoadBusiness = Callable[[int], BusinessSnapshot]
JobLater = Callable[[str, int, str, Mapping[str, Any], timedelta, str | None], None]
UrlOf = Callable[[str, str, Mapping[str, Any]], str]
TellPaused = Callable[[str, int, str], None]


def _not_wired(*_: Any) -> Any:
    raise Unavailable(say("This part of the application is not connected here."))


def _tell_nobody(_plugin: str, _business_id: int, _reason: str) -> None:
    """The log has it."""


@dataclass(frozen=True)
class Host:
    """Everything that running plugins needs.

    Args:
        environ: what settings fields with ``env=`` may read; opaque to the host.
        load_business: gives a context its business.
        job_later: writes down a job of a plugin (plugin, business, job, arguments, delay, key).
        url_of: the public address of an endpoint (plugin, endpoint, values).
        tell_paused: tells a business that a plugin was paused in the middle of something (plugin,
            business, reason).
    """

    registry: Registry = field(default_factory=Registry)
    secret_keys: tuple[str, ...] = field(default=(), repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    load_business: LoadBusiness = _not_wired
    job_later: JobLater = _not_wired
    url_of: UrlOf = _not_wired
    tell_paused: TellPaused = _tell_nobody
    _vaults: list[Vault] = field(default_factory=list, init=False, repr=False)
    _logs: dict[str, Logger] = field(default_factory=dict, init=False, repr=False)

    @property
    def vault(self) -> Vault:
        """Seals and opens secrets; keys are derived at first use."""
        if not self._vaults:
            if not self.secret_keys:
                raise VaultError("there is no secret key to seal with")
            self._vaults.append(Vault(self.secret_keys))
        return self._vaults[0]

    def context(self, plugin: str, business_id: int, member: Actor | None = None) -> Context:
        """What a call of this plugin is handed."""
        log = self._logs.get(plugin)
        if log is None:
            log = self._logs[plugin] = getLogger(f"invoicer.plugin.{plugin}")
        adapter = LoggerAdapter(log, {"plugin": plugin, "business_id": business_id})
        return Context(plugin, business_id, adapter, self, member)

    def settings_class(self, plugin: str) -> type[Settings]:
        """The class of a plugin's settings. Raises NotFound for a plugin that is not loaded."""
        loaded = self.registry.plugins.get(plugin)
        if loaded is None:
            raise NotFound(say("There is no plugin named %(plugin)s.", plugin=plugin))
        return loaded.plugin.settings

    def drawer(self, plugin: str, business_id: int) -> Drawer:
        """The settings of a plugin for a business, to read, show and write."""
        kind = self.settings_class(plugin)
        return Drawer(db.session, self.vault, self.environ, business_id, plugin, kind)

    def settings_of(self, plugin: str, business_id: int) -> Any:
        """The settings as the plugin sees them; see ``Drawer.effective`` for what it raises."""
        kind = self.settings_class(plugin)
        if not kind.model_fields:
            return kind()
        return self.drawer(plugin, business_id).effective()

    def business_of(self, business_id: int) -> BusinessSnapshot:
        """The business of a context."""
        return self.load_business(business_id)


_EMPTY: Final = Host()


def install(app: Flask, host: Host) -> None:
    """Make it the application's host."""
    app.extensions[EXTENSION] = host


def current() -> Host:
    """The host of the running application; one without plugins where there is none."""
    if not has_app_context():
        return _EMPTY
    host: Host = current_app.extensions.get(EXTENSION, _EMPTY)
    return host
