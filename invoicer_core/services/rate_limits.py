"""Rate limits per account and address, counted in Redis over a moving window.

When Redis is away, requests in general are let through (an invoice must still be possible), while
sign-ins go on being counted in this process's own memory: a password must never become guessable
because a cache is down. A Redis that failed is left alone for some seconds: asking a slow one with
each request would make everything slow.
"""

import logging
from time import monotonic, time
from typing import Any, Final

from flask import Flask, current_app
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter, RateLimiter
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from invoicer_core.config import Config
from invoicer_core.domain.errors import TooManyRequests
from invoicer_core.domain.saying import say
from invoicer_core.services.identity.opaque_tokens import hash_of

log = logging.getLogger(__name__)

EXTENSION: Final = "invoicer.rate_limits"
ADDRESS_FACTOR: Final = 5
"""An address may try as often as five accounts: an office behind one address signs in, too."""
LEFT_ALONE: Final = 5.0
"""Seconds before a Redis that failed is asked again."""

_OPTIONS: Final[dict[str, Any]] = {
    "socket_connect_timeout": 0.5,
    "socket_timeout": 0.5,
    "retry": Retry(NoBackoff(), 0),
}


class RateLimits:
    """The limits of one application."""

    def __init__(self, app: Flask, config: Config) -> None:
        uri = config.redis_url or "memory://"
        self._limiter = Limiter(
            get_remote_address,
            app=app,
            storage_uri=uri.replace("unix://", "redis+unix://", 1),
            storage_options=dict(_OPTIONS) if config.redis_url else {},
            strategy="moving-window",
            default_limits=[],
            key_prefix="limit",
        )
        self._limiter.enabled = False  # its own hooks have nothing to count: all is counted below
        self._memory: RateLimiter = MovingWindowRateLimiter(MemoryStorage())
        self._ask_from = 0.0
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
            allowed, counter = self._counted(item, key)
            if counter is None:
                if not strict:
                    return
                counter = self._memory
                allowed = counter.hit(item, *key)
            if not allowed:
                raise TooManyRequests(*_wait(counter, item, key))

    def ask_again(self) -> None:
        """Ask Redis with the next request, even if it failed a moment ago."""
        self._ask_from = 0.0

    def _counted(
        self, item: RateLimitItem, key: tuple[str, ...]
    ) -> tuple[bool, RateLimiter | None]:
        """Whether it is allowed, and who counted; None when Redis could not."""
        if monotonic() < self._ask_from:
            return False, None
        counter = self._limiter.limiter
        try:
            return counter.hit(item, *key), counter
        except (RedisError, OSError) as away:
            self._ask_from = monotonic() + LEFT_ALONE
            log.warning(
                "rate limits are not shared for %d s: Redis does not count (%s)",
                LEFT_ALONE,
                type(away).__name__,
            )
            return False, None


def _wait(counter: RateLimiter, item: RateLimitItem, key: tuple[str, ...]) -> tuple[str, int]:
    """What to say, and the seconds to wait."""
    try:
        reset = counter.get_window_stats(item, *key).reset_time
    except (RedisError, OSError):
        reset = time() + item.get_expiry()
    wait = max(1, int(reset - time()) + 1)
    text = say(
        "Too many requests: at most %(limit)s. Wait %(wait)s seconds.", limit=item, wait=wait
    )
    return text, wait


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
