"""Access tokens: short-lived, signed, and no proof of any right: rights are read per request.

A token names the user (``sub``), the sign-in (``sid``) and the business that is meant when the
request names none (``bid``). Whether the sign-in still stands and which role the member has is
asked of PostgreSQL every time, so nothing has to be revoked here.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from time import time
from typing import Any, Final

from flask import Flask
from flask_jwt_extended import JWTManager, create_access_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import InvalidKeyError, PyJWTError

from invoicer_core.domain.errors import NotAuthenticated
from invoicer_core.domain.saying import say
from invoicer_core.services import secret_keys

LIFETIME: Final = timedelta(minutes=15)
ISSUER: Final = "invoicer"
AUDIENCE: Final = "invoicer-api"
_PURPOSE: Final = "access-token"
_LONGEST: Final = 2000
_REFUSAL: Final = say("The access token is missing, wrong or no longer valid. Sign in again.")


def install(app: Flask) -> None:
    """Let the application make and read tokens: HS256 only, header only, keys by ``kid``."""
    app.config.update(
        JWT_ALGORITHM="HS256",
        JWT_DECODE_ALGORITHMS=["HS256"],
        JWT_TOKEN_LOCATION=["headers"],
        JWT_ACCESS_TOKEN_EXPIRES=LIFETIME,
        JWT_ENCODE_ISSUER=ISSUER,
        JWT_DECODE_ISSUER=ISSUER,
        JWT_ENCODE_AUDIENCE=AUDIENCE,
        JWT_DECODE_AUDIENCE=AUDIENCE,
        JWT_ENCODE_NBF=False,
        JWT_COOKIE_CSRF_PROTECT=False,
        JWT_SECRET_KEY="unused: the loaders below choose the key",  # noqa: S106 - not a key
    )
    manager = JWTManager(app)

    @manager.encode_key_loader
    def sign_with(_: str) -> bytes:
        return secret_keys.newest(_PURPOSE)

    @manager.decode_key_loader
    def verify_with(header: Mapping[str, Any], _: Mapping[str, Any]) -> bytes:
        key = _keys().get(str(header.get("kid")))
        if key is None:
            raise InvalidKeyError("unknown kid")
        return key


def make(user_id: int, sign_in_id: int, business_id: int | None) -> str:
    """A fresh token; it lives `LIFETIME`."""
    token: str = create_access_token(
        str(user_id),
        additional_claims={"sid": sign_in_id, "bid": business_id},
        additional_headers={"kid": next(iter(_keys()))},
    )
    return token


def read(token: str) -> dict[str, Any]:
    """The claims of a token that is ours, whole and not expired.

    Raises:
        NotAuthenticated: for every other one, always in the same words.
    """
    if not token or len(token) > _LONGEST:
        raise NotAuthenticated(_REFUSAL)
    try:
        claims = _verified(token, secret_keys.derived(_PURPOSE))
    except (PyJWTError, JWTExtendedException, ValueError, KeyError, TypeError) as wrong:
        raise NotAuthenticated(_REFUSAL) from wrong
    if claims.get("type") != "access" or not _is_whole(claims) or claims["exp"] <= time():
        raise NotAuthenticated(_REFUSAL)
    return claims


@lru_cache(maxsize=2048)
def _verified(token: str, keys: tuple[bytes, ...]) -> dict[str, Any]:  # noqa: ARG001 - of the cache
    """The claims of a token whose signature holds under these keys. A client sends the same token
    for 15 minutes: its signature is checked once a process, its end every time."""
    claims: dict[str, Any] = decode_token(token)
    return claims


def _is_whole(claims: Mapping[str, Any]) -> bool:
    subject, business = claims.get("sub"), claims.get("bid")
    return (
        type(subject) is str
        and subject.isascii()
        and subject.isdigit()
        and type(claims.get("sid")) is int
        and type(claims.get("exp")) is int
        and (business is None or type(business) is int)
    )


def _keys() -> dict[str, bytes]:
    """``kid`` -> key, newest first. The id is a digest of the key, so that it tells nothing."""
    found = {}
    for key, name in zip(
        secret_keys.derived(_PURPOSE), secret_keys.derived(_PURPOSE + "-id"), strict=True
    ):
        found[name[:6].hex()] = key
    return found
