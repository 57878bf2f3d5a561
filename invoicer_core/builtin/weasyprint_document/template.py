"""From the page's text to HTML. This is the one place where text becomes markup: everything is
escaped, nothing a person typed is ever taken for HTML."""

import unicodedata
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from invoicer_core.builtin.weasyprint_document.colors import palette
from invoicer_core.builtin.weasyprint_document.content import Look, Printable, view_of
from invoicer_core.builtin.weasyprint_document.parties import paper_size
from invoicer_core.builtin.weasyprint_document.report import report_values
from invoicer_core.plugin import BusinessSnapshot, Report

STYLESHEET = Path(__file__).with_name("style.css")
LOGO = "logo"
TEMPLATES = ("classic", "modern", "compact", "elegant")
"""How documents may look: the same page, its rules in ``templates/looks``; the first is plain."""

_CJK = {
    "JP": "Noto Sans CJK JP",
    "KR": "Noto Sans CJK KR",
    "CN": "Noto Sans CJK SC",
    "SG": "Noto Sans CJK SC",
    "TW": "Noto Sans CJK TC",
    "HK": "Noto Sans CJK HK",
    "MO": "Noto Sans CJK HK",
}
_CJK_LANGUAGES = {"ja": "JP", "ko": "KR", "zh": "CN"}
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


def build_html(
    document: Printable,
    business: BusinessSnapshot,
    locale: str | None = None,
    *,
    assets: Collection[str] = (),
    mark: str | None = None,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    """The whole document as HTML, to be laid out with ``style.css``, which the rules of a template
    in the page come before. The same input always gives the same text.

    ``assets`` are the names of files at hand, of which "logo" is used; ``mark`` is "draft", "void"
    or another word; ``options`` may choose a ``color`` ("#rrggbb") and a ``paper`` ("A4",
    "letter") other than those of the business and its country, its words (``introduction``,
    ``terms``, ``footer``), which columns to leave out (``hidden_columns``) and a ``template``.
    """
    view = view_of(document, business, _look(locale, LOGO in assets, mark, options))
    paper = options.get("paper")
    return _ENVIRONMENT.get_template("document.html").render(
        view=view,
        template=_template(options),
        colors=palette(options.get("color") or business.color),
        paper=paper if paper in ("A4", "letter") else paper_size(business.country),
        cjk=_cjk_font(view.language, business.country),
    )


def build_screen(
    document: Printable,
    business: BusinessSnapshot,
    locale: str | None = None,
    *,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    """The document as a piece of HTML for a screen, with the words and sums of the PDF and without
    any style: the page that shows it has a strict policy and a style sheet of its own."""
    view = view_of(document, business, _look(locale, False, "", options))
    return _ENVIRONMENT.get_template("screen.html").render(view=view, template=_template(options))


def _template(options: Mapping[str, Any]) -> str:
    """The one that was chosen; the first where there is none of that name."""
    chosen = options.get("template")
    return str(chosen) if chosen in TEMPLATES else TEMPLATES[0]


def _look(locale: str | None, has_logo: bool, mark: str | None, options: Mapping[str, Any]) -> Look:
    """What the caller decided, with the business's own choices."""
    return Look(
        locale,
        has_logo,
        mark,
        options.get("footer"),
        options.get("introduction"),
        options.get("terms"),
        frozenset(options.get("hidden_columns") or ()),
    )


def build_report_html(
    report: Report,
    business: BusinessSnapshot,
    locale: str | None = None,
    *,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    """A report as HTML; ``options`` as in `build_html`."""
    paper = options.get("paper")
    values = report_values(report, business, locale)
    return _ENVIRONMENT.get_template("report.html").render(
        values,
        colors=palette(options.get("color") or business.color),
        paper=paper if paper in ("A4", "letter") else paper_size(business.country),
        cjk=_cjk_font(str(values["language"]), business.country),
    )


def direction(text: str) -> str:
    """ "rtl" or "ltr" by the first strong character (Unicode UAX 9, rule P2)."""
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in _RIGHT_TO_LEFT:
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"


def isolate(text: str) -> str:
    """Text that must not disturb the order of what stands beside it on the line."""
    return f"\u2068{text}\u2069" if direction(text) == "rtl" else text


def _cjk_font(language: str, country: str | None) -> str:
    """Han characters differ by region: the reader's language decides, then the seller's country."""
    parts = language.split("-")
    region = next((part for part in parts[1:] if part in _CJK), None)
    if parts[0] == "zh" and "Hant" in parts and region is None:
        region = "TW"
    if parts[0] in _CJK_LANGUAGES:
        return _CJK[region or _CJK_LANGUAGES[parts[0]]]
    return _CJK.get((country or "").upper(), _CJK["JP"])


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(direction=direction, isolate=isolate)
    return environment


_ENVIRONMENT = _environment()
