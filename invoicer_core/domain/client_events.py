"""What happens to clients; part of the catalogue in ``events``."""

from invoicer_core.domain.event import Event, number, optional_number


class ClientEvent(Event):
    """Base of what happens to a client; ``data`` is the client."""

    client_id = number("id")


class ClientCreated(ClientEvent):
    """A client was added."""

    name = "client.created"


class ClientUpdated(ClientEvent):
    """A client's fields or contacts changed. Issued documents keep the old ones."""

    name = "client.updated"


class ClientArchived(ClientEvent):
    """A client was taken out of the lists."""

    name = "client.archived"


class ClientMerged(ClientEvent):
    """A client was merged into another one. ``data`` is that one, ``gone_id`` the former."""

    name = "client.merged"

    gone_id = optional_number("gone_id")


class ClientErased(ClientEvent):
    """A client's personal data was erased for good. What you keep of it has to go, too."""

    name = "client.erased"
