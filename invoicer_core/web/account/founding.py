"""The first set-up of an installation, one more business, and going from one to another."""

from dataclasses import dataclass
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.services import businesses, tax_rates
from invoicer_core.services.identity import sessions, users
from invoicer_core.web import access, formats, once, words
from invoicer_core.web.access import Answer, Site, everyone, members
from invoicer_core.web.account.browser import noted, welcome
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.forms.set_up import business_fields, founder_fields, tax_fields


def install(site: Site) -> None:
    """Add the pages of this file."""
    both = ["GET", "POST"]
    site.add_url_rule("/set-up", "set_up", set_up, methods=both)
    site.add_url_rule("/register", "register", register, methods=both)
    site.add_url_rule("/businesses", "businesses", business_list)
    site.add_url_rule("/businesses/menu", "business_menu", business_menu)
    site.add_url_rule("/businesses/new", "new_business", new_business, methods=both)
    site.add_url_rule(
        "/businesses/<int:business_id>/switch", "switch_business", switch_business, methods=["POST"]
    )


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
    if typed.founder is not None:
        typed.founder["password"] = request.form["password"]  # as typed, with its blanks
    try:
        token = _found(typed)
    except InvoicerError as error:
        form.refuse(error, _names(form))
        return _set_up_page(form), status_of(error)
    flash(_("Welcome! Your business is ready."), "success")
    after = url_for("web.welcome")
    return welcome(token, after) if token else redirect(after)


@everyone
def register() -> Answer:
    """An account with a business, where the installation is open to all. What follows looks the
    same whether the address was new or not."""
    if users.needs_first():
        return redirect(url_for("web.set_up"))
    if not users.is_open() or access.identity() is not None:
        return redirect(url_for("web.sign_in"))
    if request.method == "GET":
        values = {"country": "DE", "currency": "EUR", "time_zone": "Europe/Berlin"}
        return _register_page(Form(values))
    form = Form.sent(request.form, formats.locale())
    name, email = form.text("name"), form.email("email", required=True)
    business, password = business_fields(form), request.form.get("password", "")
    form.values["password"] = ""
    if not password:
        form.fail("password", _("Please fill this in."))
    if not form.ok or email is None:
        return _register_page(form), 422
    try:
        users.register(email=email, password=password, name=name, business=business, **noted())
    except InvoicerError as error:
        form.refuse(error, _names(form) | {"/name": "name"})
        return _register_page(form), status_of(error)
    flash(_("Almost there: sign in with the address and the password that you chose."), "success")
    return redirect(url_for("web.sign_in", next=url_for("web.welcome")))


def _register_page(form: Form) -> str:
    return render_template("account/register.html", form=form, **_choices())


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
        who = sessions.choose_business(identity=who, business_id=founded.id)
    else:
        users.set_up(**typed.founder, business=typed.business)
        signed = sessions.sign_in(
            email=typed.founder["email"], password=typed.founder["password"], kind="web", **noted()
        )
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


def _names(form: Form) -> dict[str, str]:
    names = {f"/{name}": name for name in form.values}
    names |= {f"/business/{name}": name for name in form.values}
    return names | {"/business/name": "business_name", "/name": "business_name"}


def _set_up_page(form: Form) -> str:
    return render_template("account/set_up.html", form=form, **_choices())


def _choices() -> dict[str, words.Options]:
    return {
        "countries": words.country_options(),
        "currencies": words.currency_options(),
        "time_zones": words.time_zone_options(),
    }


@members("business.read")
def business_list() -> Answer:
    """Every business in which the visitor has a seat."""
    found = businesses.of_user(user_id=access.signed_in().user_id)
    return render_template("account/businesses.html", businesses=found)


@members("business.read")
def business_menu() -> Answer:
    """The other businesses, for the account menu; asked for when it is opened."""
    found = businesses.of_user(user_id=access.signed_in().user_id)
    return render_template("account/business_menu.html", businesses=found)


@members("business.read")
def new_business() -> Answer:
    """Found one more business; the visitor owns it, and works in it from then on."""
    if request.method == "GET":
        here = g.business
        values = {
            "country": here.country or "", "currency": here.currency or "EUR",
            "time_zone": here.time_zone,
        }  # fmt: skip
        return _new_page(Form(values))
    form = Form.sent(request.form, formats.locale())
    fields = business_fields(form)
    if not form.ok:
        return _new_page(form), 422

    def store() -> str:
        founded = users.found_business(fields=fields, by=access.actor())
        return f"{url_for('web.welcome')}#{founded.id}"

    try:
        address, _mark, founded_id = once.made(store).rpartition("#")
    except InvoicerError as error:
        form.refuse(error, _names(form))
        return _new_page(form), status_of(error)
    sessions.choose_business(identity=access.signed_in(), business_id=int(founded_id))
    flash(_("%(name)s is ready, and you are in it now.", name=fields["name"]), "success")
    return redirect(address)


def _new_page(form: Form) -> str:
    return render_template("account/new_business.html", form=form, **_choices())


@everyone
def switch_business(business_id: int) -> Answer:
    """Work in another of one's businesses. Open to a page of any business: it only leads there."""
    who = access.identity()
    if who is None:
        return access.to_sign_in()
    sessions.choose_business(identity=who, business_id=business_id)
    return redirect("/")
