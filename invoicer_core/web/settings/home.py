"""The first page of the settings: every part, and what needs a hand."""

from dataclasses import dataclass

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from invoicer_core.services import plugins, webhooks
from invoicer_core.services.plugins import parked
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.catalogs import spoken
from invoicer_core.web.settings import frame


@dataclass(frozen=True, slots=True)
class Hint:
    """Something to look after, and where."""

    text: str
    address: str
    icon: str = "alert-triangle"


def install(site: Site) -> None:
    """Add the page."""
    site.add_url_rule("/settings", "settings", home)


@members("settings.write")
def home() -> Answer:
    """All parts of the settings."""
    return frame.page("home", hints=hints())


def hints() -> list[Hint]:
    """What is missing or does not work."""
    found = []
    business = g.business
    if not business.address or not business.city:
        text = _("Your address is not complete: invoices have to show it.")
        found.append(Hint(text, url_for("web.settings_business")))
    if not business.vat_id and not business.tax_number:
        text = _("There is no tax number or VAT id yet: most countries want one on invoices.")
        found.append(Hint(text, url_for("web.settings_business")))
    if not business.iban:
        text = _("There is no bank account yet: clients do not see where to pay.")
        found.append(Hint(text, url_for("web.settings_business")))
    return found + _troubles()


def _troubles() -> list[Hint]:
    found = []
    paused = [each for each in plugins.find() if each.enabled and each.paused_at is not None]
    for plugin in paused:
        text = _("The plugin %(name)s is paused.", name=spoken(plugin.title))
        found.append(Hint(text, url_for("web.settings_plugin", name=plugin.name)))
    for webhook in webhooks.failing():
        text = _("A webhook was given up: %(url)s", url=webhook.url)
        found.append(Hint(text, url_for("web.settings_webhook", endpoint_id=webhook.id)))
    waiting = sum(parked.counts().values())
    if waiting:
        text = ngettext(
            "%(num)s delivery was given up and waits for you.",
            "%(num)s deliveries were given up and wait for you.",
            waiting,
        )
        found.append(Hint(text, url_for("web.settings_jobs")))
    return found
