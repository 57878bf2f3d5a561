"""The client's page for having a card charged, behind the link of an invoice, and pieces of the
core's pages."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response as Answer

from invoicer_core.plugin import NotFound, OutcomeUnknown, PermanentFailure, RetryLater
from invoicer_core.plugin.pages import by_link, here, invoice_token, opened

from . import cards
from .records import Ctx

pages = Blueprint("stripe", __name__, template_folder="templates")
PUBLIC = frozenset({"automatic", "agree", "end"})


def offers_cards(ctx: Ctx) -> bool:
    """Whether the business charges saved cards at all."""
    return bool(ctx.settings.secret_key) and ctx.settings.charge != "never"


def words(ctx: Ctx) -> str:
    """What a client agrees to, as it is kept."""
    if ctx.settings.charge == "when issued":
        said = _("%(business)s may charge my card for each invoice to me, when it is issued."
                 " I can end this at any time.", business=ctx.business.name)  # fmt: skip
    else:
        said = _("%(business)s may charge my card for each invoice to me, on the day it is due."
                 " I can end this at any time.", business=ctx.business.name)  # fmt: skip
    return str(said)


@pages.get("/automatic/<token>")
def automatic(token: str) -> str:
    """How the client's invoices are paid by themselves, or could be."""
    with opened("stripe", token) as (ctx, invoice):
        return _page(ctx, token, invoice.client_id)


@pages.post("/automatic/<token>")
@by_link
def agree(token: str) -> str | tuple[str, int]:
    """The client agrees, and is led to Stripe's page to save the card."""
    with opened("stripe", token) as (ctx, invoice):
        if not offers_cards(ctx):
            raise NotFound(_("There is nothing at this address."))
        if request.form.get("agreed") != "yes":
            said = _("Please tick the box first: without your word nothing is ever charged.")
            return _page(ctx, token, invoice.client_id, problem=said), 422
        back = ctx.url_for(f"automatic/{token}")
        try:
            page = cards.agree(ctx, invoice, words(ctx), request.remote_addr, f"{back}?saved=1")
        except (PermanentFailure, RetryLater, OutcomeUnknown):
            ctx.log.exception("no page to save a card")
            said = _("Stripe did not answer. Nothing was saved; please try again in a moment.")
            return _page(ctx, token, invoice.client_id, problem=said), 503
        return _page(ctx, token, invoice.client_id, leads_to=page)


@pages.post("/automatic/<token>/end")
@by_link
def end(token: str) -> Answer:
    """The client ends it."""
    with opened("stripe", token) as (ctx, invoice):
        cards.stop(ctx, invoice.client_id)
        return redirect(url_for(".automatic", token=token), 303)


@pages.post("/cards/<int:client_id>/end")
def end_for(client_id: int) -> Answer | Response:
    """A member of the business ends it."""
    cards.stop(here("stripe"), client_id)
    return redirect(url_for("web.client", client_id=client_id), 303)


def _page(ctx: Ctx, token: str, client_id: int, *, problem: str = "", leads_to: str = "") -> str:
    card = cards.chargeable(ctx, client_id)
    return render_template(
        "stripe/automatic.html",
        token=token,
        card=card,
        waits=card is None and bool(request.args.get("saved")),
        offered=offers_cards(ctx),
        words=words(ctx),
        problem=problem,
        leads_to=leads_to,
    )


# --- pieces of the core's pages ------------------------------------------------------------------


def pay_slot(ctx: Ctx, given: Mapping[str, Any]) -> str:
    """Beside the ways to pay: the way to pay without thinking of it."""
    invoice = given["invoice"]
    card = cards.chargeable(ctx, invoice.client_id)
    if card is None and not offers_cards(ctx):
        return ""
    address = ctx.url_for(f"automatic/{invoice_token(invoice.public_id)}")
    return Markup(render_template("stripe/pay.html", card=card, address=address))  # noqa: S704 - ours


def client_slot(ctx: Ctx, given: Mapping[str, Any]) -> str:
    """On a client's page: the card that is charged, since when and by whose word."""
    client_id = given["client"].id
    card = cards.of_client(ctx, client_id)
    if card is None or card.agreed_at is None:
        return ""
    is_on = cards.chargeable(ctx, client_id) is not None
    shown = render_template("stripe/client.html", card=card, client_id=client_id, on=is_on)
    return Markup(shown)  # noqa: S704 - ours
