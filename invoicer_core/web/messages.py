"""What was said to clients over all channels, what became of it, and what can be done about it."""

from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import Conflict, InvoicerError, NotFound
from invoicer_core.domain.snapshots import MessageSnapshot
from invoicer_core.services import clients, messages
from invoicer_core.services.messages import message_channels, sending
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats, once, words
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.invoices import id_of
from invoicer_core.web.site import query_of

UNSENT: Final = "unsent"
UNREAD: Final = "unread"
TABS: Final = (
    "",
    UNREAD,
    UNSENT,
    "queued",
    "sent",
    "delivered",
    "failed",
    "bounced",
    "read",
    "unknown",
)


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/messages", "messages", message_list)
    site.add_url_rule("/messages/<int:message_id>", "message", message)
    site.add_url_rule(
        "/messages/<int:message_id>/retry", "retry_message", retry_message, methods=["POST"]
    )
    site.add_url_rule(
        "/messages/<int:message_id>/read", "read_message", read_message, methods=["POST"]
    )
    site.add_url_rule(
        "/messages/<int:message_id>/now", "send_message_now", send_now, methods=["POST"]
    )
    site.add_url_rule("/messages/<int:message_id>/fate", "decide_message", decide, methods=["POST"])


def kind_words() -> dict[str, str]:
    """What messages are for."""
    return {
        "invoice": _("Invoice"), "receipt": _("Receipt"), "reminder": _("Reminder"),
        "statement": _("Statement"), "welcome": _("Welcome"), "test": _("Test"),
        "mail_test": _("Test"), "credit_note": _("Credit note"), "invitation": _("Invitation"),
        "webhook_given_up": _("Webhook given up"), "note": _("Message"), "reply": _("Reply"),
        "payment": _("Receipt"), "order": _("Order"), "workflow_late": _("Workflow takes too long"),
    }  # fmt: skip


def kind_word(kind: str) -> str:
    """What a message is for."""
    return str(kind_words().get(kind) or kind.replace("_", " ").capitalize())


@members("messages.read")
def message_list() -> Answer:
    """Messages, newest first; one that failed says why."""
    query = query_of("status", "channel", "client_id", "q", "cursor")
    if query.get("status", "") not in TABS:
        query.pop("status")
    status = query.get("status")
    client = _client(query)
    page = messages.find(
        q=query.get("q"),
        status=None if status in (UNSENT, UNREAD) else status,
        unsent=status == UNSENT,
        unread=status == UNREAD,
        channel=query.get("channel"),
        client_id=client.id if client is not None else None,
        cursor=query.get("cursor"),
    )
    return render_template(
        "messages/list.html", page=page, query=query, client=client, tabs=_tabs(),
        channels=words.channel_titles(), kind_word=kind_word,
    )  # fmt: skip


def _tabs() -> list[tuple[str, str]]:
    count = messages.unread_count()
    new = _("New answers (%(count)s)", count=count) if count else _("New answers")
    names = {"": _("All"), UNREAD: new, UNSENT: _("Did not arrive")}
    return [(key, names.get(key) or words.message_word(key).capitalize()) for key in TABS]


def _client(query: dict[str, str]) -> Any:
    number = id_of(query.get("client_id"))
    if number is None:
        query.pop("client_id", None)
        return None
    try:
        return clients.get(client_id=number)
    except NotFound:
        query.pop("client_id")
        return None


@members("messages.read")
def message(message_id: int) -> Answer:
    """One message: its words, its attempts, and ways to send it again."""
    return _page(message_id, Form())


def _page(message_id: int, form: Form) -> str:
    found = messages.get(message_id=message_id)
    client = _client({"client_id": str(found.client_id or "")})
    return render_template(
        "messages/page.html", message=found, client=client, form=form,
        ways=message_channels.ways(message=found), kind_word=kind_word, thread=_thread(found),
    )  # fmt: skip


def _thread(found: MessageSnapshot) -> list[MessageSnapshot]:
    """The conversation, oldest first; empty where the message is alone in it."""
    page = messages.find(thread_id=found.thread_id or found.id, limit=50)
    whole = sorted(page.items, key=lambda each: (each.created_at, each.id))
    return whole if len(whole) > 1 else []


@members("messages.write")
def read_message(message_id: int) -> Answer:
    """Somebody looked at what came in."""
    messages.mark_read(message_ids=[message_id], by=access.actor())
    return "", 204


@members("messages.write")
def send_now(message_id: int) -> Answer:
    """Do not let a message wait for the end of the quiet hours."""
    try:
        messages.send_now(message_id=message_id, by=access.actor())
        flash(_("It is on its way."), "success")
    except Conflict as late:
        flash(told(late.detail), "danger")
    return redirect(url_for("web.message", message_id=message_id))


@members("messages.write")
def decide(message_id: int) -> Answer:
    """A person says what became of a message of which no provider could tell."""
    arrived = request.form.get("arrived") == "yes"
    try:
        sending.decide(message_id=message_id, arrived=arrived, by=access.actor())
        flash(_("It counts as sent.") if arrived else _("It counts as not delivered."), "success")
    except Conflict as late:
        flash(told(late.detail), "danger")
    return redirect(url_for("web.message", message_id=message_id))


@members("messages.write")
def retry_message(message_id: int) -> Answer:
    """Send a message once more, over the channel that was chosen or the same."""
    form = Form.sent(request.form, formats.locale())
    channel, recipient = form.get("channel") or None, form.text("recipient", longest=320)

    def store() -> str:
        made = messages.send_again(
            message_id=message_id, by=access.actor(), channel=channel, recipient=recipient
        )
        return url_for("web.message", message_id=made.id)

    if not form.ok:
        return _page(message_id, form), 422
    try:
        address = once.made(store)
    except InvoicerError as error:
        if isinstance(error, NotFound) and channel is None:
            raise
        form.values.setdefault("recipient", "")
        form.refuse(error)
        return _page(message_id, form), status_of(error)
    flash(_("It is on its way."), "success")
    return redirect(address)
