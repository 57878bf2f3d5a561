"""Who is asking, and may they: every page states it, none is open by accident.

The browser holds an opaque token in a cookie that no script can read; the sign-in it stands for is
a row, so signing out or removing a member works at once.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Forbidden
from invoicer_core.services import businesses, plugins
from invoicer_core.services.identity import sessions
from invoicer_core.web import forgery
from invoicer_core.web.headers import keep_private

COOKIE: Final = "invoicer_session"
P = ParamSpec("P")
Answer = Any  # whatever Flask takes as a view's answer
Site = Blueprint


def identity() -> sessions.Identity | None:
    """The signed-in user with sign-in, business and role; None for a stranger."""
    if "identity" not in g:
        token = request.cookies.get(COOKIE)
        g.identity = sessions.authenticate_web(token) if token else None
    found: sessions.Identity | None = g.identity
    return found


def signed_in() -> sessions.Identity:
    """The signed-in user. Raises Forbidden for a stranger."""
    who = identity()
    if who is None:
        raise Forbidden(_("Sign in to do this."))
    return who


def actor() -> Actor:
    """The signed-in user as the one who acts, for services."""
    return signed_in().actor()


def may(permission: str) -> bool:
    """True when the visitor's role in this business holds the permission."""
    who = identity()
    return who is not None and plugins.may(who.role, permission)


def everyone(view: Callable[P, Answer]) -> Callable[P, Answer]:
    """A page for anybody: no sign-in, no business."""
    view.access = "everyone"  # type: ignore[attr-defined]
    return view


def members(permission: str) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """A page for members of a business whose role holds the permission."""

    def decorate(view: Callable[P, Answer]) -> Callable[P, Answer]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
            who = identity()
            if who is None:
                return to_sign_in()
            if who.business_id is None:
                return redirect(url_for("web.set_up"))
            keep_private()
            shown = forgery.business_of_page()
            if shown is not None and shown != who.business_id:
                return _elsewhere(shown)
            if not plugins.may(who.role, permission):
                raise Forbidden(
                    _(
                        "Your role (%(role)s) does not include this. An owner can change your "
                        "role.",
                        role=who.role,
                    )
                )
            with businesses.enter_business(who.business_id):
                g.business = businesses.current(role=who.role)
                return view(*args, **kwargs)

        guarded.access = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def _elsewhere(business_id: int) -> Response:
    """Refuse what comes from a page of another business than the one chosen meanwhile."""
    detail = _("This page belongs to another of your businesses: you changed in another tab. "
               "Nothing was saved.")  # fmt: skip
    if request.headers.get("HX-Request"):
        response = Response(detail, 409, mimetype="text/plain")
        response.headers["X-Other-Business"] = "1"
        return response
    page = render_template("errors/other_business.html", detail=detail, business_id=business_id)
    return Response(page, 409)


def to_sign_in() -> Response:
    """Send a stranger to the sign-in page, and back to where they were afterwards."""
    if request.headers.get("HX-Request"):
        return Response(status=401)
    wanted = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(url_for("web.sign_in", next=None if wanted == "/" else wanted))


def own_path(wanted: str | None) -> str:
    """The path to go on to after signing in: one of this site, never another's."""
    if not wanted or not wanted.startswith("/") or wanted[1:2] in ("/", "\\"):
        return "/"
    return wanted if wanted.isprintable() else "/"
