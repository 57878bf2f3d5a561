"""Passwords: argon2id with the parameters of the OWASP cheat sheet; never more than two at once.

Hashing costs 19 MiB and some 25 ms of processor, so it runs in a native thread where the web
server is cooperative, and the number of simultaneous ones is capped: memory is the cap times 19.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from time import monotonic, sleep
from typing import Final, TypeVar

import gevent
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from gevent import monkey

from invoicer_core.domain.errors import InvalidInput, Unavailable
from invoicer_core.domain.saying import say

T = TypeVar("T")

SHORTEST: Final = 8
LONGEST_BYTES: Final = 1024
PATIENCE: Final = 10.0
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_SLOTS: Final = BoundedSemaphore(2)
_DUMMY: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA"
    "$x2sZgQ4vVJcxG8RkQK7tQH2mC0mXo4oF7C1yq6cJ0dU"
)
"""A hash that no password has: verified for unknown users, so that they take as long."""
_COMMON: Final = frozenset(
    (
        "password", "12345678", "123456789", "1234567890", "qwertyui", "qwertyuiop", "iloveyou",
        "football",
    )
)  # fmt: skip


def check_strength(password: str, pointer: str = "/password") -> None:
    """Refuse what is too short, too long to hash, or known to everybody.

    Raises:
        InvalidInput: at ``pointer``.
    """
    size = len(password.encode("utf-8", "surrogatepass"))
    if size > LONGEST_BYTES:
        raise InvalidInput.at(
            pointer,
            say("A password has at most %(most)s bytes.", most=LONGEST_BYTES),
        )
    if len(password) < SHORTEST:
        raise InvalidInput.at(
            pointer, say("A password has at least %(least)s characters.", least=SHORTEST)
        )
    if password.lower() in _COMMON:
        raise InvalidInput.at(
            pointer, say("This password is too easy to guess: take a longer phrase.")
        )


def hash_password(password: str) -> str:
    """The hash to store. Raises Unavailable when too many are being hashed."""
    return _in_turn(_HASHER.hash, password)


def verify(password: str, stored: str | None) -> bool:
    """Whether the password belongs to the hash; as slow for None, an unknown user, as for others.

    Raises:
        Unavailable: too many passwords are being checked.
    """
    if len(password.encode("utf-8", "surrogatepass")) > LONGEST_BYTES:
        return False
    usable = stored if stored is not None and stored.startswith("$argon2") else None
    right = _in_turn(_matches, usable or _DUMMY, password)
    return right and usable is not None


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


@contextmanager
def even_time(seconds: float = 0.15) -> Iterator[None]:
    """Make the block last at least so long, so that its time tells nothing about what it found."""
    begun = monotonic()
    try:
        yield
    finally:
        sleep(max(0.0, seconds - (monotonic() - begun)))


def _matches(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _in_turn(function: Callable[..., T], *arguments: str) -> T:
    if not _SLOTS.acquire(timeout=PATIENCE):
        raise Unavailable(say("Too many people sign in at this moment. Try again shortly."))
    try:
        if monkey.is_module_patched("threading"):
            found: T = gevent.get_hub().threadpool.apply(function, arguments)
            return found
        return function(*arguments)
    finally:
        _SLOTS.release()
