"""Rendered documents: `records` makes and keeps them, `stores` holds their bytes."""

from invoicer_core.services.documents.records import (
    HTML,
    PDF,
    await_pdf,
    await_stored,
    content_of,
    current,
    get,
    get_pdf,
    link,
    pdf_renderer,
    preview,
    preview_html,
    render,
    sample,
)

__all__ = [
    "HTML",
    "PDF",
    "await_pdf",
    "await_stored",
    "content_of",
    "current",
    "get",
    "get_pdf",
    "link",
    "pdf_renderer",
    "preview",
    "preview_html",
    "render",
    "sample",
]
