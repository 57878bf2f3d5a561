from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from invoicer_core.builtin.weasyprint_document import sample
from invoicer_core.builtin.weasyprint_document.template import build_html, direction, isolate
from invoicer_core.plugin import Adjustment, Party, PriceDiscount, TaxTotal, Withholding

BUSINESS = sample.sample_business()


class Text(HTMLParser):
    """The text of a page, and every element with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if data.strip():
            self.words.append(" ".join(data.split()))

    @property
    def all(self) -> str:
        return " | ".join(self.words).replace("\u202f", " ")


def text(document, locale="en", business=BUSINESS, **more) -> str:
    return Text(build_html(document, business, locale, **more)).all


def test_an_invoice_says_what_is_due_to_whom_and_how():
    page = text(sample.sample_invoice())
    for expected in (
        "€801.90 due by December 4, 2026",
        "Café Aroma e. K.",
        "RE-2026-0041",
        "VAT 19% on €595.50 | €113.15",
        "VAT 7% on €87.15 | €6.10",
        "Amount due | €801.90",
        "DE89 3704 0044 0532 0130 00",
        "3.5 kg | 24.90 | 7% | 87.15",
    ):
        assert expected in page


@pytest.mark.parametrize("locale", ["ar-AE", "he-IL"])
def test_a_document_without_words_from_the_right_is_written_from_the_left(locale):
    page = text(sample.sample_invoice(), locale)
    assert "€801.90 due by December 4, 2026" in page
    assert not {"\u200e", "\u200f"} & set(page), "amounts carry no marks of the other direction"


def test_every_sum_is_printed_as_stored_and_nothing_is_added_up():
    money = {
        "subtotal": "111.11",
        "discount_total": "2.22",
        "charge_total": "3.33",
        "net_total": "444.44",
        "total_amount": "555.55",
        "withheld_total": "6.66",
        "prepaid_total": "7.77",
        "rounding": "-0.08",
        "amount_due": "999.99",
    }
    invoice = replace(
        sample.sample_invoice(),
        **{name: Decimal(value) for name, value in money.items()},
        withholding=(Withholding(Decimal(15)),),
        discounts=(Adjustment(percent=Decimal(5), reason="Loyalty"),),
        charges=(Adjustment(amount=Decimal(1)), Adjustment(amount=Decimal(2))),
    )
    page = text(invoice)
    for expected in (
        "Subtotal | €111.11",
        "Discount 5% (Loyalty) | -€2.22",
        "Surcharges | €3.33",
        "Total excluding tax | €444.44",
        "Total | €555.55",
        "Withheld tax | -€6.66",
        "Prepaid | -€7.77",
        "Rounding | -€0.08",
        "Amount due | €999.99",
    ):
        assert expected in page


def test_discounts_and_charges_of_a_line_are_shown_with_their_amounts():
    invoice = sample.sample_invoice(1)
    item = replace(
        invoice.items[0],
        price_discounts=(PriceDiscount(amount=Decimal("1.00")),),
        discounts=(Adjustment(percent=Decimal(10), reason="regular"),),
        charges=(Adjustment(amount=Decimal("5.00"), reason="rush"),),
        gross_amount=Decimal("250.00"),
        total_price=Decimal("230.00"),
        net_amount=Decimal("230.00"),
    )
    page = text(replace(invoice, items=(item,)))
    assert (
        "Discount 1.00 per unit | Discount 10% (regular): -25.00 | Surcharge (rush): 5.00" in page
    )
    assert "| 230.00 |" in page


def test_prices_that_hold_the_tax_show_the_line_as_entered_and_say_so():
    invoice = sample.sample_invoice(1)
    item = replace(invoice.items[0], total_price=Decimal("169.58"))
    page = text(replace(invoice, items=(item,), prices_include_tax=True))
    assert "| 169.58 |" in page
    assert "Unit prices and line amounts include tax." in page


def test_untaxed_groups_give_their_reason():
    groups = (
        TaxTotal("VAT", "AE", Decimal(0), Decimal(10), Decimal(0)),
        TaxTotal("VAT", "E", Decimal(0), Decimal(5), Decimal(0), exemption_text="§ 19 UStG"),
        TaxTotal("VAT", "O", Decimal(0), Decimal(5), Decimal(0)),
    )
    page = text(replace(sample.sample_invoice(), taxes=groups), "de")
    assert "Steuerschuldnerschaft des Leistungsempfängers." in page
    assert "§ 19 UStG" in page
    assert "USt. auf 5,00" in page  # outside the scope: no rate (BR-O-05)


def test_a_draft_and_a_void_invoice_cannot_be_mistaken_for_a_valid_one():
    draft = replace(sample.sample_invoice(), state="draft", invoice_number="DRAFT-41")
    page = build_html(draft, BUSINESS, "en")
    assert "not a valid invoice" in page
    assert 'class="stamp">Draft<' in page
    assert "image/png" not in page  # no QR code to pay by
    gone = replace(
        sample.sample_invoice(),
        state="void",
        voided_at=datetime(2026, 11, 21, tzinfo=UTC),
        void_reason="Wrong <client>",
    )
    page = build_html(gone, BUSINESS, "en")
    assert 'class="stamp">Void<' in page
    assert "voided on November 21, 2026" in page
    assert "Wrong &lt;client&gt;" in page
    assert "Payment details" not in page
    assert 'class="stamp">Void<' in build_html(sample.sample_invoice(), BUSINESS, "en", mark="void")
    assert 'class="stamp"' not in build_html(sample.sample_invoice(), BUSINESS, "en")


def test_a_credit_note_names_its_invoice_and_asks_for_nothing():
    page = text(sample.sample_credit_note(), "de")
    assert "Gutschrift" in page
    assert "Zu Rechnung | RE-2026-0041" in page
    assert "Returned undamaged" in page
    assert "Zahlungsangaben" not in page


def test_a_receipt_and_a_statement():
    page = text(sample.sample_receipt())
    assert "€310.00 received with thanks" in page
    assert "Invoice RE-2026-0041 | 250.00" in page
    assert "On account | €10.10" in page
    assert "Lange Reihe 88" in page
    page = text(sample.sample_statement(), "fr")
    assert "Paiement 12 | -250,00 | 550,00" in page
    assert "Solde final | 550,00 €" in page


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"payment_means": "59"}, False),
        ({"payment_means": "cash"}, False),
        ({"amount_due": Decimal("0.00")}, False),
        ({"payment_means": "58"}, True),
    ],
)
def test_the_account_is_shown_only_where_a_transfer_is_wanted(changes, shown):
    page = text(replace(sample.sample_invoice(), **changes))
    assert ("Payment details" in page) is shown


def test_the_seller_and_buyer_are_those_of_the_day_of_issue():
    frozen = replace(sample.sample_invoice(), seller=Party(name="Old Name Ltd", country="GB"))
    page = text(frozen)
    assert "Old Name Ltd" in page
    assert "Werkstatt Nord" not in page
    assert "GERMANY" in page  # the buyer is abroad now


def test_addresses_follow_their_country():
    american = Party(
        name="B", address="1 Main St", city="Austin", region="TX", postcode="73301", country="US"
    )
    british = Party(name="B", address="1 High St", city="Leeds", postcode="LS1 1AA", country="GB")
    invoice = sample.sample_invoice()
    assert "1 Main St | Austin, TX 73301 | UNITED STATES" in text(replace(invoice, buyer=american))
    assert "1 High St | Leeds | LS1 1AA | UNITED KINGDOM" in text(replace(invoice, buyer=british))
    assert "size: letter" in build_html(invoice, replace(BUSINESS, country="US"), "en")
    assert "size: A4" in build_html(invoice, BUSINESS, "en")
    assert "size: letter" in build_html(invoice, BUSINESS, "en", options={"paper": "letter"})
    assert "size: A4" in build_html(invoice, BUSINESS, "en", options={"paper": "1px} *{"})


def test_each_text_has_its_own_direction():
    assert direction("خدمات 12") == "rtl"
    assert direction("12 ייעוץ") == "rtl"
    assert direction("123") == "ltr"
    assert isolate("طلب-55") == "\u2068طلب-55\u2069"
    assert isolate("PO-55") == "PO-55"
    item = replace(sample.sample_invoice(1).items[0], description="خدمات استشارية")
    page = Text(build_html(replace(sample.sample_invoice(1), items=(item,)), BUSINESS, "en"))
    assert ("p", {"dir": "rtl", "class": "title"}) in page.elements
    assert ("html", {"lang": "en", "dir": "ltr"}) in page.elements


def marked(value, mark):
    """The same document with ``mark`` in every free text."""
    kept = {
        "state",
        "status",
        "payment_state",
        "currency",
        "category",
        "unit",
        "payment_means",
        "locale",
        "method",
        "kind",
        "country",
        "time_zone",
        "role",
        "provider",
    }
    if isinstance(value, tuple):
        return tuple(marked(each, mark) for each in value)
    if not is_dataclass(value):
        return value
    changed = {}
    for each in fields(value):
        old = getattr(value, each.name)
        is_text = isinstance(old, str) or (old is None and "str" in str(each.type))
        changed[each.name] = (
            mark
            if is_text
            and each.name not in kept
            and "|" not in str(each.type).replace("str | None", "")
            else marked(old, mark)
        )
    return replace(value, **changed)


PAYLOAD = "</p></style></title><script>x</script><img src=x onerror=y>'\"&{{7*7}}{% x %}"


@pytest.mark.parametrize(
    "document",
    [
        sample.sample_invoice(),
        sample.sample_credit_note(),
        sample.sample_receipt(),
        sample.sample_statement(),
    ],
    ids=lambda document: type(document).__name__,
)
def test_no_text_of_any_field_becomes_markup(document):
    clean = Text(build_html(document, BUSINESS, "en"))
    dirty = Text(build_html(marked(document, PAYLOAD), marked(BUSINESS, PAYLOAD), "en"))
    assert {tag for tag, _ in dirty.elements} <= {tag for tag, _ in clean.elements} | {"h2"}
    names = {name for _, attributes in dirty.elements for name in attributes}
    assert names <= {name for _, attributes in clean.elements for name in attributes} | {"dir"}
    assert "{{7*7}}" in dirty.all
    sources = {a["src"] for tag, a in dirty.elements if tag == "img"}
    assert all(source.startswith("data:image/png;base64,") for source in sources)


def test_the_business_has_the_last_word():
    page = text(sample.sample_invoice(), options={"footer": "Goods stay ours <until> paid."})
    assert "Thank you for your order. | Goods stay ours <until> paid." in page


def test_the_same_input_gives_the_same_page():
    pages = {build_html(sample.sample_invoice(), sample.sample_business(), "de") for _ in range(3)}
    assert len(pages) == 1
