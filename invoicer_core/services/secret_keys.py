"""One key per purpose, derived from the installation's secret keys (newest first)."""

import hmac
from functools import lru_cache
from hashlib import sha256
from typing import cast

from flask import current_app

from invoicer_core.config import Config


def settings() -> Config:
    """The configuration of the running application."""
    return cast(Config, current_app.extensions["invoicer.config"])


def derived(purpose: str) -> tuple[bytes, ...]:
    """32 bytes for this purpose from each secret key; the first one signs, all may verify.

    HMAC-SHA256 as a key derivation (NIST SP 800-108): knowing one derived key tells nothing about
    the secret key or about another purpose's.
    """
    return _derived(settings().secret_keys, purpose)


@lru_cache(maxsize=64)
def _derived(keys: tuple[str, ...], purpose: str) -> tuple[bytes, ...]:
    message = b"invoicer/" + purpose.encode()
    return tuple(hmac.new(key.encode(), message, sha256).digest() for key in keys)


def newest(purpose: str) -> bytes:
    """The key that signs."""
    return derived(purpose)[0]
