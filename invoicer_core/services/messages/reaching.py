"""Over what a client is reached: the channels in order, which address each has, which may be used.

The order is the client's own, else the business's, else e-mail alone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.snapshots import ClientSnapshot
from invoicer_core.hooks.offers import MessageChannel
from invoicer_core.host.offers import Provided
from invoicer_core.services import businesses
from invoicer_core.services.messages import carriers, consents

SETTING: Final = "channel_order"
USUAL: Final = ("email",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to reach a client.

    Args:
        name: the kind: ``email``, ``sms`` ...
        address: the client's on it, None where there is none: it has to be typed.
        refusal: why the client must not be written to there, None: it may.
        prices: whether it tells the cost before.
    """

    name: str
    title: str
    address: str | None
    carries_files: bool
    refusal: str | None = None
    prices: bool = False
    quiet: bool = False


def order_of(client: ClientSnapshot) -> tuple[str, ...]:
    """The channels over which a client is told something by itself, the first one first."""
    business = businesses.current().settings.get(SETTING) or USUAL
    return tuple(client.channels or business)


def ways(client: ClientSnapshot) -> tuple[Way, ...]:
    """Every way that is switched on, the client's first one first."""
    order = order_of(client)
    found = [_way(each, client) for each in carriers.every()]
    place = {name: number for number, name in enumerate(order)}
    return tuple(sorted(found, key=lambda each: place.get(each.name, len(place))))


def first(client: ClientSnapshot, *, besides: Collection[str] = ()) -> Way | None:
    """The first way of the client's order that has an address and may be used.

    Args:
        besides: channels that were tried already.
    """
    for name in order_of(client):
        if name in besides:
            continue
        try:
            way = _way(carriers.find(name), client)
        except InvoicerError:
            continue
        if way.address and way.refusal is None:
            return way
    return None


def _way(provided: Provided[MessageChannel], client: ClientSnapshot) -> Way:
    offer = provided.offer
    address = address_of(provided, client)
    no = None
    if address:
        no = consents.refusal(kind="", client_id=client.id, offer=offer, address=address)
    return Way(
        name=offer.carries, title=offer.title, address=address, refusal=no,
        carries_files=offer.carries_files, prices=offer.quote is not None, quiet=offer.quiet,
    )  # fmt: skip


def address_of(provided: Provided[MessageChannel], client: ClientSnapshot) -> str | None:
    """A client's address on a channel; a plugin whose code fails knows none."""
    try:
        return provided.offer.address(client) or None
    except Exception:  # a plugin's own code: without an address the person types one
        provided.ctx.log.exception("%s failed to tell an address", provided.offer.name)
        return None
