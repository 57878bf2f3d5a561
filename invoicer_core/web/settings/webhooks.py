"""Webhooks to others: addresses, the events they hear, their secrets, and what was sent to them."""

from typing import Any

from flask import redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.events import EVENTS
from invoicer_core.domain.webhooks import WebhookAttemptSnapshot
from invoicer_core.hooks import codec
from invoicer_core.services import webhooks
from invoicer_core.services.wording import told
from invoicer_core.web import access, once
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.catalogs import spoken
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.invoices import id_of
from invoicer_core.web.settings import frame
from invoicer_core.web.site import query_of

STATES = ("succeeded", "failed")


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/settings/webhooks", "settings_webhooks", show)
    site.add_url_rule("/settings/webhooks/<int:endpoint_id>", "settings_webhook", one)
    site.add_url_rule("/settings/webhooks", "settings_webhook_add", add, methods=["POST"])
    for path, view in (
        ("save", save), ("switch", switch), ("secret", new_secret), ("test", test),
        ("resend", resend), ("delete", delete),
    ):  # fmt: skip
        site.add_url_rule(
            f"/settings/webhooks/<int:endpoint_id>/{path}", f"settings_webhook_{path}", view,
            methods=["POST"],
        )  # fmt: skip


def event_groups() -> dict[str, list[tuple[str, str]]]:
    """The events by the thing they are about, each with its first sentence of explanation."""
    words = {
        "invoice": _("Invoices"), "credit_note": _("Credit notes"), "payment": _("Payments"),
        "client": _("Clients"), "order": _("Orders"), "product": _("Products"),
        "supplier": _("Suppliers"), "message": _("Messages"), "document": _("Documents"),
        "user": _("Users"), "workflow": _("Workflows"), "plugin": _("Plugins"),
    }  # fmt: skip
    found: dict[str, list[tuple[str, str]]] = {}
    for name, kind in EVENTS.items():
        thing = name.partition(".")[0]
        found.setdefault(words.get(thing, thing), []).append((name, spoken(kind.about())))
    return found


def _fields(form: Form) -> dict[str, Any]:
    return {
        "url": form.text("url", required=True, longest=2000),
        "description": form.text("description", longest=200),
        "events": request.form.getlist("events"),
    }


@members("settings.write")
def show() -> Answer:
    """Every endpoint, and the form for one more."""
    return _list(Form({"chosen": "invoice.issued invoice.paid"}))


def _list(form: Form) -> str:
    return frame.page(
        "webhooks", form, page=webhooks.find(limit=50), groups=event_groups(),
        chosen=set(form.get("chosen").split()),
    )  # fmt: skip


@members("settings.write")
def add() -> Answer:
    """Add an endpoint, and show its secret this once."""
    form = frame.sent()
    fields = _fields(form)
    form.values["chosen"] = " ".join(fields["events"])
    if not form.ok:
        return _list(form), 422
    secrets: list[str] = []

    def store() -> str:
        made, secret = webhooks.create(fields=fields, by=access.actor())
        secrets.append(secret)
        return url_for("web.settings_webhook", endpoint_id=made.id)

    try:
        address = once.made(store)
    except InvoicerError as error:
        form.values.setdefault("events", "")
        status = frame.refusal(form, error)
        return _list(form), status
    if not secrets:
        return redirect(address)
    return _one(int(address.rsplit("/", 1)[1]), secret=secrets[0])


@members("settings.write")
def one(endpoint_id: int) -> Answer:
    """One endpoint with its log."""
    return _one(endpoint_id)


def _one(endpoint_id: int, form: Form | None = None, *, secret: str | None = None) -> str:
    found = webhooks.get(endpoint_id=endpoint_id)
    query = query_of("state", "cursor")
    if query.get("state") not in STATES:
        query.pop("state", None)
    if form is None:
        form = Form({
            "url": found.url, "description": found.description or "",
            "version": str(found.version), "chosen": " ".join(found.events),
        })  # fmt: skip
    log = webhooks.attempts(
        endpoint_id=endpoint_id, state=query.get("state"), cursor=query.get("cursor"), limit=25
    )
    return frame.page(
        "webhook", form, webhook=found, groups=event_groups(), secret=secret, log=log, query=query,
        chosen=set(form.get("chosen").split()), pretty=pretty,
    )  # fmt: skip


def pretty(attempt: WebhookAttemptSnapshot) -> str:
    """What was sent, with line breaks where the whole of it is kept."""
    try:
        return codec.dumps(codec.loads(attempt.request), indent=2)
    except ValueError:
        return attempt.request


@members("settings.write")
def save(endpoint_id: int) -> Answer:
    """Change an endpoint."""
    form = frame.sent()
    fields = _fields(form)
    form.values["chosen"] = " ".join(fields["events"])
    if not form.ok:
        return _one(endpoint_id, form), 422
    try:
        webhooks.update(
            endpoint_id=endpoint_id, fields=fields, by=access.actor(),
            expected_version=id_of(form.get("version")),
        )  # fmt: skip
    except InvoicerError as error:
        form.values.setdefault("events", "")
        form.values["version"] = str(webhooks.get(endpoint_id=endpoint_id).version)
        status = frame.refusal(form, error)
        return _one(endpoint_id, form), status
    return frame.saved("settings_webhook", endpoint_id=endpoint_id)


@members("settings.write")
def switch(endpoint_id: int) -> Answer:
    """Switch an endpoint on or off."""
    on = bool(request.form.get("on"))
    count = webhooks.switch(endpoint_id=endpoint_id, on=on, by=access.actor())
    if not on:
        text = _("Switched off. What was waiting is kept; nothing new is collected.")
    elif count:
        text = ngettext("Switched on. %(num)s event that was kept is sent now.",
                        "Switched on. %(num)s events that were kept are sent now.",
                        count)  # fmt: skip
    else:
        text = _("Switched on.")
    return frame.told("settings_webhook", text, endpoint_id=endpoint_id)


@members("settings.write")
def new_secret(endpoint_id: int) -> Answer:
    """Make a new secret, and show it this once."""
    secret = webhooks.rotate(endpoint_id=endpoint_id, by=access.actor())
    return _one(endpoint_id, secret=secret)


@members("settings.write")
def test(endpoint_id: int) -> Answer:
    """Send a test message; its outcome appears in the log."""
    webhooks.ping(endpoint_id=endpoint_id, by=access.actor())
    text = _("A test message is on its way: what came back appears below in a moment.")
    return frame.told("settings_webhook", text, endpoint_id=endpoint_id)


@members("settings.write")
def resend(endpoint_id: int) -> Answer:
    """Send an event once more."""
    number = id_of(request.form.get("delivery", "")) or 0
    try:
        webhooks.resend(endpoint_id=endpoint_id, delivery_id=number, by=access.actor())
    except InvoicerError as error:
        return frame.told("settings_webhook", told(error.detail), "danger", endpoint_id=endpoint_id)
    return frame.told("settings_webhook", _("It is sent again now."), endpoint_id=endpoint_id)


@members("settings.write")
def delete(endpoint_id: int) -> Answer:
    """Take an endpoint away."""
    webhooks.delete(endpoint_id=endpoint_id, by=access.actor())
    return frame.told("settings_webhooks", _("The webhook is gone: it hears nothing more."))
