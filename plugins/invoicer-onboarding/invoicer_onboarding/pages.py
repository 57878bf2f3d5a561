"""The board: a column for each state, a card for each run."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from invoicer_core.plugin import Actor, InvalidInput
from invoicer_core.plugin.pages import here, made, told
from invoicer_core.plugin.use_cases import workflows

from . import greeting, limits, many, starting
from .flow import FIELDS, NAME, workflow
from .settings import Ctx

PLUGIN = "onboarding"
SHOWN = 50
pages = Blueprint(
    "onboarding", __name__, template_folder="templates", static_folder="static",
    static_url_path="/static",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """A run, and what is worth knowing of it at a glance."""

    run: Any
    facts: tuple[str, ...]
    warnings: tuple[str, ...]


@pages.get("/")
def board() -> str:
    """A column for each state."""
    ctx = here(PLUGIN)
    columns = []
    for state in workflow().states:
        page = workflows.find(workflow=NAME, state=state.name, limit=SHOWN)
        columns.append((state, [_card(ctx, run) for run in page.items], page.next_cursor))
    return render_template("onboarding/board.html", columns=columns, imports=many.imports())


@pages.post("/start")
def begin() -> Response:
    """Begin one supplier."""
    fields = {name: request.form[name] for name in FIELDS if request.form.get(name)}
    given = {"supplier": fields, "type": request.form.get("type") or None, "source": "page"}

    def work() -> str:
        starting.begin(given, by=_member())
        return url_for("onboarding.board")

    return _done(work, _("The onboarding has begun."))


@pages.post("/import")
def take_file() -> Response:
    """Begin every supplier of a file."""
    sent = request.files.get("file")

    def work() -> str:
        many.begin_import(here(PLUGIN), sent.read() if sent else b"", speak=told)
        return url_for("onboarding.board")

    return _done(work, _("The file is being read; the board fills by itself."))


@pages.app_template_filter("breakable")
def breakable(name: str) -> Markup:
    """A name of several words without blanks, that may be broken before each of them."""
    safe = "".join(f"<wbr>{escape(each)}" if each.isupper() else escape(each) for each in name)
    return Markup(safe.removeprefix("<wbr>"))  # noqa: S704 - each sign is escaped


def _done(work: Any, words: str) -> Response:
    """Do it once for the form that was sent, and go back to the board with an answer."""
    try:
        address = made(work)
    except InvalidInput as wrong:
        said = [f"{field_word(each.pointer)}: {told(each.message)}" for each in wrong.fields]
        flash("; ".join(said) or told(wrong.detail), "danger")
        address = url_for("onboarding.board")
    else:
        flash(words, "success")
    return redirect(address, 303)


def _member() -> Actor:
    """Who sits at the page."""
    ctx = here(PLUGIN)
    return ctx.member or ctx.actor


def field_word(name: str) -> str:
    """What a field of a supplier is called, by its name or pointer."""
    words = {
        "file": _("File"), "name": _("Name"), "legal_name": _("Legal name"), "email": _("E-mail"),
        "phone": _("Phone"), "address": _("Address"), "city": _("City"),
        "postcode": _("Postcode"), "region": _("Region"), "country": _("Country"),
        "vat_id": _("VAT number"), "tax_number": _("Tax number"),
        "contact_name": _("Contact"), "iban": _("IBAN"), "bic": _("BIC"),
        "currency": _("Currency"), "locale": _("Language"), "type": _("Type"),
    }  # fmt: skip
    last = name.rpartition("/")[2]
    return str(words.get(last, last))


def _card(ctx: Ctx, run: Any) -> Card:
    return Card(run, tuple(_facts(run)), tuple(_warnings(ctx, run)))


def _facts(run: Any) -> Iterator[str]:
    reasons = {
        "tax id": _("Tax number"), "e-mail": _("E-mail"), "name": _("Name"),
        "similarity": _("Likeness"),
    }  # fmt: skip
    for each in (run.output.get("DetermineProviderState") or {}).get("evidence", [])[:2]:
        yield _(
            "%(reason)s: %(name)s (%(score)s %%)",
            reason=reasons.get(each["by"], each["by"]), name=each["name"], score=each["score"],
        )  # fmt: skip
    changes = (run.output.get("HandleExistingProvider") or {}).get("differences", [])
    merged = [field_word(each["field"]) for each in changes if each["merged"]]
    if merged:
        yield _("Taken over: %(fields)s", fields=", ".join(merged))
    new = run.output.get("HandleNewProvider") or {}
    if new.get("documents") == greeting.ASKED:
        yield _("Documents asked for")
    if new.get("missing"):
        missing = ", ".join(field_word(each) for each in new["missing"])
        yield _("Still missing: %(fields)s", fields=missing)
    if new:
        yield _call(new.get("call"))
    bill = run.output.get(run.state) or {}
    if bill.get("invoice_number"):
        yield _("Invoice %(number)s", number=bill["invoice_number"])


def _call(outcome: Any) -> str:
    """What became of the welcome call."""
    words = {
        greeting.ASKED: _("Welcome call on its way"),
        greeting.OFF: _("No welcome call: calls are off"),
        greeting.NO_ADDRESS: _("No welcome call: no phone number"),
        greeting.NO_CONSENT: _("No welcome call: no consent noted"),
    }
    return str(words.get(outcome, _("No welcome call")))


def _warnings(ctx: Ctx, run: Any) -> Iterator[str]:
    if run.error:
        detail = run.steps[-1].error if run.steps else None
        yield f"{run.error}: {detail}" if detail and detail != run.error else run.error
    changes = (run.output.get("HandleExistingProvider") or {}).get("differences", [])
    by_hand = [field_word(each["field"]) for each in changes if not each["merged"]]
    if by_hand:
        yield _("Compare by hand: %(fields)s", fields=", ".join(by_hand))
    if limits.is_late(ctx, run):
        yield _("It stands still longer than your limit.")
