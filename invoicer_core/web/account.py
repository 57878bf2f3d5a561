"""Signing in and out, a forgotten password, and the first set-up of an installation."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from invoicer_core.domain.errors import InvoicerError, NotAuthenticated, TooManyRequests
from invoicer_core.services import accounts, sessions
from invoicer_core.web import access, formats, words
from invoicer_core.web.access import COOKIE, Answer, Site, everyone, own_path
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.forms.set_up import business_fields, founder_fields
from invoicer_core.web.site import uses_https


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/sign-in", "sign_in", sign_in, methods=["GET", "POST"])
    site.add_url_rule("/sign-out", "sign_out", sign_out, methods=["POST"])
    site.add_url_rule("/reset", "ask_reset", ask_reset, methods=["GET", "POST"])
    site.add_url_rule("/reset/<token>", "reset", reset, methods=["GET", "POST"])
    site.add_url_rule("/set-up", "set_up", set_up, methods=["GET", "POST"])


def _browser() -> dict[str, str | None]:
    """What the security log keeps about the browser."""
    agent = request.headers.get("User-Agent")
    return {"ip": request.remote_addr, "user_agent": agent[:300] if agent else None}


def _welcome(token: str, to: str) -> Response:
    """Send a signed-in browser on, with its new cookie (never one it brought along)."""
    response = redirect(to)
    response.set_cookie(
        COOKIE, token, max_age=sessions.WEB_LIFETIME, httponly=True, samesite="Lax",
        secure=uses_https(),
    )  # fmt: skip
    return response


@everyone
def sign_in() -> Answer:
    """The sign-in page; a new installation goes to its set-up."""
    if accounts.is_unclaimed():
        return redirect(url_for("web.set_up"))
    if request.method == "GET":
        if access.identity():
            return redirect("/")
        return _sign_in_page(Form({"next": request.args.get("next", "")}))
    form = Form.sent(request.form, formats.locale())
    email, password = form.text("email", required=True, longest=254), request.form.get("password")
    if not password:
        form.fail("password", _("Please fill this in."))
    if not form.ok or email is None or not password:
        return _sign_in_page(form), 422
    try:
        signed = sessions.sign_in(email=email, password=password, kind="web", **_browser())
    except TooManyRequests as error:
        form.problem = error.detail
        return _sign_in_page(form), 429, {"Retry-After": str(error.retry_after)}
    except NotAuthenticated:
        form.problem = _("This e-mail address and password do not belong together.")
        return _sign_in_page(form), 401
    return _welcome(signed.token, own_path(form.get("next")))


def _sign_in_page(form: Form) -> str:
    return render_template("account/sign_in.html", form=form)


@everyone
def sign_out() -> Answer:
    """End this browser's sign-in."""
    token = request.cookies.get(COOKIE)
    if token:
        sessions.sign_out(token)
    flash(_("You are signed out."), "success")
    response = redirect(url_for("web.sign_in"))
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=uses_https())
    return response


@everyone
def ask_reset() -> Answer:
    """Ask for a link to choose a new password; answers the same for any address."""
    form = Form.sent(request.form, formats.locale())
    if request.method == "GET":
        return render_template("account/ask_reset.html", form=form, sent=False)
    email = form.email("email", required=True)
    if email is None or not form.ok:
        return render_template("account/ask_reset.html", form=form, sent=False), 422
    accounts.request_password_reset(email=email, **_browser())
    return render_template("account/ask_reset.html", form=form, sent=True)


@everyone
def reset(token: str) -> Answer:
    """Choose a new password by the mailed link."""
    form = Form.sent({}, formats.locale())
    if request.method == "GET":
        return render_template("account/reset.html", form=form)
    try:
        accounts.reset_password(token=token, password=request.form.get("password", ""), **_browser())
    except InvoicerError as error:
        form.values["password"] = ""
        form.refuse(error)
        return render_template("account/reset.html", form=form), 422
    flash(_("Your new password is set. Sign in with it."), "success")
    return redirect(url_for("web.sign_in"))


@everyone
def set_up() -> Answer:
    """The first owner and business; or, for somebody signed in without one, a business."""
    who = access.identity()
    if who is None and not accounts.is_unclaimed():
        return redirect(url_for("web.sign_in"))
    if who is not None and who.business_id is not None:
        return redirect("/")
    if request.method == "GET":
        values = {"country": "DE", "currency": "EUR", "time_zone": "Europe/Berlin"}
        return _set_up_page(Form(values))
    form = Form.sent(request.form, formats.locale())
    business = business_fields(form)
    founder = founder_fields(form) if who is None else None
    if not form.ok:
        return _set_up_page(form), 422
    try:
        token = _found(founder, business)
    except InvoicerError as error:
        form.refuse(error, {"/business/name": "business_name", "/name": "business_name"})
        return _set_up_page(form), 422
    flash(_("Welcome! Your business is ready."), "success")
    return _welcome(token, "/") if token else redirect("/")


def _found(founder: dict[str, Any] | None, business: dict[str, Any]) -> str | None:
    """Create what was typed; the token of the founder's first sign-in, if there is one."""
    if founder is None:
        accounts.found_business(fields=business, by=access.actor())
        return None
    accounts.set_up(**founder, business=business)
    signed = sessions.sign_in(
        email=founder["email"], password=founder["password"], kind="web", **_browser()
    )
    return signed.token


def _set_up_page(form: Form) -> str:
    return render_template(
        "account/set_up.html",
        form=form,
        countries=words.country_options(),
        currencies=words.currency_options(),
        time_zones=words.time_zone_options(),
    )
