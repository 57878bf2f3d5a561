"""Seals secrets: encrypted, and bound to the business, plugin and field they were sealed for.

Fernet (AES-128-CBC with HMAC-SHA256) under keys derived from the installation's secret keys by
HKDF (RFC 5869), so that the same secret never serves two purposes.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PURPOSE: Final = b"invoicer vault 1"


class VaultError(Exception):
    """A sealed value does not open: another key, another place, or damage. Shows no content."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret belongs. It opens nowhere else."""

    business_id: int
    plugin: str
    field: str


@dataclass(frozen=True, slots=True)
class _Key:
    id: str
    fernet: Fernet = field(repr=False)


class Vault:
    """Seals with the newest key, opens with any.

    Args:
        secret_keys: newest first, each at least 32 characters of good randomness.
    """

    def __init__(self, secret_keys: Sequence[str]) -> None:
        if not secret_keys:
            raise VaultError("there is no secret key to seal with")
        self._keys = tuple(_derived(secret) for secret in secret_keys)

    def seal(self, place: Place, text: str) -> str:
        """The sealed form: ``<key id>:<token>``."""
        newest = self._keys[0]
        bound = json.dumps([place.business_id, place.plugin, place.field, text])
        return f"{newest.id}:{newest.fernet.encrypt(bound.encode()).decode('ascii')}"

    def open(self, place: Place, sealed: str) -> str:
        """The text that was sealed for this place.

        Raises:
            VaultError: sealed with a key we do not have, for another place, or damaged.
        """
        key_id, _, token = sealed.partition(":")
        key = next((key for key in self._keys if key.id == key_id), None)
        if key is None:
            raise VaultError(f"{place.plugin}.{place.field} was sealed with a key that is not here")
        try:
            opened = json.loads(key.fernet.decrypt(token.encode("ascii")))
        except (InvalidToken, ValueError) as wrong:
            raise VaultError(f"{place.plugin}.{place.field} does not open") from wrong
        if opened[:3] != [place.business_id, place.plugin, place.field]:
            raise VaultError(f"{place.plugin}.{place.field} holds what was sealed for elsewhere")
        return str(opened[3])

    def is_current(self, sealed: str) -> bool:
        """Whether it is sealed with the newest key."""
        return sealed.partition(":")[0] == self._keys[0].id

    def resealed(self, place: Place, sealed: str) -> str:
        """The same secret under the newest key; unchanged when it already is."""
        return sealed if self.is_current(sealed) else self.seal(place, self.open(place, sealed))


def _derived(secret: str) -> _Key:
    material = HKDF(SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode("utf-8"))
    key_id = hashlib.sha256(b"id" + material).hexdigest()[:8]
    return _Key(key_id, Fernet(base64.urlsafe_b64encode(material)))
