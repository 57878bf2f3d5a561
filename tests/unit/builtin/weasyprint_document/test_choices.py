"""What a business may choose for its documents: its own words, and columns that are left out."""

from dataclasses import replace

import pytest

from invoicer_core.builtin.weasyprint_document.sample import sample_business, sample_invoice
from invoicer_core.builtin.weasyprint_document.template import build_html, build_screen
from invoicer_core.services import document_texts

OPTIONS = {
    "introduction": "Dear <client>,\nthank you",
    "terms": "Net <14> days",
    "footer": "Good <bye>",
}


@pytest.mark.parametrize("build", [build_html, build_screen])
def test_own_words_are_printed_as_typed(build) -> None:
    document = replace(sample_invoice(), payment_terms=None)
    page = build(document, sample_business(), "en", options=OPTIONS)
    for words in ("Dear &lt;client&gt;,", "thank you", "Net &lt;14&gt; days", "Good &lt;bye&gt;"):
        assert words in page
    assert "<client>" not in page


def test_the_documents_own_terms_win() -> None:
    page = build_html(sample_invoice(), sample_business(), "en", options=OPTIONS)
    assert "Payable within 14 days" in page
    assert "Net &lt;14&gt;" not in page


@pytest.mark.parametrize("build", [build_html, build_screen])
@pytest.mark.parametrize(
    ("hidden", "title"),
    [("quantity", "Quantity"), ("unit_price", "Unit price"), ("tax", "Tax"), ("position", "#")],
)
def test_a_hidden_column_is_gone_and_the_rest_fits(build, hidden: str, title: str) -> None:
    whole = build(sample_invoice(), sample_business(), "en")
    less = build(sample_invoice(), sample_business(), "en", options={"hidden_columns": (hidden,)})
    assert f">{title}</th>" in whole
    assert f">{title}</th>" not in less
    for page, columns in ((whole, 6), (less, 5)):
        table = page[page.index("<thead>") : page.index("</tbody>")]
        assert table.count("<th ") == columns
        assert table.count("<td ") == columns * len(sample_invoice().items)


def test_item_numbers_can_be_left_out() -> None:
    options = {"hidden_columns": ("item_number",)}
    assert "A-101" in build_html(sample_invoice(), sample_business(), "en")
    assert "A-101" not in build_html(sample_invoice(), sample_business(), "en", options=options)


def test_words_are_those_of_the_readers_language() -> None:
    texts = {"de": {"footer": "Danke"}, "en": {"footer": "Thanks"}}
    business = replace(sample_business(), locale="de-AT", settings={"document_texts": texts})
    assert document_texts.options(business, "en-GB")["footer"] == "Thanks"
    assert document_texts.options(business, "fr")["footer"] == "Danke"
    former = replace(business, settings={"invoice_footer": "As before"})
    assert document_texts.options(former, "en")["footer"] == "As before"


@pytest.mark.parametrize(
    "value", [[], {"xx": {}}, {"en": "text"}, {"en": {"title": "x"}}, {"en": {"terms": "x" * 501}}]
)
def test_texts_that_cannot_be_are_refused(value: object) -> None:
    with pytest.raises((ValueError, document_texts.check.InvalidInput)):
        document_texts.texts_check(value)
