import base64
import io
from decimal import Decimal

import pytest
import segno
from PIL import Image

from invoicer_core.builtin.weasyprint_document.qr import epc_payload, plain_iban, qr_png

IBAN = "DE89 3704 0044 0532 0130 00"


def payload(**changes):
    given = {
        "name": "Werkstatt Nord GmbH",
        "iban": IBAN,
        "bic": "COBADEFFXXX",
        "currency": "EUR",
        "amount": Decimal("801.90"),
        "reference": "RE-2026-0041",
    }
    return epc_payload(**{**given, **changes})


def test_the_payload_is_that_of_epc069_12():
    assert payload() == (
        "BCD\n002\n1\nSCT\nCOBADEFFXXX\nWerkstatt Nord GmbH\nDE89370400440532013000\n"
        "EUR801.90\n\n\nRE-2026-0041"
    )


def test_the_amount_is_plain_with_two_digits():
    assert "\nEUR1000.00\n" in payload(amount=Decimal("1E+3"))
    assert "\nEUR0.01\n" in payload(amount=Decimal("0.0100"))


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "CHF"},
        {"iban": None},
        {"iban": "DE88370400440532013000"},  # wrong check digits
        {"iban": "BR1800360305000010009795493C1"},  # outside SEPA
        {"amount": Decimal("0.00")},
        {"amount": Decimal("-5.00")},
        {"amount": Decimal("1000000000.00")},
        {"amount": Decimal("1.005")},
    ],
)
def test_no_code_where_a_sepa_transfer_cannot_pay(changes):
    assert payload(**changes) is None


def test_free_text_cannot_add_lines_and_keeps_the_limits():
    lines = payload(name="Eve\nGB33BUKB20201555555555\nEUR1.00", reference="x" * 500).split("\n")
    assert len(lines) == 11
    assert lines[5] == "Eve GB33BUKB20201555555555 EUR1.00"
    assert len(lines[10]) == 140
    assert payload(bic="not a bic").split("\n")[4] == ""


def test_a_payload_beyond_331_bytes_gives_no_code():
    assert payload(name="商" * 70, reference="請" * 140) is None


def test_iban_check():
    assert plain_iban("gb33 bukb 2020 1555 5555 55") == "GB33BUKB20201555555555"
    assert plain_iban("12345678") is None


def test_the_image_shows_the_modules_of_that_text_at_level_m():
    text = payload()
    image = Image.open(io.BytesIO(base64.b64decode(qr_png(text).partition(",")[2]))).convert("L")
    code = segno.make_qr(text, error="m", boost_error=False)
    size = image.width // len(code.matrix)
    seen = [
        [
            int(image.getpixel((x * size + size // 2, y * size + size // 2)) < 128)
            for x in range(len(row))
        ]
        for y, row in enumerate(code.matrix)
    ]
    assert seen == [list(row) for row in code.matrix]
    assert code.version <= 13
