"""What every page shares: the visitor's business, the template's words, and small links."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, g, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from invoicer_core.config import Config
from invoicer_core.services import secret_keys, webhooks
from invoicer_core.web import (
    access,
    bundles,
    forgery,
    formats,
    navigation,
    once,
    plugin_pages,
    words,
)
from invoicer_core.web.slots import slot


def uses_https() -> bool:
    """True when people reach this installation by https: cookies are then marked Secure."""
    return secret_keys.settings().is_https


def is_https(app: Flask) -> bool:
    """As `uses_https`, outside of a request."""
    config: Config = app.extensions["invoicer.config"]
    return config.is_https


@dataclass(frozen=True, slots=True)
class Banner:
    """What its readers have to know on every page; ``address`` is where they mend it."""

    text: str
    address: str | None = None


def banners() -> list[Banner]:
    """For those who may mend it."""
    if not access.may("settings.write"):
        return []
    return [*_without_https(), *_given_up()]


def _without_https() -> Iterator[Banner]:
    host = urlsplit(secret_keys.settings().url).hostname or ""
    if not uses_https() and host not in ("localhost", "127.0.0.1", "::1"):
        yield Banner(
            _(
                "This installation is reached without https: passwords and invoices travel in the "
                "open. Put it behind a proxy with a certificate and set INVOICER_URL to its https "
                "address."
            )
        )


def _given_up() -> Iterator[Banner]:
    for webhook in webhooks.failing():
        text = _("A webhook was given up: %(url)s", url=webhook.url)
        yield Banner(text, url_for("web.settings_webhook", endpoint_id=webhook.id))


def here() -> str:
    """This page's own address, with its filters."""
    return request.full_path.rstrip("?")


def without(query: dict[str, str], *names: str) -> dict[str, str]:
    """The filters but for those."""
    return {name: value for name, value in query.items() if name not in names}


def with_(query: dict[str, str], **more: str | None) -> dict[str, str]:
    """The filters with those set; None takes one away."""
    merged = {**query, **more}
    return {name: value for name, value in merged.items() if value}


def query_of(*names: str) -> dict[str, str]:
    """The filters that are set in this page's address."""
    return {name: value for name in names if (value := request.args.get(name, "").strip())}


def form_fields() -> Markup:
    """The hidden field that every form of ours has to carry."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(
        forgery.FIELD, forgery.token()
    )


def direction() -> str:
    """Which way the page's language is written."""
    locale = get_locale()
    return locale.text_direction if locale else "ltr"


def language() -> str:
    """The page's language as HTML names it."""
    return str(get_locale() or "en").replace("_", "-")


def install(app: Flask) -> None:
    """Give templates their words."""
    formats.install(app)
    app.jinja_env.globals.update(
        words.TEMPLATE_WORDS,
        asset=bundles.asset, icon=bundles.icon, may=access.may, slot=slot, banners=banners,
        navigation=navigation.groups, section=navigation.section, here=here,
        without=without, with_=with_, form_fields=form_fields,
        form_secret=forgery.token, once_field=once.field, plugin_menu=plugin_pages.menu,
        plugin_assets=plugin_pages.assets,
        plugin_widgets=plugin_pages.widgets, direction=direction, language=language,
    )  # fmt: skip

    @app.context_processor
    def visitor() -> dict[str, Any]:
        return {"who": g.get("identity")}
