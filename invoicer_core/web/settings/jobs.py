"""What works in the background, in words for an owner; and whether all parts are well."""

from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext

from invoicer_core.jobs import schedules
from invoicer_core.services import deliveries, plugins, webhooks, work_overview
from invoicer_core.services.plugins import control, parked
from invoicer_core.web import access
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.catalogs import spoken
from invoicer_core.web.invoices import id_of
from invoicer_core.web.settings import frame


@dataclass(frozen=True, slots=True)
class Health:
    """One part of the installation, and what to do when it does not answer."""

    label: str
    about: str
    ok: bool
    advice: str


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Something that is done at set times."""

    label: str
    times: str
    runs: bool = True


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/settings/jobs", "settings_jobs", show)
    site.add_url_rule("/settings/jobs/replay", "settings_jobs_replay", replay, methods=["POST"])
    site.add_url_rule("/settings/jobs/discard", "settings_jobs_discard", discard, methods=["POST"])


@members("settings.write")
def show() -> Answer:
    """Everything at once."""
    found = work_overview.overview()
    return frame.page(
        "jobs", overview=found, health=_health(found.parts), mail=_mail(), rhythms=_rhythms(),
        parked=deliveries.list_parked(limit=50), subscriber_word=subscriber_word,
    )  # fmt: skip


def _health(parts: dict[str, bool]) -> list[Health]:
    words = {
        "database": (_("Database"), _("keeps everything"),
                     _("Ask whoever runs this server to look after PostgreSQL.")),
        "migrations": (_("Tables"), _("fit this version"),
                       _("Run: invoicer db upgrade, then restart.")),
        "redis": (_("Redis"), _("passes work on"),
                  _("Nothing is lost, but mails and live changes wait. Start Redis again.")),
        "worker": (_("Worker"), _("sends mails, makes PDFs, calls webhooks"),
                   _("Start it: invoicer worker.")),
        "clock": (_("Clock"), _("hands out what is due"), _("Start it: invoicer clock.")),
    }  # fmt: skip
    return [
        Health(label, about, parts[name], advice)
        for name, (label, about, advice) in words.items()
        if name in parts
    ]


def _mail() -> list[control.ChannelSnapshot]:
    return list(control.channels())


def _rhythms() -> list[Rhythm]:
    words = {
        "overdue": _("Tell which invoices became overdue"),
        "purge": _("Throw away what has had its time"),
    }
    found = [
        Rhythm(words.get(name, name.replace("_", " ").capitalize()), _every(seconds))
        for name, seconds in schedules.EVERY.items()
    ]
    for each in control.schedules():
        times = _("daily at %(time)s", time=each.at) if each.at else _every(each.every or 0)
        label = _("%(plugin)s: %(name)s", plugin=each.plugin, name=each.name.replace("_", " "))
        found.append(Rhythm(label, times, each.runs))
    return found


def _every(seconds: int) -> str:
    if seconds % 3600 == 0:
        return str(ngettext("every hour", "every %(num)s hours", seconds // 3600))
    if seconds % 60 == 0:
        return str(ngettext("every minute", "every %(num)s minutes", seconds // 60))
    return str(ngettext("every second", "every %(num)s seconds", seconds))


def subscriber_word(subscriber: str) -> str:
    """Who is owed something, as people know them."""
    kind, _colon, name = subscriber.partition(":")
    if kind in ("plugin", "job"):
        known = {each.name: spoken(each.title) for each in plugins.find()}
        return str(_("Plugin %(name)s", name=known.get(name, name)))
    if kind == "webhook":
        known_urls = {str(each.id): each.url for each in webhooks.find(limit=50).items}
        return str(_("Webhook %(url)s", url=known_urls.get(name, name)))
    words = {
        "live": _("Live changes on open pages"), "messages": _("Mails and other messages"),
        "workflows": _("Work in several steps"), "tasks": _("Background tasks"),
    }  # fmt: skip
    return str(words.get(kind, subscriber))


@members("deliveries.write")
def replay() -> Answer:
    """Try one again, or all that were given up."""
    number = id_of(request.form.get("delivery", ""))
    if number is not None:
        deliveries.replay(delivery_id=number, by=access.actor())
        return frame.told("settings_jobs", _("It is tried again now."))
    count = deliveries.replay_all(by=access.actor())
    return frame.told("settings_jobs", ngettext("%(num)s delivery is tried again now.",
                                                "%(num)s deliveries are tried again now.",
                                                count))  # fmt: skip


@members("deliveries.write")
def discard() -> Answer:
    """Throw one away."""
    parked.discard(delivery_id=id_of(request.form.get("delivery", "")) or 0, by=access.actor())
    return frame.told("settings_jobs", _("Discarded: it will not be tried again."))
