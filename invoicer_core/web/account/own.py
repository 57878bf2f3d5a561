"""One's own account: name and language, password, and where one is signed in."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from invoicer_core.domain.errors import InvoicerError, NotFound, TooManyRequests
from invoicer_core.services import rate_limits
from invoicer_core.services.identity import own_address, security_log, sign_ins, two_factor, users
from invoicer_core.services.wording import told
from invoicer_core.web import access, catalogs, formats
from invoicer_core.web.access import Answer, Site, everyone, members
from invoicer_core.web.account import devices
from invoicer_core.web.account.browser import visitor
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form

OWN = "business.read"
"""Every role holds it: one's own account is one's own."""

LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"}


def install(site: Site) -> None:
    """Add the pages of this file."""
    both = ["GET", "POST"]
    site.add_url_rule("/profile", "my_account", my_account, methods=both)
    site.add_url_rule("/profile/email", "my_address", my_address, methods=both)
    site.add_url_rule("/confirm-address/<token>", "confirm_address", confirm_address, methods=both)
    site.add_url_rule("/profile/password", "my_password", my_password, methods=both)
    site.add_url_rule("/profile/sign-ins", "my_sign_ins", my_sign_ins)
    site.add_url_rule(
        "/profile/sign-ins/<int:sign_in_id>/end", "end_sign_in", end_sign_in, methods=["POST"]
    )
    site.add_url_rule("/profile/sign-ins/end", "end_sign_ins", end_sign_ins, methods=["POST"])


def frame(part: str, **more: Any) -> str:
    """A page of one's own account, with its parts beside it."""
    parts = [
        ("profile", "user", _("Profile"), url_for("web.my_account")),
        ("password", "lock", _("Password"), url_for("web.my_password")),
        ("two_step", "shield-lock", _("Two-step sign-in"), url_for("web.my_two_step")),
        ("sign_ins", "devices", _("Signed-in devices"), url_for("web.my_sign_ins")),
    ]
    return render_template(f"account/own/{part}.html", part=part, parts=parts, **more)


@members(OWN)
def my_account() -> Answer:
    """Name and language."""
    who = access.signed_in()
    if request.method == "GET":
        return _profile(Form({"name": who.user.name or "", "locale": _language(who.user.locale)}))
    form = Form.sent(request.form, formats.locale())
    fields = {
        "name": form.text("name"),
        "locale": form.choice("locale", catalogs.LANGUAGES, required=False),
    }
    if not form.ok:
        return _profile(form), 422
    try:
        users.update_own(user_id=who.user_id, fields=fields)
    except InvoicerError as error:
        form.refuse(error)
        return _profile(form), status_of(error)
    flash(_("Saved."), "success")
    return redirect(url_for("web.my_account"))


def _language(locale: str | None) -> str:
    code = (locale or "").replace("_", "-").partition("-")[0]
    return code if code in catalogs.LANGUAGES else ""


def _profile(form: Form) -> str:
    languages = [("", _("As the browser asks")), *((c, LANGUAGES[c]) for c in catalogs.LANGUAGES)]
    return frame("profile", form=form, languages=languages)


@members(OWN)
def my_password() -> Answer:
    """Choose another password; every other sign-in ends."""
    form = Form.sent({}, formats.locale())
    if request.method == "GET":
        return frame("password", form=form)
    who = access.signed_in()
    current, new = request.form.get("current", ""), request.form.get("password", "")
    for name, value in (("current", current), ("password", new)):
        if not value:
            form.fail(name, _("Please fill this in."))
    if not form.ok:
        return frame("password", form=form), 422
    try:
        rate_limits.check_sign_in(who.email, request.remote_addr)
        users.change_password(
            user_id=who.user_id, current=current, new=new, sign_in_id=who.sign_in_id,
            visitor=visitor(),
        )  # fmt: skip
    except TooManyRequests as error:
        form.problem = told(error.detail)
        return frame("password", form=form), 429, {"Retry-After": str(error.retry_after)}
    except InvoicerError as error:
        form.refuse(error, {"/current_password": "current", "/password": "password"})
        return frame("password", form=form), status_of(error)
    flash(_("Your password is changed. Every other device is signed out."), "success")
    return redirect(url_for("web.my_password"))


