"""Refuses forms and htmx requests that another site made the browser send.

Two walls: browsers say in `Sec-Fetch-Site` where a request comes from, and every form carries a
token bound to the browser's own secret cookie (HMAC, so a stolen page of one visitor is of no use
for another). The token also names the business whose page it stands on: after a switch in another
tab, a form that was left open must not write into the wrong books.
"""

import hmac
import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Final, ParamSpec, TypeVar

from flask import Response, current_app, g, request
from flask_babel import gettext as _

from invoicer_core.domain.errors import Forbidden
from invoicer_core.services import secret_keys

COOKIE: Final = "invoicer_browser"
FIELD: Final = "form_secret"
HEADER: Final = "X-Form-Secret"
P = ParamSpec("P")
T = TypeVar("T")

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
    """The token that this browser's forms have to carry, on a page of the business shown."""
    return _token(getattr(g.get("business"), "id", 0))


def _token(business_id: int) -> str:
    """``<business>.<HMAC>``; 0 on pages of no business."""
    key = current_app.secret_key
    if not key:
        raise RuntimeError("the application has no secret key")
    secret = key if isinstance(key, bytes) else key.encode()
    bound = f"form\0{business_id}\0{_browser()}".encode()
    return f"{business_id}.{hmac.new(secret, bound, sha256).hexdigest()}"


def business_of_page() -> int | None:
    """The business whose page the request comes from; None where nothing says so."""
    sent = request.headers.get(HEADER)
    if sent is None and request.method not in SAFE:
        sent = request.form.get(FIELD)
    if not sent or not _is_ours(sent):
        return None
    return int(sent.partition(".")[0]) or None


def _is_ours(sent: str) -> bool:
    named = sent.partition(".")[0]
    if not (named.isascii() and named.isdigit() and len(named) < 20):
        return False
    return hmac.compare_digest(sent.encode(), _token(int(named)).encode())


def by_link(view: Callable[P, T]) -> Callable[P, T]:
    """A form of a page whose address is a secret in itself (a signed link): another site does not
    know where to send it, so the form needs no token, and the page no cookie."""
    view.by_link = True  # type: ignore[attr-defined]
    return view


def check() -> None:
    """Raise Forbidden unless the request comes from a page of ours."""
    if request.method in SAFE:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    foreign_site = site is not None and site != "same-origin"
    own = {None, request.host_url.rstrip("/"), secret_keys.settings().url}
    linked = getattr(current_app.view_functions.get(request.endpoint or ""), "by_link", False)
    # A page that tells nobody its address sends "null" for its origin, too.
    foreign_origin = site is None and origin not in (own | {"null"} if linked else own)
    if foreign_site or foreign_origin:
        raise Forbidden(_("This request came from another site, so it was not carried out."))
    if linked:
        return
    if not _is_ours(request.headers.get(HEADER) or request.form.get(FIELD, "")):
        raise Forbidden(
            _(
                "This page was open for too long, or cookies are switched off. "
                "Go back, reload the page and try again."
            )
        )


def remember(response: Response, *, secure: bool) -> Response:
    """Give a new browser its cookie."""
    if "new_browser" in g:
        response.set_cookie(
            COOKIE, g.new_browser, max_age=365 * 86400, httponly=True, samesite="Lax", secure=secure
        )
    return response
