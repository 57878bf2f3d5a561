"""For channels that reach a telephone: its number as it is dialled, a text cut into parts."""

from invoicer_core.domain.phones import e164
from invoicer_core.domain.segments import Segments, plain, segments
from invoicer_core.domain.snapshots import ClientSnapshot
from invoicer_core.hooks.answers import PermanentFailure

__all__ = ["Segments", "e164", "of_client", "plain", "required", "segments"]


def required(number: str) -> str:
    """The number as it is dialled. Raises PermanentFailure with the way to write it."""
    found = e164(number)
    if found is None:
        raise PermanentFailure(
            f"{number!r} is no telephone number that can be dialled from anywhere. Write it with"
            " a plus and the country code, e.g. +49 30 901820."
        )
    return found


def of_client(client: ClientSnapshot) -> str | None:
    """The client's own number, else that of its first contact, as far as they can be dialled."""
    contacts = sorted(client.contacts, key=lambda each: not each.is_primary)
    numbers = (client.phone, *(each.phone for each in contacts))
    return next((found for found in map(e164, numbers) if found), None)