@members(OWN)
def my_address() -> Answer:
    """Sign in with another address: the password is asked, and a link mailed to it."""
    form = Form.sent(request.form, formats.locale())
    if request.method == "GET":
        return frame("address", form=form)
    who, password = access.signed_in(), request.form.get("password", "")
    email = form.email("email", required=True)
    if not password:
        form.fail("password", _("Please fill this in."))
    if not form.ok or email is None:
        return frame("address", form=form), 422
    try:
        rate_limits.check_sign_in(who.email, request.remote_addr)
        own_address.ask(user_id=who.user_id, password=password, email=email, visitor=visitor())
    except TooManyRequests as error:
        form.problem = told(error.detail)
        return frame("address", form=form), 429, {"Retry-After": str(error.retry_after)}
    except InvoicerError as error:
        form.refuse(error)
        return frame("address", form=form), status_of(error)
    flash(_("A link is on its way to %(email)s. Your address changes when you open it.",
            email=email), "success")  # fmt: skip
    return redirect(url_for("web.my_account"))


@everyone
def confirm_address(token: str) -> Answer:
    """Where the mailed link leads: the button changes the address, so that no scanner of mails
    does."""
    try:
        if request.method == "GET":
            email = own_address.pending(token=token)
            return render_template("account/confirm_address.html", email=email)
        email = own_address.confirm(token=token, visitor=visitor())
    except NotFound as error:
        page = render_template("account/confirm_address.html", email="", problem=told(error.detail))
        return page, 404
    flash(_("You sign in with %(email)s from now on.", email=email), "success")
    return redirect(url_for("web.my_account"))


@members(OWN)
def my_sign_ins() -> Answer:
    """Where one is signed in."""
    found = sign_ins.find(identity=access.signed_in())
    shown = sorted(found, key=lambda each: (not each.current, -each.last_seen_at.timestamp()))
    return frame(
        "sign_ins",
        sign_ins=[(each, devices.words(each.user_agent), devices.icon(each)) for each in shown],
        events=[
            (each, event_words(each.name), devices.words(each.user_agent))
            for each in security_log.recent(user_id=access.signed_in().user_id)
        ],
        two_factor=two_factor.state(user_id=access.signed_in().user_id),
    )


def event_words(name: str) -> str:
    """An entry of the security log as people say it."""
    words = {
        "sign_in": _("Signed in"), "sign_in_failed": _("Wrong password"),
        "sign_out": _("Signed out"), "revoked": _("A device was signed out"),
        "second_step_failed": _("Wrong code"), "recovery_code_used": _("Recovery code used"),
        "recovery_codes_renewed": _("New recovery codes"),
        "two_factor_on": _("Two-step sign-in switched on"),
        "two_factor_off": _("Two-step sign-in switched off"),
        "two_factor_reset": _("Two-step sign-in switched off on the server"),
        "password_changed": _("Password changed"), "password_wrong": _("Wrong password"),
        "password_change_failed": _("Wrong password"),
        "password_reset_asked": _("Link for a new password asked for"),
        "password_reset": _("New password set by a mailed link"),
        "refresh_reused": _("A used token came back; its device was signed out"),
        "api_key_created": _("API key made"), "api_key_revoked": _("API key revoked"),
        "role_changed": _("Role changed"), "member_removed": _("Removed from a business"),
        "registered": _("Account made"),
        "email_change_asked": _("Another address asked for"),
        "email_changed": _("Address changed"),
    }  # fmt: skip
    return str(words.get(name, name.replace("_", " ").capitalize()))


@members(OWN)
def end_sign_in(sign_in_id: int) -> Answer:
    """Sign one other device out."""
    who = access.signed_in()
    sign_ins.revoke(identity=who, sign_in_id=sign_in_id, ip=request.remote_addr)
    if sign_in_id == who.sign_in_id:
        return redirect(url_for("web.sign_in"))
    flash(_("That device is signed out."), "success")
    return redirect(url_for("web.my_sign_ins"))


@members(OWN)
def end_sign_ins() -> Answer:
    """Sign every other device out."""
    ended = sign_ins.revoke_others(identity=access.signed_in(), ip=request.remote_addr)
    flash(ngettext("%(num)s device is signed out.", "%(num)s devices are signed out.", ended),
          "success")  # fmt: skip
    return redirect(url_for("web.my_sign_ins"))
