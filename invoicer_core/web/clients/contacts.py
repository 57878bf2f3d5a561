"""The people at a client, and over which channels they agreed to be written to."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError, NotFound
from invoicer_core.domain.snapshots import ClientSnapshot, ContactSnapshot
from invoicer_core.services import clients
from invoicer_core.services.messages import consents
from invoicer_core.web import access, formats, once
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.words import channel_options

CONSENT = "consent"


def install(site: Site) -> None:
    """Add the pages of this file."""
    both, post = ["GET", "POST"], ["POST"]
    base = "/clients/<int:client_id>/contacts"
    site.add_url_rule(f"{base}/new", "new_contact", new_contact, methods=both)
    one = f"{base}/<int:contact_id>"
    site.add_url_rule(one, "contact", contact, methods=both)
    site.add_url_rule(f"{one}/remove", "remove_contact", remove_contact, methods=post)
    site.add_url_rule(f"{one}/consent", "contact_consent", record_consent, methods=post)


@members("clients.write")
def new_contact(client_id: int) -> Answer:
    """Add a person."""
    client = clients.get(client_id=client_id)
    if request.method == "GET":
        return _page(Form(), client)
    form = Form.sent(request.form, formats.locale())
    fields = _fields(form)

    def store() -> str:
        made = clients.add_contact(client_id=client_id, fields=fields, by=access.actor())
        flash(_("%(name)s is added.", name=made.name), "success")
        return url_for("web.contact", client_id=client_id, contact_id=made.id)

    if not form.ok:
        return _page(form, client), 422
    try:
        return redirect(once.made(store))
    except InvoicerError as error:
        form.refuse(error)
        return _page(form, client), status_of(error)


@members("clients.write")
def contact(client_id: int, contact_id: int) -> Answer:
    """Change a person; see and record what they agreed to."""
    client = clients.get(client_id=client_id)
    found = _of(client, contact_id)
    if request.method == "GET":
        return _page(_values(found), client, found)
    form = Form.sent(request.form, formats.locale())
    fields = _fields(form)
    if not form.ok:
        return _page(form, client, found), 422
    try:
        clients.change_contact(
            client_id=client_id, contact_id=contact_id, fields=fields, by=access.actor()
        )
    except InvoicerError as error:
        form.refuse(error)
        return _page(form, client, found), status_of(error)
    flash(_("Saved."), "success")
    return redirect(url_for("web.client", client_id=client_id))


@members("clients.write")
def remove_contact(client_id: int, contact_id: int) -> Answer:
    """Remove a person, with what they agreed to."""
    clients.remove_contact(client_id=client_id, contact_id=contact_id, by=access.actor())
    flash(_("The contact is removed."), "success")
    return redirect(url_for("web.client", client_id=client_id))


@members("clients.write")
def record_consent(client_id: int, contact_id: int) -> Answer:
    """Note that a contact agreed to a channel, or took it back."""
    client = clients.get(client_id=client_id)
    found = _of(client, contact_id)
    form = Form.sent(request.form, formats.locale())
    channel = form.choice("channel", consents.channels())
    given = form.choice("given", ("yes", "no"))
    how = form.text("how", required=True, longest=consents.HOW_LONGEST)
    day = form.date("day", required=True)

    def work() -> str:
        if channel is not None and day is not None:
            consents.record(
                client_id=client_id, contact_id=contact_id, channel=channel, how=how or "",
                given=given == "yes", day=day, by=access.actor(),
            )  # fmt: skip
            flash(_("Noted."), "success")
        return url_for("web.contact", client_id=client_id, contact_id=contact_id)

    if not form.ok:
        return _page(_values(found), client, found, said=form), 422
    try:
        return redirect(once.made(work))
    except InvoicerError as error:
        form.refuse(error)
        return _page(_values(found), client, found, said=form), status_of(error)


def _of(client: ClientSnapshot, contact_id: int) -> ContactSnapshot:
    found = next((each for each in client.contacts if each.id == contact_id), None)
    if found is None:
        raise NotFound.of("contact", contact_id)
    return found


def _fields(form: Form) -> dict[str, Any]:
    return {
        "name": form.text("name", required=True),
        "email": form.email("email"),
        "phone": form.text("phone", longest=50),
        "role": form.text("role", longest=100),
        "is_primary": bool(form.get("is_primary")),
    }


def _values(found: ContactSnapshot) -> Form:
    names = ("name", "email", "phone", "role")
    values = {name: str(getattr(found, name) or "") for name in names}
    return Form({**values, "is_primary": "1" if found.is_primary else ""})


def _page(
    form: Form,
    client: ClientSnapshot,
    found: ContactSnapshot | None = None,
    *,
    said: Form | None = None,
) -> str:
    blank = Form({"day": formats.today().isoformat(), "given": "yes"})
    return render_template(
        "clients/contact.html",
        form=form,
        client=client,
        contact=found,
        said=said or blank,
        channels=channel_options(),
        current=consents.current(contact_ids=[found.id]).get(found.id, {}) if found else {},
        history=consents.history(contact_id=found.id) if found else (),
    )
