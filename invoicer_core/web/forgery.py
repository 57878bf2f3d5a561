"""Refuses forms and htmx requests that another site made the browser send.

Two walls: browsers say in `Sec-Fetch-Site` where a request comes from, and every form carries a
token bound to the browser's own secret cookie (HMAC, so a stolen page of one visitor is of no use
for another).
"""

import hmac
import secrets
from hashlib import sha256
from typing import Final

from flask import Response, current_app, g, request

from invoicer_core.domain.errors import Forbidden

COOKIE: Final = "invoicer_browser"
FIELD: Final = "form_secret"
HEADER: Final = "X-Form-Secret"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def _browser() -> str:
    """The random value that marks this browser; made on its first form."""
    known = request.cookies.get(COOKIE, "")
    if 32 <= len(known) <= 64 and known.isascii():
        return known
    if "new_browser" not in g:
        g.new_browser = secrets.token_urlsafe(32)
    return str(g.new_browser)


def token() -> str:
    """The token that this browser's forms have to carry."""
    key = current_app.secret_key
    if not key:
        raise RuntimeError("the application has no secret key")
    secret = key if isinstance(key, bytes) else key.encode()
    return hmac.new(secret, b"form\0" + _browser().encode(), sha256).hexdigest()


def check() -> None:
    """Raise Forbidden unless the request comes from a page of ours."""
    if request.method in SAFE:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    foreign_site = site is not None and site != "same-origin"
    foreign_origin = site is None and origin is not None and origin != request.host_url.rstrip("/")
    if foreign_site or foreign_origin:
        raise Forbidden("This request came from another site, so it was not carried out.")
    sent = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if not hmac.compare_digest(sent.encode(), token().encode()):
        raise Forbidden(
            "This page was open for too long, or cookies are switched off. "
            "Go back, reload the page and try again."
        )


def remember(response: Response, *, secure: bool) -> Response:
    """Give a new browser its cookie."""
    if "new_browser" in g:
        response.set_cookie(
            COOKIE, g.new_browser, max_age=365 * 86400, httponly=True, samesite="Lax", secure=secure
        )
    return response
