"""Over what a message could be sent again, and to which address of its client."""

from dataclasses import dataclass

from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.snapshots import ClientSnapshot, MessageSnapshot
from invoicer_core.hooks.offers import MessageChannel
from invoicer_core.services import clients
from invoicer_core.services.messages import carriers


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A channel that is on, with the client's address on it where we know one."""

    channel: str
    title: str
    recipient: str | None


def ways(*, message: MessageSnapshot) -> tuple[Way, ...]:
    """Every channel that is on; for the message's own, the address it went to."""
    client = _client(message.client_id)
    return tuple(
        Way(
            channel=each.offer.carries,
            title=each.offer.title,
            recipient=message.recipient
            if each.offer.carries == message.channel
            else _address(each.offer, client),
        )
        for each in carriers.every()
    )


def titles() -> dict[str, str]:
    """What the channels that are on are called."""
    return {each.offer.carries: each.offer.title for each in carriers.every()}


def _client(client_id: int | None) -> ClientSnapshot | None:
    if client_id is None:
        return None
    try:
        return clients.get(client_id=client_id)
    except NotFound:
        return None


def _address(offer: MessageChannel, client: ClientSnapshot | None) -> str | None:
    return None if client is None else offer.address(client)
