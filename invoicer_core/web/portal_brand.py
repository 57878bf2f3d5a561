"""How clients are met: in their language, and in the colour and with the logo of the business."""

from typing import Final

from babel import Locale
from flask import Response, g, request
from flask_babel import gettext as _
from flask_babel import refresh

from invoicer_core.domain.errors import InvoicerError, NotFound
from invoicer_core.services import files
from invoicer_core.web import catalogs, formats

INK: Final = "#14181f"
LIGHT_GROUND: Final = "#ffffff"
DARK_GROUND: Final = "#19212d"
READABLE: Final = 4.5
"""WCAG 2: contrast of text with its ground."""

PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})


def speak(locale: str | None, otherwise: str | None = None) -> None:
    """Write this page in the client's language, else the browser's, else the business's; amounts
    and days too."""
    wanted = locale or request.accept_languages.best_match(_known_tags()) or otherwise or "en"
    found = formats.known_locale(wanted)
    known = found.language in catalogs.LANGUAGES
    g.reader_language = found.language if known else _browsers()
    # Amounts that are written from the right fall apart among words from the left.
    mixed = found.text_direction == "rtl" and not known
    g.locale = Locale(g.reader_language) if mixed else found
    refresh()


def _known_tags() -> list[str]:
    """What browsers may ask for and we can write: a language alone, or with a country."""
    asked = [tag for tag, _ in request.accept_languages]
    return [tag for tag in asked if tag.partition("-")[0].lower() in catalogs.LANGUAGES]


def _browsers() -> str:
    return request.accept_languages.best_match(catalogs.LANGUAGES) or "en"


def reader_locale() -> str:
    """The locale of this page as others are told it, e.g. a payment provider: ``de-AT``."""
    found = g.get("locale")
    return str(found).replace("_", "-") if isinstance(found, Locale) else "en"


def colors() -> Response:
    """The business's colour as a style sheet (inline styles are forbidden by our policy)."""
    brand = getattr(g.business, "color", None)
    return Response(style_of(brand) if brand else "", mimetype="text/css")


def style_of(brand: str) -> str:
    """The brand's colour as ground, what is written on it, and the same colour as ink on light and
    on dark paper, made darker or lighter until it can be read."""
    light, dark = as_ink(brand, LIGHT_GROUND), as_ink(brand, DARK_GROUND)
    return (
        f".public{{--brand:{brand};--on-brand:{on_color(brand)};--brand-ink:{light}}}"
        f'[data-bs-theme="dark"] .public{{--brand-ink:{dark}}}'
    )


def paper_colors() -> Response:
    """The same for paper on a screen, which is white in any theme."""
    brand = getattr(g.business, "color", None)
    if not brand:
        return Response("", mimetype="text/css")
    css = (
        f":root{{--brand:{brand};--on-brand:{on_color(brand)};"
        f"--brand-ink:{as_ink(brand, LIGHT_GROUND)}}}"
    )
    return Response(css, mimetype="text/css")


def logo() -> Response:
    """The business's logo. Raises NotFound where it has none that browsers show."""
    file_id = getattr(g.business, "logo_file_id", None)
    if file_id is None:
        raise NotFound(_("This business has no logo."))
    try:
        file, data = files.content(file_id=file_id)
    except InvoicerError as gone:
        raise NotFound(_("The logo cannot be shown.")) from gone
    if file.media_type not in PICTURES:
        raise NotFound(_("The logo is no picture that browsers show."))
    response = Response(data, mimetype=file.media_type)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def contrast(one: str, other: str) -> float:
    """How well one colour is told from the other, from 1 to 21 (WCAG 2)."""
    lighter, darker = sorted((_luminance(_parts(one)), _luminance(_parts(other))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def on_color(color: str) -> str:
    """White or nearly black, whichever is easier to read on it; black where neither suffices."""
    best = max(("#ffffff", INK), key=lambda ink: contrast(color, ink))
    return best if contrast(color, best) >= READABLE else "#000000"


def as_ink(color: str, ground: str) -> str:
    """The colour, mixed with black or white until it can be read on this ground."""
    towards = 0 if _luminance(_parts(ground)) > 0.5 else 255
    parts = _parts(color)
    for step in range(21):
        mixed = [round(part + (towards - part) * step / 20) for part in parts]
        found = "#" + "".join(f"{part:02x}" for part in mixed)
        if contrast(found, ground) >= READABLE:
            return found
    return INK if towards == 0 else "#ffffff"


def _parts(color: str) -> list[int]:
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(parts: list[int]) -> float:
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in
              (part / 255 for part in parts)]  # fmt: skip
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
