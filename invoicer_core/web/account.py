"""Signing in and out, a forgotten password, and the first set-up of an installation."""

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from invoicer_core.domain.errors import InvoicerError, NotAuthenticated, TooManyRequests
from invoicer_core.services import businesses, sessions, tax_rates, users
from invoicer_core.web import access, formats, words
from invoicer_core.web.access import COOKIE, Answer, Site, everyone, own_path
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.forms.set_up import business_fields, founder_fields, tax_fields
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
    if users.needs_first():
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
    users.request_password_reset(email=email, **_browser())
    return render_template("account/ask_reset.html", form=form, sent=True)


@everyone
def reset(token: str) -> Answer:
    """Choose a new password by the mailed link."""
    form = Form.sent({}, formats.locale())
    if request.method == "GET":
        return render_template("account/reset.html", form=form)
    try:
        users.reset_password(token=token, password=request.form.get("password", ""), **_browser())
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
    if who is None and not users.needs_first():
        return redirect(url_for("web.sign_in"))
    if who is not None and who.business_id is not None:
        return redirect("/")
    if request.method == "GET":
        values = {"country": "DE", "currency": "EUR", "time_zone": "Europe/Berlin"}
        return _set_up_page(Form(values))
    form = Form.sent(request.form, formats.locale())
    typed = _SetUp(
        founder_fields(form) if who is None else None, business_fields(form), tax_fields(form)
    )
    if not form.ok:
        return _set_up_page(form), 422
    try:
        token = _found(typed)
    except InvoicerError as error:
        form.refuse(error, _set_up_names(form))
        return _set_up_page(form), status_of(error)
    flash(_("Welcome! Your business is ready."), "success")
    return _welcome(token, "/") if token else redirect("/")


@dataclass(frozen=True, slots=True)
class _SetUp:
    """What was typed: the founder (None for somebody signed in), the business, its usual tax."""

    founder: dict[str, Any] | None
    business: dict[str, Any]
    tax: dict[str, Any] | None


def _found(typed: _SetUp) -> str | None:
    """Create what was typed; the token of the founder's first sign-in, if there is one."""
    token = None
    if typed.founder is None:
        who = access.signed_in()
        founded = users.found_business(fields=typed.business, by=access.actor())
        business_id = founded.id
        who = sessions.choose_business(identity=who, business_id=business_id)
    else:
        users.set_up(**typed.founder, business=typed.business)
        signed = sessions.sign_in(
            email=typed.founder["email"], password=typed.founder["password"], kind="web",
            **_browser(),
        )  # fmt: skip
        who, token = signed.identity, signed.token
    if typed.tax is not None and who.business_id is not None:
        with businesses.enter_business(who.business_id):
            _add_usual_tax(typed.tax, who)
    return token


def _add_usual_tax(tax: dict[str, Any], who: sessions.Identity) -> None:
    """The rate that was typed becomes the usual one; a known one of the country is not doubled."""
    known = tax_rates.find(limit=200).items
    same = next((each for each in known if each.rate == tax["rate"]), None)
    if same is None:
        fields = {**tax, "category": "S" if tax["rate"] else "Z", "is_default": True}
        tax_rates.create(fields=fields, by=who.actor())
    elif not same.is_default:
        tax_rates.update(tax_rate_id=same.id, fields={"is_default": True}, by=who.actor())


def _set_up_names(form: Form) -> dict[str, str]:
    names = {f"/business/{name}": name for name in form.values}
    return names | {"/business/name": "business_name"}


def _set_up_page(form: Form) -> str:
    return render_template(
        "account/set_up.html",
        form=form,
        countries=words.country_options(),
        currencies=words.currency_options(),
        time_zones=words.time_zone_options(),
    )
