"""The pages of the business's people and of its clients: one file per group of pages."""

from datetime import tzinfo

from flask import Blueprint, Flask, Response, g, request, send_from_directory
from flask_babel import Babel
from werkzeug.wrappers import Response as AnyResponse

from invoicer_core.web import (
    access,
    account,
    analytics,
    bills,
    bulk,
    bundles,
    catalogs,
    categories,
    clients,
    composer,
    credit_notes,
    dashboard,
    editor,
    errors,
    files,
    forgery,
    formats,
    headers,
    invoice_actions,
    invoice_list,
    invoices,
    messages,
    money_in,
    order_editor,
    orders,
    plugin_pages,
    portal,
    portal_access,
    portal_entry,
    portal_payment,
    product_tables,
    products,
    public,
    pwa,
    reports,
    retold,
    settings,
    site,
    suppliers,
    tasks,
    workflows,
)

PAGES = (
    account, bundles, dashboard, invoice_list, bulk, invoices, editor, invoice_actions,
    credit_notes, clients, products, money_in,
    composer, messages, settings, public, portal_payment, portal_entry, portal, portal_access, pwa,
    tasks, files, analytics,
    reports, categories, product_tables, orders, order_editor, suppliers, bills,
    workflows,
)  # fmt: skip


def create_blueprint() -> Blueprint:
    """Every page. Raises RuntimeError when one does not say who may see it."""
    blueprint = Blueprint("web", __name__, template_folder="templates")
    for group in PAGES:
        group.install(blueprint)
    blueprint.add_url_rule("/favicon.svg", "favicon", favicon)
    errors.install(blueprint)
    blueprint.before_request(forgery.check)
    return blueprint


def register(app: Flask) -> None:
    """Give the application its pages, languages, and the security headers of every answer."""
    headers.install(app, https=site.is_https(app))
    app.config.setdefault("SESSION_COOKIE_SAMESITE", "Lax")
    app.config["SESSION_COOKIE_SECURE"] = site.is_https(app)
    catalogs.install(app)
    retold.install(app)
    Babel(app, locale_selector=_language, timezone_selector=_time_zone)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    site.install(app)
    app.register_blueprint(create_blueprint())
    app.after_request(_remember_browser)
    plugin_pages.install(app)
    _require_access(app)


def _require_access(app: Flask) -> None:
    """Private by default: a page that does not say who may see it stops the start."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if rule.endpoint.startswith("web.") and not hasattr(view, "access"):
            raise RuntimeError(f"the page {rule.endpoint} does not say who may see it")


@access.everyone
def favicon() -> Response:
    """The small picture of the browser's tab."""
    response = send_from_directory(f"{bundles.DIST.parent}", "favicon.svg")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _remember_browser(response: Response) -> AnyResponse:
    return forgery.remember(response, secure=site.uses_https())


def _language() -> str:
    """The page's language: the reader's own, the user's choice, the browser's, else English."""
    if g.get("reader_language"):
        return str(g.reader_language)
    who = g.get("identity")
    chosen = (who.user.locale if who else None) or ""
    code = chosen.replace("_", "-").partition("-")[0]
    return (
        code
        if code in catalogs.LANGUAGES
        else request.accept_languages.best_match(catalogs.LANGUAGES) or "en"
    )


def _time_zone() -> tzinfo | None:
    zone = formats.zone()
    return zone if isinstance(zone, tzinfo) else None
