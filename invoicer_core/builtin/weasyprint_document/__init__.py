"""The built-in documents: invoices, credit notes, receipts and statements as tagged PDF/A."""

import ctypes
import subprocess
from collections.abc import Iterable

from invoicer_core.builtin.weasyprint_document.renderer import Renderer
from invoicer_core.builtin.weasyprint_document.template import (
    build_html,
    build_report_html,
    build_screen,
)
from invoicer_core.plugin import (
    Context,
    DocumentRenderer,
    Health,
    HealthCheck,
    Plugin,
    RenderRequest,
    Report,
    hookimpl,
)

_LIBRARIES = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")
_FONTS = (
    "Noto Sans",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Noto Sans CJK JP",
)
_PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core fonts-noto-cjk"
_RENDERER = Renderer()


class WeasyPrintDocumentPlugin(Plugin):
    """Makes PDF documents of invoices, credit notes, receipts and statements."""

    name = "weasyprint_document"
    title = "PDF documents"
    default_on = True

    @hookimpl
    def document_renderers(self) -> Iterable[DocumentRenderer]:
        """PDF, by WeasyPrint; and HTML for the preview beside the editor."""
        yield DocumentRenderer("weasyprint", "application/pdf", render)
        yield DocumentRenderer("weasyprint_screen", "text/html", render_screen)

    @hookimpl
    def health_checks(self) -> Iterable[HealthCheck]:
        """Whether the machine has what a PDF needs."""
        yield HealthCheck("pdf", check)


def render(ctx: Context, request: RenderRequest) -> bytes:
    """A tagged PDF/A-3b; the same request always gives the same bytes. ``options`` may hold
    ``color``, ``paper``, ``template``, ``footer`` (closing words) and ``xmp`` (an RDF block for
    the metadata).

    Raises:
        RenderError: the page costs more than the limits allow, or cannot be laid out.
    """
    html = _page(request)
    rendered = _RENDERER.render(
        html,
        assets=request.assets,
        attachments=request.attachments,
        xmp=request.options.get("xmp"),
    )
    if rendered.lacking:
        codes = ", ".join(f"U+{ord(char):04X}" for char in rendered.lacking)
        ctx.log.warning("No installed font has %s; printed as U+FFFD", codes)
    return rendered.pdf


def render_screen(ctx: Context, request: RenderRequest) -> bytes:  # noqa: ARG001 - no log needed
    """The same words and sums as the PDF, as a piece of HTML; a report as a page."""
    if isinstance(request.document, Report):
        return _page(request).encode()
    return build_screen(
        request.document, request.business, request.locale, options=request.options
    ).encode()


def _page(request: RenderRequest) -> str:
    if isinstance(request.document, Report):
        return build_report_html(
            request.document, request.business, request.locale, options=request.options
        )
    return build_html(
        request.document,
        request.business,
        request.locale,
        assets=request.assets,
        mark=request.revision_mark,
        options=request.options,
    )


def check(ctx: Context) -> Health:  # noqa: ARG001 - the same for every business
    """Whether the libraries and the fonts for all scripts are installed."""
    missing = [name for name in _LIBRARIES if not _loads(name)]
    if not missing:
        missing = sorted(set(_FONTS) - _font_families())
    if missing:
        return Health(False, f"Missing: {', '.join(missing)}. Install {_PACKAGES}.")
    return Health(True)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _font_families() -> set[str]:
    """As fontconfig lists them; a font may have several names."""
    listed = subprocess.run(
        ["fc-list", "--format", "%{family}\\n"],
        capture_output=True,
        text=True,
        check=True,
        timeout=5,
    )
    return {name for line in listed.stdout.splitlines() for name in line.split(",")}
