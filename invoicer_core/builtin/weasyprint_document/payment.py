"""The box that says how to pay."""

from invoicer_core.builtin.weasyprint_document.formats import Formats
from invoicer_core.builtin.weasyprint_document.parties import display_name, grouped_iban
from invoicer_core.builtin.weasyprint_document.qr import epc_payload, qr_png
from invoicer_core.builtin.weasyprint_document.view import Fact, PaymentBox
from invoicer_core.plugin import InvoiceSnapshot, Party

# Means that need no bank transfer by the client: UN/CEFACT 4461 codes, and our own words.
_NO_TRANSFER = frozenset({"10", "20", "48", "49", "54", "55", "59", "cash", "card", "direct_debit"})


def payment_box(
    document: InvoiceSnapshot, seller: Party, formats: Formats, mark: str | None
) -> PaymentBox | None:
    """None where there is no account, nothing to pay, or another means was agreed. A draft bears
    no QR code and no reference: it must not be paid."""
    if document.amount_due <= 0 or not seller.iban or document.payment_means in _NO_TRANSFER:
        return None
    if mark == "void":
        return None
    words, payable = formats.words, document.state == "issued" and mark != "draft"
    payload = _payload(document, seller) if payable else None
    pairs = (
        (words.account_holder, display_name(seller)),
        ("IBAN", grouped_iban(seller.iban)),
        ("BIC", seller.bic),
        (words.reference, document.invoice_number if payable else None),
        (words.amount_due, formats.money(document.amount_due)),
    )
    return PaymentBox(
        title=words.payment_details,
        facts=tuple(Fact(label, value) for label, value in pairs if value),
        qr=qr_png(payload) if payload else None,
        qr_caption=words.scan_to_pay,
        qr_alternative=words.qr_alternative,
    )


def _payload(document: InvoiceSnapshot, seller: Party) -> str | None:
    return epc_payload(
        name=display_name(seller),
        iban=seller.iban,
        bic=seller.bic,
        currency=document.currency,
        amount=document.amount_due,
        reference=document.invoice_number,
    )
