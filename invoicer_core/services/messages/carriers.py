"""Which channel carries what is addressed to ``email``, ``sms`` ...: the business's choice, where
several can."""

from collections.abc import Mapping
from typing import Final

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.hooks.offers import MessageChannel
from invoicer_core.host import current, offers, states
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import businesses

SETTING: Final = "carriers"
"""Of the business: the channel that carries a kind, by kind."""


def find(channel: str) -> Provided[MessageChannel]:
    """What carries messages to a channel: the one that the business chose for this kind, else the
    one of that name, else another that carries it.

    Raises:
        NotFound, Unavailable: nobody offers it, or its plugin is off or paused.
    """
    chosen = _chosen().get(channel)
    if chosen is not None and chosen != channel and not _is_off(chosen):
        return offers.find(db.session, MessageChannel, chosen, current_business_id())
    try:
        return offers.find(db.session, MessageChannel, channel, current_business_id())
    except InvoicerError:
        others = choices().get(channel)
        if not others:
            raise
        return others[0]


def is_on(channel: str) -> bool:
    """Whether something carries messages to a channel now."""
    try:
        find(channel)
    except InvoicerError:
        return False
    return True


def choices() -> dict[str, tuple[Provided[MessageChannel], ...]]:
    """Every kind that something which is on can carry, and what can, by name."""
    found: dict[str, tuple[Provided[MessageChannel], ...]] = {}
    for each in offers.every(db.session, MessageChannel, current_business_id()):
        kind = each.offer.carries
        found[kind] = (*found.get(kind, ()), each)
    return found


def every() -> tuple[Provided[MessageChannel], ...]:
    """One for each kind that can be used now, e-mail first."""
    kinds = sorted(choices(), key=lambda kind: (kind != "email", kind))
    return tuple(found for kind in kinds if (found := _usable(kind)) is not None)


def kind_of(channel: str) -> str:
    """The kind that a channel carries; of one that nobody offers, its own name."""
    for each in current().registry.offered(MessageChannel):
        if each.offer.name == channel:
            return each.offer.carries
    return channel


def _usable(kind: str) -> Provided[MessageChannel] | None:
    try:
        return find(kind)
    except InvoicerError:
        return None


def _chosen() -> Mapping[str, str]:
    found = businesses.current().settings.get(SETTING)
    return found if isinstance(found, Mapping) else {}


def _is_off(name: str) -> bool:
    """Not there, or switched off by a person. One that is paused after failures still is the
    business's choice: what it should carry waits, and goes nowhere else unseen."""
    host = current()
    known = states.read(db.session, current_business_id(), host.registry.default_on)
    for each in host.registry.offered(MessageChannel):
        if each.offer.name == name:
            return not known.of(each.plugin).enabled
    return True
