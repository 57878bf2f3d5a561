"""Clients and the people at them."""

from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.lists import PartyQuery
from invoicer_core.api.schemas.trade import (
    ArchiveInput,
    ClientInput,
    ClientUpdate,
    ContactInput,
    ContactUpdate,
)
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import ClientSnapshot, ContactSnapshot, Page
from invoicer_core.services import clients

resource = Resource("clients", tag="Clients")


@resource.get("/clients", "clients.read", query=PartyQuery, answer=Page[ClientSnapshot])
def list_clients(query: PartyQuery) -> Page[ClientSnapshot]:
    """List the clients.

    The newest first. Sort by name, email, created_at or updated_at; - in front descends."""
    return clients.find(**query.filters())


@resource.post(
    "/clients", "clients.write", body=ClientInput, answer=ClientSnapshot, status=201,
    location="/clients/{id}",
)  # fmt: skip
def create_client(body: ClientInput, by: Actor) -> ClientSnapshot:
    """Create a client."""
    return clients.create(fields=body.sent(), by=by)


@resource.get("/clients/{clientId}", "clients.read", answer=ClientSnapshot)
def get_client(client_id: int) -> ClientSnapshot:
    """Get a client, with contacts and what it owes."""
    return clients.get(client_id=client_id)


@resource.put("/clients/{clientId}", "clients.write", body=ClientUpdate, answer=ClientSnapshot)
def update_client(
    client_id: int, body: ClientUpdate, by: Actor, version: int | None
) -> ClientSnapshot:
    """Change a client; fields that are left out stay as they are.

    Documents that are issued keep what they say."""
    return clients.update(client_id=client_id, fields=body.sent(), by=by, expected_version=version)


@resource.delete("/clients/{clientId}", "clients.write")
def delete_client(client_id: int, by: Actor) -> None:
    """Delete a client without documents; others are archived instead."""
    clients.delete(client_id=client_id, by=by)


@resource.post(
    "/clients/{clientId}/archive", "clients.write", body=ArchiveInput, body_required=False,
    answer=ClientSnapshot,
)  # fmt: skip
def archive_client(client_id: int, body: ArchiveInput, by: Actor) -> ClientSnapshot:
    """Take a client out of the lists, or back into them."""
    return clients.archive(client_id=client_id, by=by, archived=body.archived)


@resource.get("/clients/{clientId}/contacts", "clients.read", answer=list[ContactSnapshot])
def list_contacts(client_id: int) -> tuple[ContactSnapshot, ...]:
    """List the people at a client, the primary one first."""
    return clients.contacts(client_id=client_id)


@resource.post(
    "/clients/{clientId}/contacts", "clients.write", body=ContactInput, answer=ContactSnapshot,
    status=201,
)  # fmt: skip
def add_contact(client_id: int, body: ContactInput, by: Actor) -> ContactSnapshot:
    """Add a person to a client."""
    return clients.add_contact(client_id=client_id, fields=body.sent(), by=by)


@resource.put(
    "/clients/{clientId}/contacts/{contactId}", "clients.write", body=ContactUpdate,
    answer=ContactSnapshot,
)  # fmt: skip
def change_contact(
    client_id: int, contact_id: int, body: ContactUpdate, by: Actor
) -> ContactSnapshot:
    """Change a person at a client."""
    return clients.change_contact(
        client_id=client_id, contact_id=contact_id, fields=body.sent(), by=by
    )


@resource.delete("/clients/{clientId}/contacts/{contactId}", "clients.write")
def remove_contact(client_id: int, contact_id: int, by: Actor) -> None:
    """Remove a person from a client."""
    clients.remove_contact(client_id=client_id, contact_id=contact_id, by=by)
