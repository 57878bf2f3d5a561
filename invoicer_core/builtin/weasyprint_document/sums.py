"""The summary below the table: from the subtotal to the amount due, and the tax remarks."""

from collections.abc import Sequence

from invoicer_core.builtin.weasyprint_document.formats import Formats
from invoicer_core.builtin.weasyprint_document.lines import adjustment_label
from invoicer_core.builtin.weasyprint_document.view import Sum
from invoicer_core.plugin import Adjustment, CreditNoteSnapshot, InvoiceSnapshot, TaxTotal


def sums(document: InvoiceSnapshot | CreditNoteSnapshot, formats: Formats) -> tuple[Sum, ...]:
    """Every stored sum that is not zero, in the order of EN 16931 BG-22. Nothing is added up."""
    words, money = formats.words, formats.money
    rows = [Sum(words.subtotal, money(document.subtotal))]
    if document.discount_total:
        label = _label(words.discounts, words.discount, document.discounts, formats)
        rows.append(Sum(label, money(-document.discount_total)))
    if document.charge_total:
        label = _label(words.charges, words.charge, document.charges, formats)
        rows.append(Sum(label, money(document.charge_total)))
    if document.discount_total or document.charge_total:
        rows.append(Sum(words.net_total, money(document.net_total)))
    rows += [_tax(group, formats) for group in document.taxes]
    rows.append(Sum(words.total, money(document.total_amount), "strong"))
    if document.withheld_total:
        names = ", ".join(each.name for each in document.withholding if each.name)
        rows.append(Sum(names or words.withheld, money(-document.withheld_total)))
    if document.prepaid_total:
        rows.append(Sum(words.prepaid, money(-document.prepaid_total)))
    if document.rounding:
        rows.append(Sum(words.rounding, money(document.rounding)))
    is_credit = isinstance(document, CreditNoteSnapshot)
    last = words.total_credited if is_credit else words.amount_due
    rows.append(Sum(last, money(document.amount_due), "due"))
    return tuple(rows)


def tax_remarks(groups: Sequence[TaxTotal], formats: Formats) -> tuple[str, ...]:
    """Why a group bears no tax [BT-120]: the stored text, else the usual words of its category."""
    texts = []
    for group in groups:
        text = group.exemption_text or formats.words.exemptions.get(group.category)
        if text and text not in texts:
            texts.append(text)
    return tuple(texts)


def _label(many: str, one: str, adjustments: tuple[Adjustment, ...], formats: Formats) -> str:
    if len(adjustments) == 1:
        return adjustment_label(one, adjustments[0], formats)
    return many


def _tax(group: TaxTotal, formats: Formats) -> Sum:
    words = formats.words
    # "VAT" is the default name, not one that somebody chose: each language has its own.
    name = words.vat if group.name == "VAT" else group.name
    rate = "" if group.category == "O" else formats.percent(group.rate)
    label = words.tax_row.format(name=name, rate=rate, base=formats.money(group.base))
    return Sum(label.replace("  ", " "), formats.money(group.tax))
