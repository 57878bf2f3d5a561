"""The receipt of a payment: what came in, and what it was put on."""

from invoicer_core.builtin.weasyprint_document.formats import Formats
from invoicer_core.builtin.weasyprint_document.lines import column_width
from invoicer_core.builtin.weasyprint_document.view import Column, Fact, Passage, Row, Sum
from invoicer_core.plugin import PaymentSnapshot


def receipt_rows(payment: PaymentSnapshot, formats: Formats) -> tuple[Row, ...]:
    """One row per invoice that the payment was allocated to."""
    word, amount = formats.words.invoice_number, formats.amount
    return tuple(
        Row(str(at), f"{word} {each.invoice_number}", (), (amount(each.amount),))
        for at, each in enumerate(payment.allocations, start=1)
    )


def receipt_columns(rows: tuple[Row, ...], formats: Formats) -> tuple[Column, ...]:
    """Position, invoice, amount."""
    words = formats.words
    title = f"{words.amount} {formats.currency}"
    width = column_width(title, (row.cells[0] for row in rows), 45.0)
    return (
        Column(words.position, "position", 9.0),
        Column(words.description, "text"),
        Column(title, "number", width),
    )


def receipt_sums(payment: PaymentSnapshot, formats: Formats) -> tuple[Sum, ...]:
    """What was not allocated, what went back, and the whole."""
    words, money = formats.words, formats.money
    rows = []
    if payment.unapplied_amount and payment.allocations:
        rows.append(Sum(words.unapplied, money(payment.unapplied_amount)))
    if payment.refunded_amount:
        rows.append(Sum(words.refunded, money(-payment.refunded_amount)))
    rows.append(Sum(words.amount_received, money(payment.amount), "due"))
    return tuple(rows)


def receipt_facts(payment: PaymentSnapshot, formats: Formats) -> tuple[Fact, ...]:
    """When and how it was paid."""
    words = formats.words
    pairs = (
        (words.number, str(payment.id)),
        (words.payment_date, formats.date(payment.date)),
        (words.method, words.methods.get(payment.method, payment.method)),
        (words.reference, payment.reference),
    )
    return tuple(Fact(label, value) for label, value in pairs if value)


def receipt_passages(payment: PaymentSnapshot, formats: Formats) -> tuple[Passage, ...]:
    """The note written with the payment."""
    return (Passage(formats.words.notes, payment.note),) if payment.note else ()
