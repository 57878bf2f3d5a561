"""Rate limits per account and address, counted in Redis over a moving window.

When Redis is away, requests in general are let through (an invoice must still be possible), while
sign-ins go on being counted in this process's own memory: a password must never become guessable
because a cache is down.
"""

import logging
from time import time
from typing import Any, Final

from flask import Flask, current_app
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter, RateLimiter
from redis.exceptions import RedisError

from invoicer_core.config import Config
from invoicer_core.domain.errors import TooManyRequests
from invoicer_core.services.opaque_tokens import hash_of

log = logging.getLogger(__name__)

EXTENSION: Final = "invoicer.rate_limits"
ADDRESS_FACTOR: Final = 5
"""An address may try as often as five accounts: an office behind one address signs in, too."""
_TIMEOUTS: Final[dict[str, Any]] = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}


class RateLimits:
    """The limits of one application."""

    def __init__(self, app: Flask, config: Config) -> None:
        uri = config.redis_url or "memory://"
        self._limiter = Limiter(
            get_remote_address,
            app=app,
            storage_uri=uri.replace("unix://", "redis+unix://", 1),
            storage_options=dict(_TIMEOUTS) if config.redis_url else {},
            strategy="moving-window",
            default_limits=[],
            key_prefix="limit",
        )
        self._memory: RateLimiter = MovingWindowRateLimiter(MemoryStorage())
        self.account = _parse(config.rate_limit_account)
        self.address = _parse(config.rate_limit_address)
        self.sign_in = _parse(config.rate_limit_sign_in)
        self.sign_in_address = [
            type(each)(each.amount * ADDRESS_FACTOR, each.multiples) for each in self.sign_in
        ]

    def hit(self, items: list[RateLimitItem], *key: str, strict: bool = False) -> None:
        """Count a request.

        Args:
            strict: count in memory when Redis is away; otherwise let it through.

        Raises:
            TooManyRequests: with the seconds to wait.
        """
        for item in items:
            counter = self._limiter.limiter
            try:
                allowed = counter.hit(item, *key)
            except (RedisError, OSError) as away:
                log.warning("rate limits are not shared: Redis is away (%s)", type(away).__name__)
                if not strict:
                    return
                counter = self._memory
                allowed = counter.hit(item, *key)
            if not allowed:
                reset = counter.get_window_stats(item, *key).reset_time
                wait = max(1, int(reset - time()) + 1)
                raise TooManyRequests(
                    f"Too many requests: at most {item}. Wait {wait} seconds.", wait
                )


def install(app: Flask, config: Config) -> None:
    """Give the application its limits; opens no connection."""
    app.extensions[EXTENSION] = RateLimits(app, config)


def current() -> RateLimits:
    """The limits of the running application."""
    found: RateLimits = current_app.extensions[EXTENSION]
    return found


def check_address(ip: str | None) -> None:
    """Count any request of an address. Raises TooManyRequests."""
    limits = current()
    if limits.address:
        limits.hit(limits.address, "address", ip or "-")


def check_account(user_id: int) -> None:
    """Count a request of a user. Raises TooManyRequests."""
    limits = current()
    if limits.account:
        limits.hit(limits.account, "account", str(user_id))


def check_sign_in(email: str, ip: str | None) -> None:
    """Count a try to sign in or to reset a password, for its account and its address.

    Raises:
        TooManyRequests: the account's limit holds from whatever address the tries come.
    """
    limits = current()
    if limits.sign_in:
        limits.hit(limits.sign_in, "sign-in", hash_of(email).hex()[:32], strict=True)
        limits.hit(limits.sign_in_address, "sign-in-address", ip or "-", strict=True)


def _parse(text: str) -> list[RateLimitItem]:
    return [] if text == "off" else list(parse_many(text))
