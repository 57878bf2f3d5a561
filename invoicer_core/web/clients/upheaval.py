"""What can not be undone with a client: merging, erasing; and taking all that is known along."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import Conflict, InvoicerError
from invoicer_core.domain.snapshots import ClientSnapshot
from invoicer_core.services import clients
from invoicer_core.services.clients import erasure, exporting, merging
from invoicer_core.services.clients.merging import MergePlan
from invoicer_core.services.wording import told
from invoicer_core.web import access
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.clients import words
from invoicer_core.web.errors import status_of
from invoicer_core.web.invoices import id_of
from invoicer_core.web.site import query_of


def install(site: Site) -> None:
    """Add the pages of this file."""
    both = ["GET", "POST"]
    base = "/clients/<int:client_id>"
    site.add_url_rule(f"{base}/merge", "merge_client", merge_client, methods=both)
    site.add_url_rule(f"{base}/erase", "erase_client", erase_client, methods=both)
    site.add_url_rule(f"{base}/export", "export_client", export_client)


@members("clients.merge")
def merge_client(client_id: int) -> Answer:
    """Choose the client that stays, see what will happen, and do it."""
    into_id = id_of(request.values.get("into"))
    done = merging.merged_into(client_id=client_id)
    if done is not None:  # a second click: lead to the client that stayed
        return redirect(url_for("web.client", client_id=done))
    found = clients.get(client_id=client_id)
    if request.method == "POST" and into_id is not None:
        return _merge(found, into_id)
    if into_id is None:
        return _merge_page(client_id, None)
    try:
        plan = merging.plan(client_id=client_id, into_id=into_id)
    except InvoicerError as error:
        return _merge_page(client_id, None, problem=told(error.detail)), status_of(error)
    return _merge_page(client_id, plan)


def _merge(gone: ClientSnapshot, into_id: int) -> Answer:
    try:
        kept = merging.merge(client_id=gone.id, into_id=into_id, by=access.actor())
    except InvoicerError as error:
        return _merge_page(gone.id, None, problem=told(error.detail)), status_of(error)
    flash(_("%(gone)s is now part of %(kept)s.", gone=gone.name, kept=kept.name), "success")
    return redirect(url_for("web.client", client_id=kept.id))


def _merge_page(client_id: int, plan: MergePlan | None, *, problem: str | None = None) -> str:
    query = query_of("q", "cursor")
    page = None
    if plan is None:
        page = clients.find(q=query.get("q"), sort="name", cursor=query.get("cursor"))
    return render_template(
        "clients/merge.html",
        client=clients.get(client_id=client_id),
        plan=plan,
        page=page,
        query=query,
        problem=problem,
        thing_word=words.thing_word,
        field_word=words.field_word,
    )


@members("clients.erase")
def erase_client(client_id: int) -> Answer:
    """See what goes and what stays, then take the personal data away for good."""
    problem, status = None, 200
    if request.method == "POST":
        try:
            if request.form.get("sure") != "1":
                raise Conflict(_("Please confirm that you want to erase the data."))
            erasure.erase(client_id=client_id, by=access.actor())
        except InvoicerError as error:
            problem, status = told(error.detail), status_of(error)
        else:
            flash(_("The personal data is erased."), "success")
            return redirect(url_for("web.client", client_id=client_id))
    page = render_template(
        "clients/erase.html",
        plan=erasure.plan(client_id=client_id),
        problem=problem,
        thing_word=words.thing_word,
    )
    return page, status


@members("clients.write")
def export_client(client_id: int) -> Response:
    """All that is kept about the client, as JSON."""
    response = Response(exporting.export(client_id=client_id), mimetype="application/json")
    name = f"client-{client_id}.json"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
