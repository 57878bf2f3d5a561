"""Who of a client is on its own pages now, and an end to that; for the business's people."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from invoicer_core.services import clients, portal_sessions
from invoicer_core.web import access
from invoicer_core.web.access import Answer, Site, members


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/clients/<int:client_id>/portal", "client_portal", client_portal)
    site.add_url_rule(
        "/clients/<int:client_id>/portal/close", "close_portal", close_portal, methods=["POST"]
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
        sessions=portal_sessions.find(client_id=client_id),
    )


@members("clients.write")
def close_portal(client_id: int) -> Answer:
    """End every session of the client's people."""
    client = clients.get(client_id=client_id)
    portal_sessions.revoke_all(client_id=client.id, by=access.actor())
    flash(_("Everybody of %(client)s is signed out.", client=client.name), "success")
    return redirect(url_for("web.client_portal", client_id=client.id), 303)
