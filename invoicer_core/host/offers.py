"""Finds what plugins offer, for a business for which they are switched on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from invoicer_core.domain.errors import NotFound, Unavailable
from invoicer_core.domain.saying import say
from invoicer_core.hooks.context import Context
from invoicer_core.host import states
from invoicer_core.host.host import current
from invoicer_core.host.registry import Offered
from invoicer_core.host.states import AnySession

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Provided(Generic[T]):
    """An offer that may be used now, with the context to call its functions with."""

    plugin: str
    offer: T
    ctx: Context


def every(session: AnySession, kind: type[T], business_id: int) -> tuple[Provided[T], ...]:
    """All offers of a kind from plugins that run for the business, by name."""
    host = current()
    offered = host.registry.offered(kind)
    if not offered:
        return ()
    known = states.read(session, business_id, host.registry.default_on)
    return tuple(
        Provided(each.plugin, each.offer, host.context(each.plugin, business_id))
        for each in offered
        if known.of(each.plugin).runs
    )


def find(
    session: AnySession, kind: type[T], name: str, business_id: int, *, plugin: str | None = None
) -> Provided[T]:
    """The offer of this name.

    Args:
        plugin: of which plugin, for kinds whose names are the plugin's own (jobs, pages ...).

    Raises:
        NotFound: nobody offers it.
        Unavailable: its plugin is off or paused for this business.
    """
    host = current()
    for each in host.registry.offered(kind):
        if named(each.offer) != name or (plugin is not None and each.plugin != plugin):
            continue
        return provide(session, each, business_id)
    words = kind.__name__
    raise NotFound(
        say("No plugin that is loaded offers the %(words)s %(name)s.", words=words, name=name)
    )


def provide(session: AnySession, offered: Offered[T], business_id: int) -> Provided[T]:
    """This offer, for the business. Raises Unavailable when its plugin is off or paused there."""
    host = current()
    state = states.read(session, business_id, host.registry.default_on).of(offered.plugin)
    if not state.runs:
        raise Unavailable(_idle(offered.plugin, paused=state.enabled))
    return Provided(offered.plugin, offered.offer, host.context(offered.plugin, business_id))


def _idle(plugin: str, *, paused: bool) -> str:
    if paused:
        return say("The plugin %(plugin)s is paused for this business.", plugin=plugin)
    return say("The plugin %(plugin)s is switched off for this business.", plugin=plugin)


def named(offer: Any) -> str:
    """The name of an offer."""
    return str(offer.name)


def names(kind: type[Any]) -> Mapping[str, str]:
    """Every name of a kind, and whose it is, on or off."""
    return {named(each.offer): each.plugin for each in current().registry.offered(kind)}
