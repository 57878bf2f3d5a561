import base64
import io
import logging
from dataclasses import replace
from decimal import Decimal

import pytest
from PIL import Image

from invoicer_core.builtin.weasyprint_document import WeasyPrintDocumentPlugin, check, sample
from invoicer_core.builtin.weasyprint_document.renderer import Renderer
from invoicer_core.builtin.weasyprint_document.template import TEMPLATES, build_html
from invoicer_core.plugin import Attachment, RenderRequest
from tests.integration.builtin.pdf_reading import SPACES, Pdf, embeds_whole

BUSINESS = sample.sample_business()


@pytest.fixture(scope="module")
def renderer():
    renderer = Renderer()
    yield renderer
    renderer.close()


def pdf(renderer, document, locale="en", business=BUSINESS, **more) -> Pdf:
    return Pdf(renderer.render(build_html(document, business, locale, **more)).pdf)


@pytest.mark.parametrize("lines", [1, 10, 200])
@pytest.mark.parametrize("locale", ["en", "de"])
def test_the_text_layer_holds_every_line_and_every_sum(renderer, lines, locale):
    invoice = sample.sample_invoice(lines)
    found = pdf(renderer, invoice, locale)
    shown = "{:,.2f}".format
    if locale == "de":
        table = str.maketrans(",.", ".,")
        shown = lambda value: f"{value:,.2f}".translate(table)  # noqa: E731
    for item in invoice.items:
        assert shown(item.net_amount) in found.text
    for group in invoice.taxes:
        assert shown(group.base) in found.text
        assert shown(group.tax) in found.text
    assert found.text.count(shown(invoice.amount_due)) >= 3  # lead, summary, payment box
    assert found.reader.metadata.title.endswith("RE-2026-0041")
    assert (len(found.pages) > 1) is (lines >= 10)
    last = "Page {0} of {0}" if locale == "en" else "Seite {0} von {0}"
    assert last.format(len(found.pages)) in found.pages[-1]


def test_the_head_of_the_table_is_on_every_page_and_the_summary_never_alone(renderer, scale):
    for lines in range(5, 40, scale(3, 1)):
        found = pdf(renderer, sample.sample_invoice(lines))
        assert all(
            "Unit price" in page for page in found.pages if "Hosting" in page or "Oak" in page
        )
        summary = next(page for page in found.pages if "Amount due" in page)
        assert "Subtotal" in summary, lines
        assert any(work in summary for work in ("Design", "Oak", "Coffee", "Hosting")), lines


def test_it_is_a_tagged_pdf_a_3b_with_language_title_and_author(renderer):
    found = pdf(renderer, sample.sample_invoice(), "de-AT")
    assert 'pdfaid:part="3"' in found.xmp
    assert 'pdfaid:conformance="B"' in found.xmp
    assert found.root["/MarkInfo"]["/Marked"]
    assert found.root["/Lang"] == "de-AT"
    assert found.root["/OutputIntents"][0].get_object()["/S"] == "/GTS_PDFA1"
    assert found.reader.metadata.title == "Rechnung RE-2026-0041"
    assert found.reader.metadata.author == "Werkstatt Nord GmbH"
    kinds = found.everything()
    assert b"/StructTreeRoot" in kinds
    for tag in (b"'/S': '/H1'", b"'/S': '/Table'", b"'/S': '/TH'", b"'/S': '/Figure'"):
        assert tag in kinds
    assert "/ID" in found.reader.trailer


@pytest.mark.parametrize("template", TEMPLATES[1:])
def test_every_template_is_the_same_document(renderer, template):
    options = {"template": template, "color": "#f3d21c"}
    invoice = sample.sample_invoice(12)
    plain, found = pdf(renderer, invoice), pdf(renderer, invoice, options=options)
    for item in invoice.items:
        assert f"{item.net_amount:,.2f}" in found.text
    assert found.text.count(f"{invoice.amount_due:,.2f}") >= 3
    assert "Scan to pay" in found.text
    assert 'pdfaid:part="3"' in found.xmp
    assert found.root["/MarkInfo"]["/Marked"]
    for tag in (b"'/S': '/H1'", b"'/S': '/Table'", b"'/S': '/TH'", b"'/S': '/Figure'"):
        assert tag in found.everything()
    assert len(found.pages) <= len(plain.pages)
    left, top = recipient(found)
    assert 24 < left < 27  # mm: within the window of the envelope, in any template
    assert 55 < top < 68


