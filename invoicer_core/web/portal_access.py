"""The business's side of the clients' pages: who is on them, and payments of unknown end."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.services import clients, payments
from invoicer_core.services.portal import visitors
from invoicer_core.web import access
from invoicer_core.web.access import Answer, Site, members


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/clients/<int:client_id>/portal", "client_portal", client_portal)
    site.add_url_rule(
        "/clients/<int:client_id>/portal/close", "close_portal", close_portal, methods=["POST"]
    )
    site.add_url_rule(
        "/payments/<int:payment_id>/decide", "decide_payment", decide_payment, methods=["POST"]
    )


@members("clients.read")
def client_portal(client_id: int) -> Answer:
    """The addresses that may open the client's pages, and the browsers in which they are open."""
    client = clients.get(client_id=client_id)
    addresses = [(client.email, client.name)] if client.email else []
    addresses += [(each.email, each.name) for each in client.contacts if each.email]
    return render_template(
        "portal/access.html",
        client=client,
        addresses=addresses,
        sessions=visitors.find(client_id=client_id),
    )


@members("clients.write")
def close_portal(client_id: int) -> Answer:
    """End every session of the client's people."""
    client = clients.get(client_id=client_id)
    visitors.revoke_all(client_id=client.id, by=access.actor())
    flash(_("Everybody of %(client)s is signed out.", client=client.name), "success")
    return redirect(url_for("web.client_portal", client_id=client.id), 303)


@members("payments.write")
def decide_payment(payment_id: int) -> Answer:
    """What became of an online payment: asked of its provider, or said by a person."""
    found = payments.get(payment_id=payment_id)
    by = access.actor()
    said = request.form.get("arrived")
    if said in ("yes", "no"):
        found = payments.decide(payment_id=payment_id, arrived=said == "yes", by=by)
    elif found.invoice_id is not None:
        payments.look(invoice_id=found.invoice_id, public_id=found.public_id, by=by)
        found = payments.get(payment_id=payment_id)
    if found.status in ("pending", "unknown"):
        flash(_("The provider does not know yet either. Ask again later."), "info")
    return redirect(url_for("web.payment", payment_id=payment_id), 303)
