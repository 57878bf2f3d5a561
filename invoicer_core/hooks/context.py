"""What a plugin is handed with every call: for whom, with which settings, and the way back in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from logging import Logger, LoggerAdapter
from typing import Any, Generic, Protocol

from typing_extensions import TypeVar

from invoicer_core.domain.actor import Actor, plugin_actor
from invoicer_core.domain.snapshots import BusinessSnapshot

S = TypeVar("S", default=Any)


class Backstage(Protocol):
    """What the host does for a context, when it is asked."""

    def settings_of(self, plugin: str, business_id: int) -> Any:
        """The plugin's settings, validated and unsealed."""

    def business_of(self, business_id: int) -> BusinessSnapshot:
        """The business itself."""

    def job_later(
        self,
        plugin: str,
        business_id: int,
        job: str,
        arguments: Mapping[str, Any],
        delay: timedelta,
        key: str | None,
    ) -> None:
        """Write down a job, in the current transaction."""

    def url_of(self, plugin: str, endpoint: str, values: Mapping[str, Any]) -> str:
        """The public address of an endpoint."""


@dataclass(frozen=True)
class Context(Generic[S]):
    """For whom a plugin works right now. Made by the host, valid during one call.

    Args:
        plugin: the plugin's name.
        business_id: the business that everything read or written belongs to.
        log: writes with the plugin's and the business's name; never log a secret.
        member: who asked, where someone did; None in workers.
    """

    plugin: str
    business_id: int
    log: "LoggerAdapter[Logger]"
    _backstage: Backstage
    member: Actor | None = None

    @cached_property
    def settings(self) -> S:
        """The plugin's settings for this business.

        Raises:
            InvalidInput: a setting without a default has no value yet.
        """
        found: S = self._backstage.settings_of(self.plugin, self.business_id)
        return found

    @cached_property
    def business(self) -> BusinessSnapshot:
        """The business itself."""
        return self._backstage.business_of(self.business_id)

    @property
    def actor(self) -> Actor:
        """Who writes, when the plugin writes: pass it as ``by=``."""
        return plugin_actor(self.plugin)

    def later(
        self,
        job: str,
        /,
        *,
        delay: timedelta = timedelta(0),
        key: str | None = None,
        **arguments: Any,
    ) -> None:
        """Run one of the plugin's jobs after the commit, at least once, in a worker.

        Args:
            job: the name of a ``Job`` that this plugin offers.
            delay: not before this time has passed.
            key: a job with the same key that still waits is not added a second time.
            arguments: JSON values; ids rather than contents.
        """
        self._backstage.job_later(self.plugin, self.business_id, job, dict(arguments), delay, key)

    def url_for(self, endpoint: str, /, **values: Any) -> str:
        """The public address of a page; ``.page`` with a leading dot is one of the plugin's own."""
        return self._backstage.url_of(self.plugin, endpoint, values)

    def webhook_url(self, name: str, /) -> str:
        """Where a provider reaches one of the plugin's inbound webhooks for this business."""
        path = f"/hooks/{self.plugin}/{name}/{self.business.public_id}"
        return self._backstage.url_of(self.plugin, path, {})
