"""Plugins: what they do, how they are, on or off, their settings, and what they are still owed."""

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from invoicer_core.domain.account import PluginSnapshot
from invoicer_core.domain.errors import InvoicerError, NotFound
from invoicer_core.domain.work import DeliverySnapshot
from invoicer_core.hooks.settings import FormField
from invoicer_core.services import deliveries, plugins
from invoicer_core.services.plugins import control, parked
from invoicer_core.web import access
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.invoices import id_of
from invoicer_core.web.settings import frame

PREFIX = "set-"
"""In front of a setting's name in the form."""


@dataclass(frozen=True, slots=True)
class Field:
    """One setting as the form shows it; of a secret only where it comes from and its end."""

    of: FormField
    name: str
    set_by: str | None = None
    ends: str | None = None


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/settings/plugins", "settings_plugins", show)
    site.add_url_rule("/settings/plugins/<name>", "settings_plugin", one)
    for path, endpoint, view in (
        ("", "switch_plugin", switch),
        ("/settings", "settings_plugin_save", save),
        ("/pause", "settings_plugin_pause", pause),
        ("/resume", "settings_plugin_resume", resume),
        ("/replay", "settings_plugin_replay", replay),
        ("/discard", "settings_plugin_discard", discard),
    ):
        site.add_url_rule(f"/settings/plugins/<name>{path}", endpoint, view, methods=["POST"])


@members("settings.write")
def show() -> Answer:
    """Every plugin."""
    counts = parked.counts()
    return frame.page(
        "plugins", plugins=plugins.find(), quarantined=plugins.quarantined(),
        parked={each.name: _parked(each.name, counts) for each in plugins.find()},
    )  # fmt: skip


def _parked(name: str, counts: dict[str, int]) -> int:
    return sum(counts.get(f"{kind}:{name}", 0) for kind in ("plugin", "job"))


@members("settings.write")
def one(name: str) -> Answer:
    """One plugin."""
    found = plugins.get(name=name)
    return _page(found, Form(_stored(found)))


def _page(plugin: PluginSnapshot, form: Form) -> str:
    return frame.page(
        "plugin", form, plugin=plugin, fields=_fields(plugin),
        deliveries=_deliveries(plugin.name),
        parked=_parked(plugin.name, parked.counts()),
        has_checks=control.has_checks(name=plugin.name),
    )  # fmt: skip


def _deliveries(name: str) -> list[DeliverySnapshot]:
    found = [
        each
        for kind in ("plugin", "job")
        for each in deliveries.list_parked(subscriber=f"{kind}:{name}", limit=50).items
    ]
    return sorted(found, key=lambda each: each.id, reverse=True)


def _fields(plugin: PluginSnapshot) -> list[Field]:
    found = []
    for each in control.form(name=plugin.name):
        held = plugin.settings.get(each.name)
        is_secret = each.kind == "secret" and isinstance(held, dict)
        secret: dict[str, Any] = dict(held) if is_secret and isinstance(held, dict) else {}
        set_by = (secret.get("from") or _("set here")) if secret.get("set") else None
        found.append(Field(each, f"{PREFIX}{each.name}", set_by, secret.get("last4")))
    return found


def _stored(plugin: PluginSnapshot) -> dict[str, str]:
    values = {"version": str(plugin.version)}
    for each in control.form(name=plugin.name):
        held = plugin.settings.get(each.name)
        if each.kind == "secret" or held is None:
            continue
        shown = ("1" if held else "") if each.kind == "boolean" else str(held)
        values[f"{PREFIX}{each.name}"] = shown
    return values


@members("plugins.write")
def save(name: str) -> Answer:
    """Replace a plugin's settings; a secret that is left empty stays as it is."""
    form = frame.sent()
    fields = control.form(name=name)
    given = {each.name: value for each in fields if (value := _value(form, each)) is not None}
    names = {each.name: f"{PREFIX}{each.name}" for each in fields}
    try:
        plugins.change(
            name=name, settings=given, by=access.actor(),
            expected_version=id_of(form.get("version")) or 0,
        )  # fmt: skip
    except InvoicerError as error:
        for hidden in names.values():
            form.values.setdefault(hidden, "")
        status = frame.refusal(form, error, **names)
        return _page(plugins.get(name=name), form), status
    return frame.saved("settings_plugin", name=name)


def _value(form: Form, field: FormField) -> Any:
    """What was typed, in the setting's own kind; None leaves it to its default."""
    typed = form.get(f"{PREFIX}{field.name}").replace("\r\n", "\n")
    if field.kind == "boolean":
        return bool(typed)
    if not typed:
        return None
    if field.kind == "number":
        return int(typed) if typed.lstrip("-").isdecimal() and len(typed) < 20 else typed
    return typed


@members("plugins.write")
def switch(name: str) -> Answer:
    """Switch a plugin on or off for this business."""
    plugins.change(name=name, enabled=bool(request.form.get("enabled")), by=access.actor())
    return _back(name, _("Saved."))


@members("plugins.write")
def pause(name: str) -> Answer:
    """Stop a plugin for now."""
    control.pause(name=name, by=access.actor())
    return _back(name, _("Paused. What it is owed meanwhile is kept until you resume it."))


@members("plugins.write")
def resume(name: str) -> Answer:
    """Let a paused plugin run again."""
    count = deliveries.resume_plugin(plugin=name, by=access.actor())
    text = ngettext(
        "It runs again; %(num)s delivery that was kept goes out now.",
        "It runs again; %(num)s deliveries that were kept go out now.",
        count,
    )
    return _back(name, text)


@members("deliveries.write")
def replay(name: str) -> Answer:
    """Try again what was given up: one delivery, or all."""
    number = id_of(request.form.get("delivery", ""))
    if number is not None:
        _own(name, number)
        deliveries.replay(delivery_id=number, by=access.actor())
        return _back(name, _("It is tried again now."))
    count = sum(
        deliveries.replay_all(by=access.actor(), subscriber=f"{kind}:{name}")
        for kind in ("plugin", "job")
    )
    return _back(name, ngettext("%(num)s delivery is tried again now.",
                                "%(num)s deliveries are tried again now.", count))  # fmt: skip


@members("deliveries.write")
def discard(name: str) -> Answer:
    """Throw away what was given up: one delivery, or all."""
    number = id_of(request.form.get("delivery", ""))
    if number is not None:
        _own(name, number)
        parked.discard(delivery_id=number, by=access.actor())
        return _back(name, _("Discarded: the plugin will not hear of it."))
    count = sum(
        parked.discard_all(by=access.actor(), subscriber=f"{kind}:{name}")
        for kind in ("plugin", "job")
    )
    return _back(name, ngettext("%(num)s delivery was discarded.",
                                "%(num)s deliveries were discarded.", count))  # fmt: skip


def _own(name: str, delivery_id: int) -> None:
    if delivery_id not in {each.id for each in _deliveries(name)}:
        raise NotFound.of("parked delivery", delivery_id)


def _back(name: str, text: str) -> Answer:
    """To where the button was: the plugin's page or the list."""
    flash(text, "success")
    one_page = request.form.get("back") == "plugin"
    if one_page:
        return redirect(url_for("web.settings_plugin", name=name))
    return redirect(url_for("web.settings_plugins"))
