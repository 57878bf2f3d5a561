"""Signing in, with a code where the user wants one; signing out; a forgotten password."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError, NotAuthenticated, TooManyRequests
from invoicer_core.services.identity import second_step, sessions, two_factor, users
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats
from invoicer_core.web.access import COOKIE, Answer, Site, everyone, own_path
from invoicer_core.web.account.browser import STEP_COOKIE, ask_for_code, noted, welcome
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.site import uses_https


def install(site: Site) -> None:
    """Add the pages of this file."""
    both = ["GET", "POST"]
    site.add_url_rule("/sign-in", "sign_in", sign_in, methods=both)
    site.add_url_rule("/sign-in/code", "sign_in_code", sign_in_code, methods=both)
    site.add_url_rule("/sign-out", "sign_out", sign_out, methods=["POST"])
    site.add_url_rule("/reset", "ask_reset", ask_reset, methods=both)
    site.add_url_rule("/reset/<token>", "reset", reset, methods=both)


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
    wanted = own_path(form.get("next"))
    try:
        signed = sessions.sign_in(email=email, password=password, kind="web", **noted())
    except two_factor.CodeNeeded as needed:
        page = url_for("web.sign_in_code", next=None if wanted == "/" else wanted)
        return ask_for_code(needed.token, page, two_factor.PENDING_LIFETIME)
    except TooManyRequests as error:
        form.problem = told(error.detail)
        return _sign_in_page(form), 429, {"Retry-After": str(error.retry_after)}
    except NotAuthenticated:
        form.problem = _("This e-mail address and password do not belong together.")
        return _sign_in_page(form), 401
    return welcome(signed.token, wanted)


def _sign_in_page(form: Form) -> str:
    return render_template("account/sign_in.html", form=form, is_open=users.is_open())


@everyone
def sign_in_code() -> Answer:
    """The second step: the code of the authenticator app, or a recovery code."""
    token = request.cookies.get(STEP_COOKIE, "")
    if not token or not second_step.stands(token=token):
        return _start_over()
    if request.method == "GET":
        return _code_page(Form({"next": request.args.get("next", "")}))
    form = Form.sent(request.form, formats.locale())
    code = form.text("code", required=True, longest=40)
    if not form.ok or code is None:
        return _code_page(form), 422
    form.values["code"] = ""
    try:
        signed = second_step.finish(token=token, code=code, **noted())
    except second_step.TooLate:
        return _start_over()
    except TooManyRequests as error:
        form.problem = _("Too many wrong codes. Wait a quarter of an hour, or use a recovery code.")
        return _code_page(form), 429, {"Retry-After": str(error.retry_after)}
    except NotAuthenticated:
        form.fail("code", _("This code is wrong or was used already. Wait for the next one."))
        return _code_page(form), 401
    return welcome(signed.token, own_path(form.get("next")))


def _start_over() -> Answer:
    if request.method == "POST":
        flash(_("This took too long. Sign in again."), "warning")
    return redirect(url_for("web.sign_in"))


def _code_page(form: Form) -> str:
    return render_template("account/sign_in_code.html", form=form)


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
    users.request_password_reset(email=email, **noted())
    return render_template("account/ask_reset.html", form=form, sent=True)


@everyone
def reset(token: str) -> Answer:
    """Choose a new password by the mailed link."""
    form = Form.sent({}, formats.locale())
    if request.method == "GET":
        return render_template("account/reset.html", form=form)
    try:
        users.reset_password(token=token, password=request.form.get("password", ""), **noted())
    except InvoicerError as error:
        form.values["password"] = ""
        form.refuse(error)
        return render_template("account/reset.html", form=form), 422
    flash(_("Your new password is set. Sign in with it."), "success")
    return redirect(url_for("web.sign_in"))
