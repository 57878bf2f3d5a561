"""All that is kept about one client, as one JSON text: what a person may ask for (GDPR, art. 15
and 20)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from invoicer_core.domain.snapshots import Page
from invoicer_core.hooks import codec
from invoicer_core.services import (
    clients,
    credit_notes,
    invoices,
    messages,
    orders,
    payments,
    statements,
)
from invoicer_core.services.listing import LIMIT_MOST
from invoicer_core.services.messages import consents


def export(*, client_id: int) -> bytes:
    """The client, contacts with their consents, papers, money and messages. Raises NotFound."""
    client = clients.get(client_id=client_id)
    found = {
        "exported_at": datetime.now(UTC),
        "client": replace(client, contacts=()),
        "contacts": [
            {**codec.to_json(each), "consents": list(consents.history(contact_id=each.id))}
            for each in client.contacts
        ],
        "invoices": _every(invoices.find, client_id),
        "credit_notes": _every(credit_notes.find, client_id),
        "payments": _every(payments.find, client_id),
        "orders": _every(orders.find, client_id),
        "statements": _every(statements.find, client_id),
        "messages": _every(messages.find, client_id),
    }
    return codec.dumps(found, indent=2).encode()


def _every(find: Callable[..., Page[Any]], client_id: int) -> list[Any]:
    return list(_pages(find, client_id))


def _pages(find: Callable[..., Page[Any]], client_id: int) -> Iterator[Any]:
    cursor = None
    while True:
        page = find(client_id=client_id, limit=LIMIT_MOST, cursor=cursor)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return
