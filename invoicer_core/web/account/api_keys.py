"""API keys of the business: making one, seeing which are in use, revoking."""

from dataclasses import dataclass
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.services import rate_limits, secret_keys
from invoicer_core.services.identity import api_keys, users
from invoicer_core.web import access, formats, once
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.account import scopes
from invoicer_core.web.account.browser import visitor
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.settings.frame import groups

CUSTOM: Final = "custom"
DAYS: Final = ("30", "90", "365", "")


def install(site: Site) -> None:
    """Add the pages of this file."""
    both = ["GET", "POST"]
    site.add_url_rule("/settings/api-keys", "api_keys", key_list)
    site.add_url_rule("/settings/api-keys/new", "api_key_new", new_key, methods=both)
    site.add_url_rule(
        "/settings/api-keys/<int:key_id>/revoke", "revoke_api_key", revoke_key, methods=["POST"]
    )


@members("settings.write")
def key_list() -> Answer:
    """Keys with what they may do, when they were used last, when they end."""
    found = api_keys.find()
    return render_template(
        "account/api_keys.html",
        form=Form(),
        parts=groups(),
        keys=found,
        things={each.id: scopes.things(each.scopes) for each in found},
    )


@dataclass(frozen=True, slots=True)
class _Typed:
    """The key that was asked for."""

    name: str
    scopes: frozenset[str]
    days: int | None


@members("settings.write")
def new_key() -> Answer:
    """Make a key; its text is shown on the answer of this page and never again."""
    if request.method == "GET":
        return _new_page(Form({"preset": "read", "days": "365"}), ())
    form = Form.sent(request.form, formats.locale())
    form.values.pop("password", None)
    ticked = tuple(request.form.getlist("scope"))
    typed = _read(form, ticked)
    if typed is None:
        return _new_page(form, ticked), 422
    made: list[str] = []

    def store() -> str:
        _key, token = api_keys.create(
            name=typed.name, scopes=typed.scopes, days=typed.days, by=access.actor()
        )
        made.append(token)
        return url_for("web.api_keys")

    try:
        _confirm(request.form["password"])
        address = once.made(store)
    except InvoicerError as error:
        form.refuse(error, {"/scopes": "preset", "/password": "password"})
        return _new_page(form, ticked), status_of(error)
    if made:
        return _made_page(typed.name, made[0])
    flash(_("This key was made already. Its text was shown once; revoke it if it is lost."),
          "warning")  # fmt: skip
    return redirect(address)


def _read(form: Form, ticked: tuple[str, ...]) -> _Typed | None:
    """What was typed; None when something is wrong with it."""
    name = form.text("name", required=True, longest=100)
    preset = form.choice("preset", [*api_keys.PRESETS, CUSTOM])
    days = form.choice("days", DAYS, required=False)
    wanted = _wanted(preset, ticked)
    if preset is not None and not wanted:
        form.fail("preset", _("Tick at least one thing that the key may do."))
    if not request.form.get("password"):
        form.fail("password", _("Please fill this in."))
    if not form.ok or name is None:
        return None
    return _Typed(name, wanted, int(days) if days else None)


def _made_page(name: str, token: str) -> str:
    return render_template(
        "account/api_key_made.html", form=Form(), parts=groups(), name=name, token=token,
        site=secret_keys.settings().url,
    )  # fmt: skip


def _wanted(preset: str | None, ticked: tuple[str, ...]) -> frozenset[str]:
    grantable = api_keys.grantable(access.actor())
    if preset == CUSTOM:
        return frozenset(ticked)
    return api_keys.PRESETS.get(preset or "", frozenset()) & grantable


def _confirm(password: str) -> None:
    """A browser that was left open must not become a key that outlives it."""
    who = access.signed_in()
    rate_limits.check_sign_in(who.email, request.remote_addr)
    users.confirm_password(user_id=who.user_id, password=password, visitor=visitor())


def _new_page(form: Form, ticked: tuple[str, ...]) -> str:
    return render_template(
        "account/new_api_key.html",
        form=form,
        parts=groups(),
        presets=scopes.presets(),
        things=scopes.things(api_keys.grantable(access.actor())),
        ticked=ticked,
        lifetimes=[
            ("30", _("30 days")), ("90", _("90 days")), ("365", _("One year")),
            ("", _("Never, until it is revoked")),
        ],
    )  # fmt: skip


@members("settings.write")
def revoke_key(key_id: int) -> Answer:
    """End a key at once."""
    api_keys.revoke(key_id=key_id, by=access.actor())
    flash(_("The key is revoked: the program that uses it is locked out now."), "success")
    return redirect(url_for("web.api_keys"))
