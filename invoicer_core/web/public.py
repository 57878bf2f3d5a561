"""The page a client sees of an invoice, by a signed link: no sign-in, no cookie, no tracker."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final

import segno
from flask import g, make_response, render_template, request
from flask_babel import gettext as _

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.services import businesses, documents, invoices, links, payments, visits
from invoicer_core.services.portal import view
from invoicer_core.web import formats, headers, portal_brand
from invoicer_core.web.access import COOKIE, Answer, Site, everyone
from invoicer_core.web.forms.reading import Form, shown_number
from invoicer_core.web.invoices import stored_pdf

CLIENT: Final = Actor("portal", label="client")
CODE_CURRENCY: Final = "EUR"
MOST_OF_CODE: Final = Decimal("999999999.99")


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/i/<token>", "public_invoice", public_invoice)
    site.add_url_rule("/i/<token>/pdf", "public_pdf", public_pdf)
    site.add_url_rule("/i/<token>/colors.css", "public_colors", public_colors)
    site.add_url_rule("/i/<token>/logo", "public_logo", public_logo)


@contextmanager
def opened(token: str) -> Iterator[InvoiceSnapshot]:
    """The invoice of a link, within its business. Raises NotFound for any other link."""
    headers.hide_referrer()
    headers.keep_private()
    business_id, public_id = links.open_invoice_token(token)
    with businesses.enter_business(business_id):
        found = invoices.get_public(public_id=public_id)
        business = businesses.current()
        portal_brand.speak(found.buyer.locale if found.buyer else None, business.locale)
        if found.state == "draft":
            raise NotFound(_("This invoice is not issued yet."))
        g.business = business
        yield found


@everyone
def public_invoice(token: str) -> Answer:
    """What is to be paid and how; turns to paid by itself."""
    with opened(token) as found:
        if not request.headers.get("HX-Request"):
            found = invoices.mark_viewed(invoice_id=found.id, by=CLIENT)
            _note_visit(found)
        return page_of(found, token)


def _note_visit(found: InvoiceSnapshot) -> None:
    """Count a client's look; that of a member who is signed in here is none."""
    if not request.cookies.get(COOKIE):
        visits.note(
            invoice_id=found.id,
            client_id=found.client_id,
            channel=request.args.get("via"),
            user_agent=request.headers.get("User-Agent"),
            visitor=request.remote_addr,
        )


def page_of(found: InvoiceSnapshot, token: str, form: Form | None = None) -> str:
    """The page of an invoice, within its business.

    Args:
        form: what was typed for a payment and refused.
    """
    payable = payments.payable(invoice=found)
    if form is None:
        form = Form({"amount": shown_number(payable.most, formats.locale())})
    values: dict[str, Any] = {
        "seen": view.seen(found),
        "payable": payable,
        "form": form,
        "token": token,
        "qr": transfer_code(found),
    }
    return render_template("public/invoice.html", whole=found, **values)


@everyone
def public_pdf(token: str) -> Answer:
    """The PDF; waits for one that is being made."""
    with opened(token) as found:
        return stored_pdf(documents.await_stored(invoice_id=found.id))


@everyone
def public_colors(token: str) -> Answer:
    """The business's colour as a style sheet."""
    with opened(token):
        return portal_brand.colors()


@everyone
def public_logo(token: str) -> Answer:
    """The business's logo."""
    with opened(token):
        return make_response(portal_brand.logo())


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
