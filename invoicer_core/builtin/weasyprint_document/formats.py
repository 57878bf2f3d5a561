"""Numbers, dates and units in a locale's manner. Decimals stay exact: nothing is rounded here."""

import copy
from datetime import date
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import NumberPattern, get_currency_precision
from babel.units import format_unit

from invoicer_core.builtin.weasyprint_document.words import Words, words_for

MAX_DIGITS = 10
_QUANTITY = "#,##0." + "#" * MAX_DIGITS
# UN/ECE Recommendation 20 code -> CLDR unit, for which every locale has its own words.
_CLDR_UNITS = {
    "HUR": "duration-hour",
    "MIN": "duration-minute",
    "SEC": "duration-second",
    "DAY": "duration-day",
    "WEE": "duration-week",
    "MON": "duration-month",
    "ANN": "duration-year",
    "KGM": "mass-kilogram",
    "GRM": "mass-gram",
    "TNE": "mass-tonne",
    "LBR": "mass-pound",
    "ONZ": "mass-ounce",
    "LTR": "volume-liter",
    "MLT": "volume-milliliter",
    "GLL": "volume-gallon",
    "MTR": "length-meter",
    "CMT": "length-centimeter",
    "MMT": "length-millimeter",
    "KMT": "length-kilometer",
    "KTM": "length-kilometer",
    "INH": "length-inch",
    "FOT": "length-foot",
    "YRD": "length-yard",
    "SMI": "length-mile",
    "MTK": "area-square-meter",
    "HAR": "area-hectare",
    "MTQ": "volume-cubic-meter",
    "KWH": "energy-kilowatt-hour",
    "KWT": "power-kilowatt",
    "AD": "digital-byte",
    "4L": "digital-megabyte",
    "E34": "digital-gigabyte",
    "E35": "digital-terabyte",
}


def parse_locale(*candidates: str | None) -> Locale:
    """The first of the candidates ("de", "de_AT", "de-AT") that is known, else English."""
    for candidate in candidates:
        if not candidate:
            continue
        try:
            return Locale.parse(candidate.replace("-", "_"))
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    return Locale("en")


def language_tag(locale: Locale) -> str:
    """The BCP 47 tag of a locale: "de-AT"."""
    return str(locale).replace("_", "-")


class Formats:
    """Formats for one locale and currency (ISO 4217 code)."""

    def __init__(self, locale: Locale, currency: str) -> None:
        self.locale = locale
        self.currency = currency
        self.words: Words = words_for(locale.language)
        self._digits: int = get_currency_precision(currency)

    def money(self, value: Decimal) -> str:
        """With the currency's symbol and at least its digits: "1.234,50 €"."""
        pattern = self._pattern(self.locale.currency_formats["standard"], value)
        return pattern.apply(
            value,
            self.locale,
            currency=self.currency,
            currency_digits=False,
            decimal_quantization=False,
        )

    def amount(self, value: Decimal) -> str:
        """Without a symbol, with at least the currency's digits and never fewer than given."""
        pattern = self._pattern(self.locale.decimal_formats[None], value)
        return pattern.apply(value, self.locale, decimal_quantization=False)

    def percent(self, rate: Decimal) -> str:
        """``rate`` is in percent: 19 gives "19 %"."""
        pattern = copy.copy(self.locale.percent_formats[None])
        pattern.frac_prec = (0, MAX_DIGITS)
        value = _plain(rate).scaleb(-2)
        return pattern.apply(value, self.locale, decimal_quantization=False)

    def quantity(self, value: Decimal, unit: str) -> str:
        """A quantity with its unit in words: "2.5 hours". An unknown code is shown as it is."""
        number = self.number(value)
        name = self._unit_name(value, unit, number)
        return name or f"{number} {unit}"

    def number(self, value: Decimal) -> str:
        """All digits of a plain number, grouped; trailing zeros dropped."""
        pattern = copy.copy(self.locale.decimal_formats[None])
        pattern.frac_prec = (0, MAX_DIGITS)
        return pattern.apply(_plain(value), self.locale, decimal_quantization=False)

    def date(self, value: date) -> str:
        return format_date(value, "medium", self.locale)

    def long_date(self, value: date) -> str:
        return format_date(value, "long", self.locale)

    def territory(self, code: str) -> str:
        """The name of a country (ISO 3166-1 alpha-2) in this language."""
        return self.locale.territories.get(code.upper(), code)

    def _pattern(self, base: NumberPattern, value: Decimal) -> NumberPattern:
        exponent = value.as_tuple().exponent
        given = -exponent if isinstance(exponent, int) and exponent < 0 else 0
        digits = max(self._digits, _significant_digits(value, given))
        pattern = copy.copy(base)
        pattern.frac_prec = (digits, digits)
        return pattern

    def _unit_name(self, value: Decimal, unit: str, number: str) -> str | None:
        if names := self.words.units.get(unit):
            return f"{number} {names[0] if abs(value) == 1 else names[1]}"
        if not (cldr := _CLDR_UNITS.get(unit)):
            return None
        for length in ("long", "short", "narrow"):
            text = format_unit(value, cldr, length, format=_QUANTITY, locale=self.locale)  # type: ignore[arg-type]
            if cldr not in text:
                # Some languages say "an hour" without a figure; a document shows the figure.
                return text if number in text else f"{number} {text}"
        return None


def _plain(value: Decimal) -> Decimal:
    """Without trailing zeros and without an exponent (1E+2 -> 100)."""
    normal = value.normalize()
    return normal.quantize(Decimal(1)) if normal == normal.to_integral_value() else normal


def _significant_digits(value: Decimal, given: int) -> int:
    """Decimal places that are not trailing zeros."""
    if not given:
        return 0
    exponent = value.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0
