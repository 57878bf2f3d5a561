"""Opaque tokens: what a browser, a refresh or a mail holds; we keep only their hashes.

A refresh token carries its family's id and a tag of ours, so that any token of a family, however
old, is recognised when it is used a second time. Its successor is computed from it: two requests
that race with the same token get the same successor.
"""

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from invoicer_core.services import secret_keys

SECRET_BYTES: Final = 32
TAG_BYTES: Final = 16
ID_BYTES: Final = 8


def hash_of(token: str) -> bytes:
    """What is stored. The tokens are random enough that a plain hash cannot be reversed."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def random_token() -> str:
    """256 random bits as text fit for a cookie or a link."""
    return secrets.token_urlsafe(SECRET_BYTES)


@dataclass(frozen=True, slots=True)
class FamilyToken:
    """A token with the id of what it belongs to, a secret, and a tag that only we can make."""

    family: int
    secret: bytes
    purpose: str

    @classmethod
    def first(cls, family: int, purpose: str) -> "FamilyToken":
        """The first token of a family."""
        return cls(family, secrets.token_bytes(SECRET_BYTES), purpose)

    @classmethod
    def of_id(cls, family: int, purpose: str) -> "FamilyToken":
        """The one token that belongs to this id: nothing secret has to be stored to make it."""
        message = b"of id" + family.to_bytes(ID_BYTES)
        secret = hmac.new(secret_keys.newest(purpose), message, sha256).digest()
        return cls(family, secret, purpose)

    @classmethod
    def parse(cls, text: str, purpose: str) -> "FamilyToken | None":
        """The token, or None for anything that we did not make for this purpose."""
        try:
            raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError, ValueError):
            return None
        if len(raw) != ID_BYTES + SECRET_BYTES + TAG_BYTES:
            return None
        body, tag = raw[:-TAG_BYTES], raw[-TAG_BYTES:]
        if not any(
            hmac.compare_digest(_tag(key, body), tag) for key in secret_keys.derived(purpose)
        ):
            return None
        return cls(int.from_bytes(body[:ID_BYTES]), body[ID_BYTES:], purpose)

    def successors(self) -> tuple["FamilyToken", ...]:
        """The next token, by each key; the first one is what a rotation gives."""
        return tuple(
            FamilyToken(
                self.family, hmac.new(key, b"next" + self._body(), sha256).digest(), self.purpose
            )
            for key in secret_keys.derived(self.purpose)
        )

    def __str__(self) -> str:
        body = self._body()
        tag = _tag(secret_keys.newest(self.purpose), body)
        return base64.urlsafe_b64encode(body + tag).decode()

    def __repr__(self) -> str:
        return f"FamilyToken({self.family})"

    @property
    def hash(self) -> bytes:
        """What is stored of it: of its content, so that it outlives a change of the keys."""
        return sha256(self._body()).digest()

    def _body(self) -> bytes:
        return self.family.to_bytes(ID_BYTES) + self.secret


def _tag(key: bytes, body: bytes) -> bytes:
    return hmac.new(key, b"tag" + body, sha256).digest()[:TAG_BYTES]
