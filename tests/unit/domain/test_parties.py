"""Countries, accounts, tax ids, telephones and units: one written form each, or a refusal."""

import pytest

from invoicer_core.domain import parties
from invoicer_core.domain.units import UNITS, unit_code

# Examples of the registry of ISO 13616 and of national banks.
IBANS = """
AD12 0001 2030 2003 5910 0100
AT61 1904 3002 3457 3201
BE68 5390 0754 7034
BG80 BNBG 9661 1020 3456 78
CH93 0076 2011 6238 5295 7
CY17 0020 0128 0000 0012 0052 7600
CZ65 0800 0000 1920 0014 5399
DE89 3704 0044 0532 0130 00
DK50 0040 0440 1162 43
EE38 2200 2210 2014 5685
ES91 2100 0418 4502 0005 1332
FI21 1234 5600 0007 85
FR14 2004 1010 0505 0001 3M02 606
GB29 NWBK 6016 1331 9268 19
GR16 0110 1250 0000 0001 2300 695
HR12 1001 0051 8630 0016 0
HU42 1177 3016 1111 1018 0000 0000
IE29 AIBK 9311 5212 3456 78
IT60 X054 2811 1010 0000 0123 456
LI21 0881 0000 2324 013A A
LT12 1000 0111 0100 1000
LU28 0019 4006 4475 0000
LV80 BANK 0000 4351 9500 1
MT84 MALT 0110 0001 2345 MTLC AST0 01S
NL91 ABNA 0417 1643 00
NO93 8601 1117 947
PL61 1090 1014 0000 0712 1981 2874
PT50 0002 0123 1234 5678 9015 4
RO49 AAAA 1B31 0075 9384 0000
SA03 8000 0000 6080 1016 7519
SE45 5000 0000 0583 9825 7466
SI56 1910 0000 0123 438
SK31 1200 0000 1987 4263 7541
TR33 0006 1005 1978 6457 8413 26
XK05 1212 0123 4567 8906
""".strip().splitlines()


@pytest.mark.parametrize("account", IBANS)
def test_an_iban_loses_its_spaces_and_nothing_else(account):
    assert parties.iban(account.lower()) == account.replace(" ", "")


@pytest.mark.parametrize("account", IBANS)
def test_a_mistyped_digit_is_found(account):
    digits = account.replace(" ", "")
    for place in range(2, len(digits)):
        if digits[place].isdigit():
            other = str((int(digits[place]) + 1) % 10)
            with pytest.raises(ValueError, match=r"\."):
                parties.iban(digits[:place] + other + digits[place + 1 :])


@pytest.mark.parametrize(
    "account",
    ["", "AT", "AT6119043002345732", "AT61190430023457320101", "US61190430023457320100",
     "AT6１1904300234573201", "A161190430023457320", "AT61-1904-3002-3457-3201"],
)  # fmt: skip
def test_what_is_no_iban_is_refused(account):
    with pytest.raises(ValueError, match=r"IBAN|country"):
        parties.iban(account)


@pytest.mark.parametrize(
    ("rule", "text", "kept"),
    [
        (parties.country, " at ", "AT"),
        (parties.bic, "deut de ff", "DEUTDEFF"),
        (parties.bic, "GIBAATWWXXX", "GIBAATWWXXX"),
        (parties.vat_id, "CHE-123.456.788 MWST", "CHE123456788MWST"),
        (parties.vat_id, "el 094259216", "EL094259216"),
        (parties.vat_id, "XI123456789", "XI123456789"),
        (parties.vat_id, "IE1234567+A", "IE1234567+A"),
        (parties.phone, " +43 (1) 555-01.00 x12 ", "+43 (1) 555-01.00 x12"),
    ],
)
def test_the_written_form(rule, text, kept):
    assert rule(text) == kept


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (parties.country, "EU"),
        (parties.country, "XX"),
        (parties.country, "AUT"),
        (parties.country, ""),
        (parties.bic, "DEUTDE"),
        (parties.bic, "DEUTXXFF"),
        (parties.bic, "DEUTDEFFXX"),
        (parties.vat_id, "123456789"),
        (parties.vat_id, "ZZ123456789"),
        (parties.vat_id, "DE"),
        (parties.vat_id, "DE" + "1" * 40),
        (parties.vat_id, "DE12345６789"),
        (parties.phone, "abc"),
        (parties.phone, "1"),
        (parties.phone, "+" + "1" * 30),
        (parties.phone, "٠١٢٣٤٥"),
    ],
)
def test_a_wrong_value_is_refused(rule, text):
    with pytest.raises(ValueError, match=r"\w"):
        rule(text)


def test_no_word_means_two_units():
    words = [word for _, (_, words) in UNITS.items() for word in words.split()]
    assert len(words) == len(set(words))
    assert all(unit_code(word) for word in words)


@pytest.mark.parametrize("word", ["", " ", "kilo watt", "x", "pièces", "ABCD", "=1+1"])
def test_what_is_no_unit_is_refused(word):
    with pytest.raises(ValueError, match="UN/ECE"):
        unit_code(word)
