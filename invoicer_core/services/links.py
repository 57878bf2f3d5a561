"""Addresses that leave the house: the client's link to one invoice, and plugins' endpoints.

A link holds the invoice's public id and a signature over it, so that nothing need be stored, it can
be made again for every mail, and turning the secret keys over ends the oldest ones.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import text

from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.saying import say
from invoicer_core.models.tenancy import gate
from invoicer_core.services import secret_keys

SIGNATURE_BYTES: Final = 24
PURPOSE: Final = "invoice link"
_LENGTH: Final = 4 * (16 + SIGNATURE_BYTES + 2) // 3

_WHOSE: Final = text("SELECT business_id FROM invoices WHERE public_id = :public_id")


def invoice_link(*, public_id: UUID, channel: str | None = None) -> str:
    """The whole address under which a client sees this invoice without signing in; with the word
    of the channel that carries it, so that visits can be counted by channel."""
    via = f"?via={channel}" if channel else ""
    return f"{secret_keys.settings().url}/i/{invoice_token(public_id)}{via}"


def invoice_token(public_id: UUID) -> str:
    """The token in that address, signed with the newest key."""
    signed = public_id.bytes + _signature(public_id, secret_keys.newest(PURPOSE))
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def open_invoice_token(token: str) -> tuple[int, UUID]:
    """Whose invoice a token leads to: the business's id and the invoice's public id.

    Raises:
        NotFound: no token of ours, or the invoice is gone; the same words for all of it.
    """
    public_id = _verified(token)
    with gate() as connection:
        business_id = connection.execute(_WHOSE, {"public_id": public_id}).scalar()
    if business_id is None:
        raise _unknown()
    return int(business_id), public_id


def plugin_url(plugin: str, endpoint: str, values: Mapping[str, Any]) -> str:
    """The public address of a plugin's page under its own prefix, or of a webhook (``/hooks/``)."""
    query = f"?{urlencode(dict(values))}" if values else ""
    if endpoint.startswith("/hooks/"):
        return f"{secret_keys.settings().url}{endpoint}{query}"
    return f"{secret_keys.settings().url}/plugins/{plugin}/{endpoint.lstrip('/')}{query}"


def _verified(token: str) -> UUID:
    if len(token) > _LENGTH or not token.isascii():
        raise _unknown()
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _unknown() from None
    if len(raw) != 16 + SIGNATURE_BYTES:
        raise _unknown()
    public_id = UUID(bytes=raw[:16])
    for key in secret_keys.derived(PURPOSE):
        if hmac.compare_digest(raw[16:], _signature(public_id, key)):
            return public_id
    raise _unknown()


def _signature(public_id: UUID, key: bytes) -> bytes:
    return hmac.new(key, public_id.bytes, hashlib.sha256).digest()[:SIGNATURE_BYTES]


def _unknown() -> NotFound:
    return NotFound(say("This link does not lead to an invoice. Ask the sender for a new one."))
