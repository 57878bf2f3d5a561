"""Installing the web app on a phone or desktop: its manifest, its icons, and an offline page.

The service worker keeps the built files and the offline page, and nothing else: what is private
never lies in a browser's cache.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from flask import Response, render_template, send_from_directory, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import NotFound
from invoicer_core.services import secret_keys
from invoicer_core.web import bundles, site
from invoicer_core.web.access import Answer, Site, everyone

STATIC: Final = Path(__file__).parent / "static"
ICONS: Final = {
    "icon-192.png": ("192x192", "any"), "icon-512.png": ("512x512", "any"),
    "maskable-512.png": ("512x512", "maskable"), "touch-180.png": ("180x180", "any"),
}  # fmt: skip
"""File -> its size and purpose; ``deploy/icons.py`` draws them."""

SHELL: Final = ("app.css", "app.js", "theme.js", "icons.svg", "inter-latin.woff2")
LIGHT: Final = "#f5f6f9"
DARK: Final = "#10161f"
ACCENT: Final = "#2f54c8"
A_DAY: Final = "public, max-age=86400"


def install(site: Site) -> None:
    """Add the pages and files of this file."""
    site.add_url_rule("/manifest.webmanifest", "manifest", manifest)
    site.add_url_rule("/sw.js", "service_worker", service_worker)
    site.add_url_rule("/offline", "offline", offline)
    site.add_url_rule("/icons/<name>", "app_icon", app_icon)


@everyone
def manifest() -> Answer:
    """What browsers show and open when this installation is installed."""
    host = urlsplit(secret_keys.settings().url).hostname or ""
    icons = [
        {
            "src": url_for("web.app_icon", name=name),
            "sizes": sizes,
            "type": "image/png",
            "purpose": purpose,
        }
        for name, (sizes, purpose) in ICONS.items()
        if name != "touch-180.png"
    ]
    content = {
        "id": "/",
        "name": f"Invoicer · {host}",
        "short_name": "Invoicer",
        "description": _("Invoices, payments and clients of your business"),
        "lang": site.language(),
        "dir": site.direction(),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "theme_color": ACCENT,
        "background_color": LIGHT,
        "categories": ["business", "finance"],
        "icons": icons,
        "shortcuts": [
            {"name": _("New invoice"), "url": url_for("web.new_invoice")},
            {"name": _("Invoices"), "url": url_for("web.invoices")},
        ],
    }
    response = Response(json.dumps(content), mimetype="application/manifest+json")
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Vary"] = "Accept-Language"
    return response


@everyone
def service_worker() -> Answer:
    """The worker's script, with the names of this build; asked for anew at each visit."""
    shell = [bundles.asset(name) for name in SHELL]
    shell += [url_for("web.favicon"), url_for("web.offline")]
    version = sha256("\n".join(shell).encode()).hexdigest()[:12]
    source = (STATIC / "sw.js").read_text("utf-8")
    script = (
        f"const VERSION = {json.dumps(version)};\n"
        f"const SHELL = {json.dumps(shell)};\n"
        f"const OFFLINE = {json.dumps(url_for('web.offline'))};\n{source}"
    )
    response = Response(script, mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


@everyone
def offline() -> Answer:
    """What is shown where there is no connection; the same for everybody."""
    response = Response(render_template("public/offline.html"), mimetype="text/html")
    response.headers["Vary"] = "Accept-Language"
    return response


@everyone
def app_icon(name: str) -> Answer:
    """An icon of the installed app. Raises NotFound."""
    if name not in ICONS:
        raise NotFound(_("There is no such icon."))
    response = send_from_directory(STATIC / "icons", name, mimetype="image/png")
    response.headers["Cache-Control"] = A_DAY
    return response