def recipient(found: Pdf) -> tuple[float, float]:
    """Where the recipient's first line stands, in millimetres from the left and the top."""
    page = found.reader.pages[0]
    places: list[tuple[float, float]] = []

    def look(text, ctm, matrix, _font, _size):
        if text.strip().startswith("Café Aroma"):
            across = matrix[4] * ctm[0] + matrix[5] * ctm[2] + ctm[4]
            up = matrix[4] * ctm[1] + matrix[5] * ctm[3] + ctm[5]
            places.append((across, float(page.mediabox.height) - up))

    page.extract_text(visitor_text=look)
    return places[0][0] / 72 * 25.4, places[0][1] / 72 * 25.4


def test_images_are_not_interpolated_and_have_a_description(renderer):
    found = Pdf(
        renderer.render(
            build_html(sample.sample_invoice(), BUSINESS, "en", assets=["logo"]),
            assets={"logo": picture("CMYK", "JPEG")},
        ).pdf
    )
    assert len(found.images) == 2  # logo and QR code
    assert not any(str(image.get("/Interpolate")) == "True" for image in found.images)
    assert {str(image["/ColorSpace"]) for image in found.images} <= {"/DeviceRGB", "/DeviceGray"}
    assert b"Werkstatt Nord" in found.everything()


def picture(mode: str, kind: str, size=(300, 100)) -> bytes:
    target = io.BytesIO()
    Image.new(mode, size, "teal" if mode != "CMYK" else (90, 10, 40, 0)).save(target, kind)
    return target.getvalue()


