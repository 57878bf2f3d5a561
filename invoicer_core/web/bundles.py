"""The built style sheets, scripts, fonts and icons, by their plain names.

`npm run build` writes them with their content's hash in the name, so they may be cached for ever;
`manifest.json` maps the plain names to those.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import Response, g, request, send_from_directory, url_for
from markupsafe import Markup

from invoicer_core.web.access import Site, everyone

DIST: Final = Path(__file__).parent / "static" / "dist"
FOR_EVER: Final = "public, max-age=31536000, immutable"
ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))


class NotBuilt(RuntimeError):
    """The browser side was not built: the message names the command that does it."""


@dataclass(frozen=True, slots=True)
class Built:
    """What one build made: hashed names by plain ones, and the icons of the sprite."""

    names: Mapping[str, str]
    icons: frozenset[str]


@lru_cache(maxsize=1)
def _read(changed: float) -> Built:  # noqa: ARG001 - read anew after a new build
    names = json.loads((DIST / "manifest.json").read_text("utf-8"))
    return Built(names, frozenset(json.loads((DIST / "icons.json").read_text("utf-8"))))


def built() -> Built:
    """The newest build, looked up once per request. Raises NotBuilt."""
    if "built_assets" not in g:
        try:
            g.built_assets = _read((DIST / "manifest.json").stat().st_mtime)
        except FileNotFoundError:
            raise NotBuilt("the web assets are missing: run `npm ci && npm run build`") from None
    found: Built = g.built_assets
    return found


def asset(name: str) -> str:
    """The address of a built asset, e.g. of ``app.js``. Raises NotBuilt, KeyError."""
    return url_for("web.bundle", name=built().names[name])


def icon(name: str, css: str = "") -> Markup:
    """An icon of the sprite; decoration only, so hidden from screen readers. A plugin's wish for
    one that is not in the sprite gives a puzzle piece."""
    drawn: dict[tuple[str, str], Markup] = g.setdefault("drawn_icons", {})
    if (name, css) not in drawn:
        shown = name if name in built().icons else "puzzle"
        drawn[name, css] = Markup(
            '<svg class="icon {}" width="20" height="20" aria-hidden="true">'
            '<use href="{}#{}"/></svg>'
        ).format(css, asset("icons.svg"), shown)
    return drawn[name, css]


def install(site: Site) -> None:
    """Serve the built files, compressed beforehand where the browser takes it."""

    @site.get("/static/dist/<name>")
    @everyone
    def bundle(name: str) -> Response:
        served, encoding = name, None
        for token, suffix in ENCODINGS:
            if request.accept_encodings.quality(token) > 0 and (DIST / f"{name}{suffix}").is_file():
                served, encoding = f"{name}{suffix}", token
                break
        response = send_from_directory(DIST, served, mimetype=_media_type(name))
        response.headers["Cache-Control"] = FOR_EVER
        response.headers["Vary"] = "Accept-Encoding"
        if encoding:
            response.headers["Content-Encoding"] = encoding
        return response


def _media_type(name: str) -> str:
    known = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml",
             ".woff2": "font/woff2", ".json": "application/json"}  # fmt: skip
    return known.get(Path(name).suffix, "text/plain")
