"""The door of the clients' pages: an address, a code by mail, and a session of its own.

The door stands behind the link of an invoice, so that it is known whose pages are meant. Nothing
here says whether an address is one of the client's.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec
from uuid import UUID

from flask import Response, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import NotAuthenticated, TooManyRequests
from invoicer_core.services import businesses, clients
from invoicer_core.services.identity.security_log import Visitor
from invoicer_core.services.portal import visitors
from invoicer_core.services.portal.visitors import Visit
from invoicer_core.services.wording import told
from invoicer_core.web import formats, headers, portal_brand
from invoicer_core.web.access import Answer, Site, everyone
from invoicer_core.web.forgery import by_link
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.public import opened
from invoicer_core.web.site import uses_https

COOKIE: Final = "invoicer_portal"
PATH: Final = "/portal"
P = ParamSpec("P")


def install(site: Site) -> None:
    """Add the pages of this file."""
    both = ["GET", "POST"]
    site.add_url_rule("/portal/enter/<token>", "portal_enter", portal_enter, methods=both)
    site.add_url_rule(
        "/portal/enter/<token>/<uuid:question>", "portal_code", portal_code, methods=both
    )


# --- who it is -----------------------------------------------------------------------------------


def clients_only(view: Callable[P, Answer]) -> Callable[P, Answer]:
    """A page for a client who has entered; others are told how to get in."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
        headers.hide_referrer()
        headers.keep_private()
        token = request.cookies.get(COOKIE, "")
        business_id = visitors.business_of(token)
        if business_id is None:
            return _closed()
        with businesses.enter_business(business_id):
            visit = visitors.authenticate(token)
            if visit is None:
                return _closed()
            g.visit = visit
            g.client = clients.get(client_id=visit.client_id)
            business = businesses.current()
            portal_brand.speak(g.client.locale, business.locale)
            g.business = business
            return view(*args, **kwargs)

    guarded.access = "client"  # type: ignore[attr-defined]
    return guarded


def visit() -> Visit:
    """The client of this request, within `clients_only`."""
    found: Visit = g.visit
    return found


def _closed() -> Answer:
    """Nobody has entered in this browser: the way in is the link of an invoice."""
    portal_brand.speak(None)
    if request.headers.get("HX-Request"):
        return "", 401
    return render_template("portal/closed.html"), 401


# --- the door ------------------------------------------------------------------------------------


@everyone
@by_link
def portal_enter(token: str) -> Answer:
    """Asks for the address; the answer is the same for every address."""
    with opened(token) as found:
        if request.method == "GET":
            if _is_inside(found.client_id):
                return redirect(url_for("web.portal"))
            return render_template("portal/enter.html", token=token, form=Form())
        form = Form.sent(request.form, formats.locale())
        email = form.email("email", required=True)
        if not form.ok or email is None:
            return render_template("portal/enter.html", token=token, form=form), 422
        try:
            question = visitors.ask(client_id=found.client_id, email=email, visitor=_visitor())
        except TooManyRequests as error:
            form.problem = told(error.detail)
            return _refused("portal/enter.html", error, token=token, form=form)
        return redirect(url_for("web.portal_code", token=token, question=question), 303)


@everyone
@by_link
def portal_code(token: str, question: UUID) -> Answer:
    """Takes the code; opens the client's pages in this browser."""
    with opened(token) as found:
        values: dict[str, Any] = {"token": token, "question": question}
        if request.method == "GET":
            return render_template("portal/code.html", form=Form(), **values)
        form = Form.sent(request.form, formats.locale())
        code = form.text("code", required=True, longest=20)
        if not form.ok or code is None:
            return render_template("portal/code.html", form=form, **values), 422
        try:
            opened_by = visitors.enter(
                client_id=found.client_id, question=question, code=code, visitor=_visitor()
            )
        except NotAuthenticated:
            form.values["code"] = ""
            form.fail(
                "code",
                _("This code is wrong, was used already, or is too old. Look at the newest mail."),
            )
            return render_template("portal/code.html", form=form, **values), 422
        except TooManyRequests as error:
            form.problem = told(error.detail)
            return _refused("portal/code.html", error, form=form, **values)
        return _enter(opened_by)


def leave(response: Response) -> Response:
    """Take the cookie away."""
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="Strict")
    return response


def _enter(token: str) -> Response:
    """A new cookie, never one that was brought along; no other path of ours gets to see it."""
    response = make_response(redirect(url_for("web.portal"), 303))
    response.set_cookie(
        COOKIE, token, max_age=visitors.LIFETIME, httponly=True, samesite="Strict",
        secure=uses_https(), path=PATH,
    )  # fmt: skip
    return response


def _is_inside(client_id: int) -> bool:
    token = request.cookies.get(COOKIE, "")
    if visitors.business_of(token) != g.business.id:
        return False
    found = visitors.authenticate(token)
    return found is not None and found.client_id == client_id


def _visitor() -> Visitor:
    return Visitor(request.remote_addr, request.headers.get("User-Agent"))


def _refused(template: str, error: TooManyRequests, **values: Any) -> Answer:
    return render_template(template, **values), 429, {"Retry-After": str(error.retry_after)}
