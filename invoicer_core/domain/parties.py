"""What a business, client or supplier may be called by: country, bank account, tax id.

Every function returns the value in its one written form, or raises ValueError with what would be
accepted; who calls says which field it was.
"""

import re
from typing import Final

from invoicer_core.domain.saying import say

_CODES: Final = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ "
    "BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM "
    "DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS "
    "GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN "
    "KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ "
    "MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
    "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV "
    "SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI "
    "VN VU WF WS YE YT ZA ZM ZW"
)
COUNTRIES: Final = frozenset(_CODES.split())
"""ISO 3166-1 alpha-2."""

VAT_PREFIXES: Final = COUNTRIES | {"EL", "XI"}
"""EN 16931 BR-CO-09: the country's code; Greece uses EL, Northern Ireland XI."""

_IBAN_LENGTHS: Final = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FK FO FI GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
"""Of the registry of ISO 13616."""

_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_BIC: Final = re.compile(r"[A-Z0-9]{4}([A-Z]{2})[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)
_VAT: Final = re.compile(r"([A-Z]{2})[A-Z0-9+*]{2,18}", re.ASCII)
_PHONE: Final = re.compile(r"[+0-9(][0-9 ()./x#*+-]*", re.ASCII)
_SPACES: Final = re.compile(r"\s+")


def country(text: str) -> str:
    """An ISO 3166-1 alpha-2 code in capitals."""
    code = text.strip().upper()
    if code not in COUNTRIES:
        raise ValueError(say("Use a country's code of two letters (ISO 3166-1), such as AT."))
    return code


def iban(text: str) -> str:
    """An account number without spaces: its country's length, its check digits (ISO 13616)."""
    account = _SPACES.sub("", text).upper()
    if not _IBAN.fullmatch(account):
        raise ValueError(say("An IBAN is a country's code, two check digits and the account."))
    length = _IBAN_LENGTHS.get(account[:2])
    if length is None:
        raise ValueError(say("There are no IBANs of the country %(country)s.", country=account[:2]))
    if len(account) != length:
        raise ValueError(
            say(
                "An IBAN of %(country)s has %(length)s characters, not %(count)s.",
                country=account[:2],
                length=length,
                count=len(account),
            )
        )
    digits = "".join(str(int(char, 36)) for char in account[4:] + account[:4])
    if int(digits) % 97 != 1:
        raise ValueError(say("The check digits of this IBAN do not fit: a character is mistyped."))
    return account


def bic(text: str) -> str:
    """A bank's code of 8 or 11 characters (ISO 9362)."""
    code = _SPACES.sub("", text).upper()
    match = _BIC.fullmatch(code)
    if match is None or match[1] not in COUNTRIES | {"XK"}:
        raise ValueError(
            say("A BIC has 8 or 11 characters with the country in the fifth and sixth.")
        )
    return code


def vat_id(text: str) -> str:
    """A VAT number without spaces, dots and dashes; it begins with its country (BR-CO-09)."""
    number = re.sub(r"[\s.\-]+", "", text).upper()
    match = _VAT.fullmatch(number)
    if match is None or match[1] not in VAT_PREFIXES:
        raise ValueError(say("A VAT number begins with its country's code, such as ATU12345678."))
    return number


def phone(text: str) -> str:
    """A telephone number as people write it: digits, + ( ) . / - and an extension after x."""
    number = _SPACES.sub(" ", text.strip())
    digits = sum(char in "0123456789" for char in number)
    if len(number) > 40 or not 3 <= digits <= 20 or not _PHONE.fullmatch(number):
        raise ValueError(say("Write a telephone number with its digits, such as +43 1 5550100."))
    return number
