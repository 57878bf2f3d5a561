"""WeasyPrint, closed in: no address is opened, nothing but raster images is read.

Loaded by the child process from its path, beside nothing else of the application.
"""

import base64
import binascii
import io
import logging
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import weasyprint
from PIL import Image
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

MAX_IMAGE = 2 * 1024 * 1024
MAX_PIXELS = 20_000_000

Files = Sequence[tuple[Mapping[str, str], bytes]]
"""Files to embed: what is said of each, and its bytes."""

_DATA = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,([A-Za-z0-9+/=%]+)\Z")
_NOTDEF = re.compile(r"\.notdef glyph .*\(U\+([0-9A-F]{4,6})\)\Z", re.DOTALL)
_SUBSTITUTE = "\ufffd"
# Control characters say nothing on paper; line and paragraph separators are line ends.
_CONTROLS: dict[int, str | None] = {
    **dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0)]),
    0x2028: "\n",
    0x2029: "\n",
}
# What only joins or colours the character before it: not needed beside a substitute.
_JOINERS = "\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff"


class Fetcher(URLFetcher):  # type: ignore[misc]
    """Opens nothing: it knows the request's ``asset:`` names and small ``data:`` images."""

    def __init__(self, assets: Mapping[str, bytes]) -> None:
        super().__init__(timeout=1, allowed_protocols=("data", "asset"), allow_redirects=False)
        self._assets = assets

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:  # noqa: ARG002
        """Raises ValueError for any other address; WeasyPrint then leaves the image out."""
        if match := _DATA.match(url):
            return _image(url[:32], _decoded(match[1]))
        scheme, _, name = url.partition(":")
        if scheme.lower() == "asset" and name in self._assets:
            return _image(url, self._assets[name])
        raise ValueError(f"Not allowed: {url[:80]}")


def _decoded(text: str) -> bytes:
    if len(text) > MAX_IMAGE * 4:
        raise ValueError("The image is larger than 2 MB")
    try:
        return base64.b64decode(unquote(text), validate=True)
    except binascii.Error as error:
        raise ValueError("Not an image") from error


def _image(url: str, data: bytes) -> URLFetcherResponse:
    """Raster images only, by their content; PDF/A with an RGB intent takes no CMYK."""
    if len(data) > MAX_IMAGE:
        raise ValueError("The image is larger than 2 MB")
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "GIF", "WEBP")) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ValueError("The image has too many pixels")
        media_type = Image.MIME[image.format or "PNG"]
        if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
            target = io.BytesIO()
            image.convert("RGB").save(target, "PNG")
            data, media_type = target.getvalue(), "image/png"
    return URLFetcherResponse(url, data, {"Content-Type": media_type})


class Typesetter:
    """WeasyPrint with its fonts and stylesheet loaded once; remembers what the fonts lack."""

    def __init__(self, stylesheet: Path) -> None:
        Image.MAX_IMAGE_PIXELS = MAX_PIXELS
        self._fonts = FontConfiguration()
        self._style = weasyprint.CSS(
            string=stylesheet.read_text(encoding="utf-8"),
            font_config=self._fonts,
            url_fetcher=Fetcher({}),
        )
        self._lacking: set[str] = set()

    def pdf(
        self,
        html: str,
        assets: Mapping[str, bytes],
        attachments: Files = (),
        xmp: str | None = None,
    ) -> tuple[bytes, list[str]]:
        """A tagged PDF/A-3b, and the characters that no font has: printed as U+FFFD."""
        html = html.translate(_CONTROLS)
        known = self._lacking & set(html)
        data, lacking = self._write(_substituted(html, known), assets, attachments, xmp)
        if lacking:
            self._lacking |= lacking
            known |= lacking
            data, _ = self._write(_substituted(html, known), assets, attachments, xmp)
        return data, sorted(known)

    def _write(
        self, html: str, assets: Mapping[str, bytes], attachments: Files, xmp: str | None
    ) -> tuple[bytes, set[str]]:
        with _Log() as log:
            page = weasyprint.HTML(string=html, url_fetcher=Fetcher(assets))
            laid_out = page.render(stylesheets=[self._style], font_config=self._fonts)
            created = laid_out.metadata.created
            data: bytes = laid_out.write_pdf(
                pdf_variant="pdf/a-3b",
                pdf_tags=True,
                attachments=[_attachment(about, body, created) for about, body in attachments],
                xmp_metadata=[io.BytesIO(xmp.encode())] if xmp else None,
            )
        return data, log.lacking


def _attachment(about: Mapping[str, str], data: bytes, created: str) -> weasyprint.Attachment:
    at = datetime.fromisoformat(created)
    return weasyprint.Attachment(
        string=data,
        name=about["filename"],
        description=about.get("description"),
        relationship=about["relationship"],
        created=at,
        modified=at,
    )


def _substituted(html: str, lacking: set[str]) -> str:
    if not lacking:
        return html
    chars = "".join(re.escape(char) for char in sorted(lacking))
    return re.sub(f"[{chars}][{_JOINERS}]*", _SUBSTITUTE, html)


class _Log(logging.Handler):
    """Listens to WeasyPrint while one document is written: missing glyphs are only logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lacking: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if match := _NOTDEF.search(record.getMessage()):
            self.lacking.add(chr(int(match[1], 16)))

    def __enter__(self) -> "_Log":
        weasyprint.LOGGER.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        weasyprint.LOGGER.removeHandler(self)
