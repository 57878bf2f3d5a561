"""Over what clients are told, which mails they get, and a message to oneself as a test."""

from typing import Final

from flask import g, redirect, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.services import businesses, messages
from invoicer_core.services.messages import (
    carriers,
    quiet,
    reaching,
    watching,
)
from invoicer_core.services.plugins import control
from invoicer_core.web import access, once
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.catalogs import spoken
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.settings import frame
from invoicer_core.web.words import channel_titles

MAILS: Final = {
    "notify_sent": "mail_sent", "notify_paid": "mail_paid", "notify_overdue": "mail_overdue",
}  # fmt: skip
TEST: Final = "test"
MOST: Final = 5
"""Channels that can be put into an order."""


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/settings/notifications", "settings_channels", show)
    site.add_url_rule("/settings/notifications", "save_notifications", save, methods=["POST"])
    site.add_url_rule("/settings/channels", "save_channels", save_order, methods=["POST"])
    site.add_url_rule(
        "/settings/channels/<name>/test", "settings_channels_test", send_test, methods=["POST"]
    )
    site.add_url_rule(
        "/settings/channels/tests/<int:message_id>", "settings_channels_result", result
    )


@members("settings.write")
def show() -> Answer:
    """The channels, the switches, and how the last test went."""
    settings = g.business.settings
    values = {ours: "1" if settings.get(theirs) else "" for ours, theirs in MAILS.items()}
    values["mail_signature"] = str(settings.get("mail_signature") or "")
    return _page(Form({**values, **_ordered()}))


def _ordered() -> dict[str, str]:
    """How messages are sent by themselves, as the form shows it."""
    settings = g.business.settings
    order = settings.get(reaching.SETTING) or reaching.USUAL
    hours = settings.get(watching.SETTING)
    values = {f"order-{place}": name for place, name in enumerate(order, 1)}
    for name, usual in quiet.USUAL.items():
        clock = str(settings.get(name) or usual)
        values[name] = "" if clock == quiet.OFF else clock
    values[watching.SETTING] = str(watching.USUAL_HOURS if hours is None else hours)
    carried = settings.get(carriers.SETTING) or {}
    return {**values, **{f"carrier-{kind}": name for kind, name in carried.items()}}


def _page(form: Form) -> str:
    form.values.setdefault("recipient", access.signed_in().user.email)
    several = {
        kind: [(each.offer.name, spoken(each.offer.title)) for each in found]
        for kind, found in carriers.choices().items()
        if len(found) > 1
    }
    titles = channel_titles()
    for name, value in _ordered().items():
        form.values.setdefault(name, value)
    return frame.page(
        "channels", form, channels=control.channels(), several=several, titles=titles,
        places=range(1, min(len(titles), MOST) + 1),
    )  # fmt: skip


@members("settings.write")
def save_order() -> Answer:
    """In which order clients are reached, when it is quiet, and who carries what."""
    form = frame.sent()
    typed = [form.get(f"order-{place}") for place in range(1, MOST + 1)]
    order = [each for each in dict.fromkeys(typed) if each]
    hours = form.whole(watching.SETTING, least=0, most=168)
    carried = {
        name.removeprefix("carrier-"): value
        for name, value in form.values.items()
        if name.startswith("carrier-") and value
    }
    settings: dict[str, object] = {
        reaching.SETTING: order or None, watching.SETTING: hours, carriers.SETTING: carried,
        **{name: form.get(name) or quiet.OFF for name in quiet.USUAL},
    }  # fmt: skip
    if not form.ok:
        return _page(form), 422
    try:
        businesses.update(fields={"settings": settings}, by=access.actor())
    except InvoicerError as error:
        status = frame.refusal(form, error, **{name: name for name in quiet.USUAL})
        return _page(form), status
    return frame.saved("settings_channels")


@members("settings.write")
def save() -> Answer:
    """Which mails clients get, and how they end."""
    form = frame.sent()
    settings: dict[str, object] = {
        theirs: bool(request.form.get(ours)) for ours, theirs in MAILS.items()
    }
    if "mail_signature" in form.values:
        settings["mail_signature"] = form.text("mail_signature", longest=1000)
    if not form.ok:
        return _page(form), 422
    try:
        businesses.update(fields={"settings": settings}, by=access.actor())
    except InvoicerError as error:
        status = frame.refusal(form, error, mail_signature="mail_signature")
        return _page(form), status
    return frame.saved("settings_channels")


@members("settings.write")
def send_test(name: str) -> Answer:
    """Send a message to an address of one's own; its page says how it went."""
    form = frame.sent()
    recipient = form.text("recipient", required=True, longest=320)
    if not form.ok or recipient is None:
        return _page(form), 422
    business = g.business.name

    def store() -> str:
        made = messages.queue(
            kind=TEST, channel=name, recipient=recipient, by=access.actor(),
            subject=_("Test message of %(business)s", business=business),
            text=_("This is a test: messages of %(business)s arrive here.", business=business),
        )  # fmt: skip
        return url_for("web.settings_channels_result", message_id=made.id)

    try:
        return redirect(once.made(store))
    except InvoicerError as error:
        status = frame.refusal(form, error, recipient="recipient")
        return _page(form), status


@members("settings.write")
def result(message_id: int) -> Answer:
    """What became of a test, in words; looks again by itself until it is decided."""
    return frame.page("channel_test", message=messages.get(message_id=message_id))
