"""The page a client sees of an invoice, by a signed link: no sign-in, no cookie, no tracker."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import segno
from flask import Response, g, render_template
from flask_babel import gettext as _

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.services import businesses, documents, invoices, links
from invoicer_core.web import formats, headers
from invoicer_core.web.access import Answer, Site, everyone
from invoicer_core.web.invoices import pdf_response

CLIENT: Final = Actor("portal", label="client")
CODE_CURRENCY: Final = "EUR"
MOST_OF_CODE: Final = 999_999_999


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/i/<token>", "public_invoice", public_invoice)
    site.add_url_rule("/i/<token>/pdf", "public_pdf", public_pdf)
    site.add_url_rule("/i/<token>/colors.css", "public_colors", public_colors)


@contextmanager
def _opened(token: str) -> Iterator[InvoiceSnapshot]:
    """The invoice of a link, within its business. Raises NotFound for any other link."""
    headers.hide_referrer()
    headers.keep_private()
    business_id, public_id = links.open_invoice_token(token)
    with businesses.enter_business(business_id):
        found = invoices.get_public(public_id=public_id)
        if found.state == "draft":
            raise NotFound(_("This invoice is not issued yet."))
        g.business = businesses.current()
        if found.buyer and found.buyer.locale:
            g.locale = formats.known_locale(found.buyer.locale)
        yield found


@everyone
def public_invoice(token: str) -> Answer:
    """What is to be paid and how; turns to paid by itself."""
    with _opened(token) as found:
        found = invoices.mark_viewed(invoice_id=found.id, by=CLIENT)
        return render_template(
            "public/invoice.html", invoice=found, token=token, qr=transfer_code(found)
        )


@everyone
def public_pdf(token: str) -> Answer:
    """The PDF; waits for one that is being made."""
    with _opened(token) as found:
        document, content = documents.await_pdf(invoice_id=found.id)
        return pdf_response(document.filename, content)


@everyone
def public_colors(token: str) -> Answer:
    """The business's colour as a style sheet (inline styles are forbidden by our policy)."""
    with _opened(token):
        brand = getattr(g.business, "color", None)
        css = f".public{{--brand:{brand};--on-brand:{on_color(brand)}}}" if brand else ""
        return Response(css, mimetype="text/css")


def on_color(color: str) -> str:
    """Black or white, whichever is easier to read on it (WCAG 2 relative luminance)."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#fff" if 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 else "#14181f"


def transfer_code(found: InvoiceSnapshot) -> str | None:
    """A QR code that banking apps read (EPC069-12, SEPA credit transfer), as a data address."""
    seller = found.seller
    payable = found.state == "issued" and 0 < found.balance_due <= MOST_OF_CODE
    if not payable or seller is None or not seller.iban or found.currency != CODE_CURRENCY:
        return None
    lines = (
        "BCD", "002", "1", "SCT", seller.bic or "", (seller.legal_name or seller.name)[:70],
        seller.iban.replace(" ", ""), f"EUR{found.balance_due:.2f}", "", "",
        found.invoice_number[:140],
    )  # fmt: skip
    code = segno.make("\n".join(lines), error="m", micro=False, encoding="utf-8")
    return str(code.svg_data_uri(scale=4, border=2))