SCRIPTS = {
    "Arabic": ("خدمات استشارية لشهر نوفمبر", "Noto-Sans-Arabic"),
    "Hebrew": ("ייעוץ עסקי לחודש נובמבר", "Noto-Sans-Hebrew"),
    "Devanagari": ("परामर्श सेवाएँ, नवंबर माह", "Noto-Sans-Devanagari"),
    "Thai": ("บริการให้คำปรึกษาประจำเดือน", "Noto-Sans-Thai"),
    "Greek": ("Συμβουλευτικές υπηρεσίες", "Noto-Sans"),
    "Cyrillic": ("Консультационные услуги", "Noto-Sans"),
    "Japanese": ("抹茶ラテとコンサルティング", "Noto-Sans-CJK"),
    "Chinese": ("简体中文咨询服务與繁體", "Noto-Sans-CJK"),
    "Korean": ("한국어 상담 서비스", "Noto-Sans-CJK"),
    "Money": ("₹ ₪ ₿ € £ ¥ ₩ ₫ ₴ ₺ ₦", "Noto-Sans"),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_has_its_glyphs(renderer, script):
    words, family = SCRIPTS[script]
    item = replace(sample.sample_invoice(1).items[0], description=words, details=words)
    invoice = replace(sample.sample_invoice(1), items=(item,), notes=words, purchase_order=words)
    business = replace(BUSINESS, name=words, legal_name=words)  # in bold too
    rendered = renderer.render(build_html(invoice, business, "en"))
    assert rendered.lacking == ()
    fonts = Pdf(rendered.pdf).fonts
    assert any(name.startswith(family) for name in fonts)
    assert all(embeds_whole(font) for font in fonts.values()), fonts


def test_a_character_without_a_glyph_is_replaced_and_told(renderer):
    words = "Party \U0001f389 for two \U0001f469\u200d\U0001f4bb \U0001f44d\U0001f3fd done\ufdd0"
    item = replace(sample.sample_invoice(1).items[0], description=words)
    rendered = renderer.render(
        build_html(replace(sample.sample_invoice(1), items=(item,)), BUSINESS, "en")
    )
    found = Pdf(rendered.pdf)
    if rendered.lacking:  # unless a font with emoji is installed
        assert "\U0001f389" in rendered.lacking
        assert "Party \ufffd for two \ufffd" in found.text
    assert all(embeds_whole(font) for font in found.fonts.values())
    again = renderer.render(build_html(sample.sample_invoice(), BUSINESS, "en"))
    assert again.lacking == ()


def test_control_characters_leave_no_trace(renderer):
    words = "A\x00B\x07C\x1b[31mD\x85E\u2028F\ufeffG\u202eH"
    item = replace(sample.sample_invoice(1).items[0], description=words)
    rendered = renderer.render(
        build_html(replace(sample.sample_invoice(1), items=(item,)), BUSINESS, "en")
    )
    found = Pdf(rendered.pdf)
    assert "ABC" in found.text
    assert all(embeds_whole(font) for font in found.fonts.values())


def test_a_void_invoice_bears_its_mark_on_every_page(renderer):
    gone = replace(sample.sample_invoice(60), state="void")
    found = pdf(renderer, gone, "en")
    assert len(found.pages) > 2
    assert all(page.count("VOID") == 1 for page in found.pages)
    assert not any("VOID" in page for page in pdf(renderer, sample.sample_invoice(60)).pages)


def test_very_long_texts_go_over_several_pages(renderer):
    words = "Lorem ipsum dolor sit amet. " * 700
    item = replace(sample.sample_invoice(1).items[0], description=words, details="x" * 3000)
    invoice = replace(
        sample.sample_invoice(3), items=(item, *sample.sample_invoice(3).items), notes=words
    )
    found = pdf(renderer, invoice)
    assert found.text.count("Lorem") == 1400
    assert "Hosting" in found.text or "Coffee" in found.text
    assert "Amount due" in found.text


def test_other_papers_and_other_currencies(renderer):
    invoice = replace(
        sample.sample_invoice(1), currency="KWD", amount_due=Decimal("1.297"), due_date=None
    )
    found = pdf(renderer, invoice, "en", replace(BUSINESS, country="US"))
    assert "KWD 1.297 due" in found.text
    page = found.reader.pages[0].mediabox
    assert (round(page.width), round(page.height)) == (612, 792)


def test_the_same_input_gives_the_same_bytes_in_another_process(renderer):
    html = build_html(sample.sample_invoice(10), BUSINESS, "de")
    first = renderer.render(html).pdf
    renderer.render(build_html(sample.sample_credit_note(), BUSINESS, "fr"))
    second = renderer.render(html).pdf
    other = Renderer()
    try:
        third = other.render(html).pdf
    finally:
        other.close()
    assert first == second == third


def test_files_are_embedded_as_pdf_a_3_wants_them(renderer):
    xml = b"<?xml version='1.0'?><Invoice/>"
    xmp = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#" '
        'fx:ConformanceLevel="EN 16931"/></rdf:RDF>'
    )
    found = Pdf(
        renderer.render(
            build_html(sample.sample_invoice(), BUSINESS, "de"),
            attachments=(
                Attachment(
                    filename="factur-x.xml", media_type="text/xml", data=xml, relationship="Data"
                ),
            ),
            xmp=xmp,
        ).pdf
    )
    file, *_ = [each.get_object() for each in found.root["/AF"]]
    assert (file["/UF"], file["/AFRelationship"]) == ("factur-x.xml", "/Data")
    stream = file["/EF"]["/F"].get_object()
    assert stream.get_data() == xml
    assert stream["/Params"]["/ModDate"] == "D:20261120093000Z"
    assert 'fx:ConformanceLevel="EN 16931"' in found.xmp


class Ctx:
    """The part of a context that the renderer needs."""

    log = logging.LoggerAdapter(logging.getLogger("test"))


def test_the_plugin_offers_the_renderer_and_says_what_is_missing():
    plugin = WeasyPrintDocumentPlugin()
    offers = {each.media_type: each for each in plugin.document_renderers()}
    assert set(offers) == {"application/pdf", "text/html"}
    offer = offers["application/pdf"]
    data = offer.render(
        Ctx(),
        RenderRequest(
            kind="receipt",
            document=sample.sample_receipt(),
            business=BUSINESS,
            locale="es",
            assets={"logo": picture("RGB", "PNG")},
        ),
    )
    assert "310,00 €" in Pdf(data).text
    assert check(Ctx()).ok, check(Ctx()).detail


def test_the_qr_code_is_on_paper_at_a_size_that_scans(renderer):
    found = pdf(renderer, sample.sample_invoice())
    [image] = found.images
    assert image["/Width"] >= 33 * 8  # modules times pixels
    assert "Scan to pay" in found.text.translate(SPACES)
    page = build_html(sample.sample_invoice(), BUSINESS, "en")
    data = page.partition("data:image/png;base64,")[2].partition('"')[0]
    assert base64.b64decode(data).startswith(b"\x89PNG")
