"""Two-step sign-in: switching it on with an authenticator app, recovery codes, switching off."""

import segno
from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import Conflict, InvoicerError
from invoicer_core.services import rate_limits
from invoicer_core.services.identity import two_factor
from invoicer_core.web import access, formats
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.account.browser import visitor
from invoicer_core.web.account.own import OWN, frame
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/profile/two-step", "my_two_step", my_two_step)
    for path, name, view in (
        ("begin", "begin_two_step", begin_two_step),
        ("on", "enable_two_step", enable_two_step),
        ("off", "disable_two_step", disable_two_step),
        ("codes", "renew_codes", renew_codes),
    ):
        site.add_url_rule(f"/profile/two-step/{path}", name, view, methods=["POST"])


@members(OWN)
def my_two_step() -> Answer:
    """Off with a button, being set up with a QR code, or on."""
    return _page(Form())


def _page(form: Form, asked: str = "") -> str:
    who = access.signed_in()
    state = two_factor.state(user_id=who.user_id)
    enrolment = two_factor.enrolment(user=who.user) if state.is_pending else None
    picture = None
    if enrolment is not None:
        picture = segno.make(enrolment.uri, error="m").svg_data_uri(scale=5, border=2, light="#fff")
    secret = enrolment.secret if enrolment else ""
    spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return frame(
        "two_step", form=form, state=state, picture=picture, secret=spaced, asked=asked, codes=()
    )


def _refused(form: Form, error: InvoicerError, asked: str) -> Answer:
    form.values["code"] = ""
    form.refuse(error, {"/code": "code", "/password": "password"})
    retry_after = getattr(error, "retry_after", None)
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return _page(form, asked), status_of(error), headers


@members(OWN)
def begin_two_step() -> Answer:
    """Make a secret for an app; nothing changes for signing in yet."""
    two_factor.begin(user_id=access.signed_in().user_id)
    return redirect(url_for("web.my_two_step"))


@members(OWN)
def enable_two_step() -> Answer:
    """Switch on with the app's first code; shows the recovery codes, this once."""
    form = Form.sent(request.form, formats.locale())
    code = form.text("code", required=True, longest=40)
    if code is None or not form.ok:
        return _page(form), 422
    who = access.signed_in()
    try:
        codes = two_factor.enable(user_id=who.user_id, code=code, visitor=visitor())
    except Conflict:
        return redirect(url_for("web.my_two_step"))
    except InvoicerError as error:
        return _refused(form, error, "")
    return _codes(codes)


@members(OWN)
def renew_codes() -> Answer:
    """New recovery codes for a code; the old ones open nothing any more."""
    form = Form.sent(request.form, formats.locale())
    code = form.text("code", required=True, longest=40)
    if code is None or not form.ok:
        return _page(form, "codes"), 422
    who = access.signed_in()
    try:
        codes = two_factor.renew_codes(user_id=who.user_id, code=code, visitor=visitor())
    except InvoicerError as error:
        return _refused(form, error, "codes")
    return _codes(codes)


def _codes(codes: tuple[str, ...]) -> str:
    state = two_factor.state(user_id=access.signed_in().user_id)
    return frame("two_step", form=Form(), state=state, codes=codes, asked="", picture=None)


@members(OWN)
def disable_two_step() -> Answer:
    """Switch off, with the password and a code."""
    form = Form.sent({"code": request.form.get("code", "")}, formats.locale())
    code = form.text("code", required=True, longest=40)
    password = request.form.get("password", "")
    if not password:
        form.fail("password", _("Please fill this in."))
    if code is None or not form.ok:
        return _page(form, "off"), 422
    who = access.signed_in()
    try:
        rate_limits.check_sign_in(who.email, request.remote_addr)
        two_factor.disable(user_id=who.user_id, password=password, code=code, visitor=visitor())
    except InvoicerError as error:
        return _refused(form, error, "off")
    flash(_("Two-step sign-in is off. Your password alone opens this account now."), "warning")
    return redirect(url_for("web.my_two_step"))
