"""One key per purpose, derived from the installation's secret keys (newest first)."""

import hmac
from collections.abc import Iterator
from hashlib import sha256
from typing import cast

from flask import current_app

from invoicer_core.config import Config


def settings() -> Config:
    """The configuration of the running application."""
    return cast(Config, current_app.extensions["invoicer.config"])


def derived(purpose: str) -> Iterator[bytes]:
    """32 bytes for this purpose from each secret key; the first one signs, all may verify.

    HMAC-SHA256 as a key derivation (NIST SP 800-108): knowing one derived key tells nothing about
    the secret key or about another purpose's.
    """
    for key in settings().secret_keys:
        yield hmac.new(key.encode(), b"invoicer/" + purpose.encode(), sha256).digest()


def newest(purpose: str) -> bytes:
    """The key that signs."""
    return next(derived(purpose))
