"""Whom a request stands for: a user by an access token, or an API key; in which business."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Request

from invoicer_core.domain.errors import Forbidden, NotAuthenticated, NotFound
from invoicer_core.services.businesses import enter_business
from invoicer_core.services.identity import access_tokens, api_keys, sessions
from invoicer_core.services.identity.sessions import Identity

Choice = Callable[[int | None], int]
"""From the token's own business to the one that the request means."""


def bearer(request: Request) -> str:
    """The token of the Authorization header. Raises NotAuthenticated without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated("Send the access token: Authorization: Bearer <token>.")
    return token.strip()


@contextmanager
def in_business(request: Request, choose: Choice) -> Iterator[Identity]:
    """Enter the business that is meant, as the one who asks.

    Raises:
        NotAuthenticated: no token, or one that opens nothing (any more).
        NotFound: no seat there, in the same words as for a business that is missing.
    """
    token = bearer(request)
    if not api_keys.is_key(token):
        claims = access_tokens.read(token)
        with enter_business(choose(claims["bid"])):
            yield sessions.authenticate_access(claims)
        return
    key = api_keys.locate(token)
    with enter_business(key.business_id):
        who = api_keys.authenticate(key)
        wanted = choose(key.business_id)
        if wanted != key.business_id:
            raise NotFound(f"There is no business with the id {wanted}.")
        yield who


@contextmanager
def as_user(request: Request, business_id: int | None) -> Iterator[Identity]:
    """The user who asks, for what is about the account itself: the seat may be missing.

    Args:
        business_id: the one that the request names; None: the token's own.

    Raises:
        NotAuthenticated: as `in_business`.
        Forbidden: an API key, which has no account.
    """
    token = bearer(request)
    if api_keys.is_key(token):
        key = api_keys.locate(token)
        with enter_business(key.business_id):
            api_keys.authenticate(key)
        raise Forbidden(
            "An API key works inside its business only: sign in with POST /auth/login for this."
        )
    claims = access_tokens.read(token)
    with enter_business(business_id if business_id is not None else claims["bid"]):
        yield sessions.authenticate_user(claims)
