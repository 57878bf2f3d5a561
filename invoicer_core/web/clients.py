"""Clients: the list, the page of one, adding and changing."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.snapshots import ClientSnapshot
from invoicer_core.services import clients, invoices
from invoicer_core.web import access, formats, once
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.parties import CLIENT_FIELDS, client_fields
from invoicer_core.web.forms.reading import Form, shown_number
from invoicer_core.web.invoices import id_of
from invoicer_core.web.site import query_of


def install(site: Site) -> None:
    """Add the pages of this file."""
    both = ["GET", "POST"]
    site.add_url_rule("/clients", "clients", client_list)
    site.add_url_rule("/clients/new", "new_client", new_client, methods=both)
    site.add_url_rule("/clients/<int:client_id>", "client", client)
    site.add_url_rule("/clients/<int:client_id>/edit", "edit_client", edit_client, methods=both)
    site.add_url_rule(
        "/clients/<int:client_id>/archive", "archive_client", archive_client, methods=["POST"]
    )


@members("clients.read")
def client_list() -> Answer:
    """Clients by name."""
    query = query_of("q", "cursor")
    page = clients.find(q=query.get("q"), sort="name", cursor=query.get("cursor"))
    return render_template("clients/list.html", page=page, query=query)


@members("clients.read")
def client(client_id: int) -> Answer:
    """One client with what is open and the newest invoices."""
    found = clients.get(client_id=client_id)
    newest = invoices.find(client_id=client_id, limit=10)
    return render_template("clients/detail.html", client=found, invoices=newest)


@members("clients.write")
def new_client() -> Answer:
    """Add a client."""
    if request.method == "GET":
        return _page(Form({"country": formats.country()}))
    form = Form.sent(request.form, formats.locale())
    fields = client_fields(form)

    def store() -> str:
        made = clients.create(
            fields={name: value for name, value in fields.items() if value is not None},
            by=access.actor(),
        )
        flash(_("%(name)s is added.", name=made.name), "success")
        return url_for("web.client", client_id=made.id)

    if not form.ok:
        return _page(form), 422
    try:
        return redirect(once.made(store))
    except InvoicerError as error:
        form.refuse(error)
        return _page(form), status_of(error)


@members("clients.write")
def edit_client(client_id: int) -> Answer:
    """Change a client; issued invoices keep what they say."""
    stored = clients.get(client_id=client_id)
    if request.method == "GET":
        return _page(Form(_values(stored)), stored)
    form = Form.sent(request.form, formats.locale())
    fields = client_fields(form)
    if not form.ok:
        return _page(form, stored), 422
    try:
        clients.update(
            client_id=client_id,
            fields=fields,
            by=access.actor(),
            expected_version=id_of(form.get("version")),
        )
    except InvoicerError as error:
        form.refuse(error)
        form.values["version"] = str(clients.get(client_id=client_id).version)
        return _page(form, stored), status_of(error)
    flash(_("Saved."), "success")
    return redirect(url_for("web.client", client_id=client_id))


@members("clients.write")
def archive_client(client_id: int) -> Answer:
    """Take a client out of the lists."""
    done = clients.archive(client_id=client_id, by=access.actor())
    flash(_("%(name)s is archived.", name=done.name), "success")
    return redirect(url_for("web.clients"))


def _values(stored: ClientSnapshot) -> dict[str, str]:
    values: dict[str, Any] = {name: getattr(stored, name) for name in CLIENT_FIELDS}
    values["credit_limit"] = shown_number(stored.credit_limit, formats.locale())
    values["version"] = stored.version
    return {name: "" if value is None else str(value) for name, value in values.items()}


def _page(form: Form, stored: ClientSnapshot | None = None) -> str:
    return render_template("clients/edit.html", form=form, client=stored)
