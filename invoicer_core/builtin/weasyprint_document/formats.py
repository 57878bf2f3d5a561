"""Numbers, dates and units in a locale's manner. Decimals stay exact: nothing is rounded here."""

import copy
import datetime
import re
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval
from babel.numbers import NumberPattern
from babel.units import format_unit

from invoicer_core.builtin.weasyprint_document.words import Words, words_for
from invoicer_core.plugin import minor_units

MAX_DIGITS = 10
_BETWEEN = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
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
        self._digits = minor_units(currency)

    def money(self, value: Decimal) -> str:
        """With the currency's symbol and at least its digits: "1.234,50 €"."""
        pattern = self._pattern(self.locale.currency_formats["standard"], value)
        text: str = pattern.apply(
            value,
            self.locale,
            currency=self.currency,
            currency_digits=False,
            decimal_quantization=False,
        )
        # A code of letters stands apart from the figure (CLDR, currency spacing).
        return _BETWEEN.sub("\u00a0", text)

    def amount(self, value: Decimal) -> str:
        """Without a symbol, with at least the currency's digits and never fewer than given."""
        pattern = self._pattern(self.locale.decimal_formats[None], value)
        text: str = pattern.apply(value, self.locale, decimal_quantization=False)
        return text

    def percent(self, rate: Decimal) -> str:
        """``rate`` is in percent: 19 gives "19 %"."""
        pattern = copy.copy(self.locale.percent_formats[None])
        pattern.frac_prec = (0, MAX_DIGITS)
        value = _plain(rate).scaleb(-2)
        text: str = pattern.apply(value, self.locale, decimal_quantization=False)
        return text

    def quantity(self, value: Decimal, unit: str) -> str:
        """A quantity with its unit in words: "2.5 hours". An unknown code is shown as it is."""
        number = self.number(value)
        name = self._unit_name(value, unit, number)
        return name or f"{number} {unit}"

    def number(self, value: Decimal) -> str:
        """All digits of a plain number, grouped; trailing zeros dropped."""
        pattern = copy.copy(self.locale.decimal_formats[None])
        pattern.frac_prec = (0, MAX_DIGITS)
        text: str = pattern.apply(_plain(value), self.locale, decimal_quantization=False)
        return text

    def date(self, value: datetime.date) -> str:
        """Short enough for a table: "Nov 20, 2026"."""
        return format_date(value, "medium", self.locale)

    def period(self, first: datetime.date, last: datetime.date) -> str:
        """Two days with what they share said once: "November 1 to 30"."""
        if first == last:
            return self.date(first)
        return format_interval(first, last, "yMMMd", locale=self.locale)

    def long_date(self, value: datetime.date) -> str:
        """For a sentence: "November 20, 2026"."""
        return format_date(value, "long", self.locale)

    def territory(self, code: str) -> str:
        """The name of a country (ISO 3166-1 alpha-2) in this language."""
        name: str = self.locale.territories.get(code.upper(), code)
        return name

    def _pattern(self, base: NumberPattern, value: Decimal) -> NumberPattern:
        digits = max(self._digits, _fraction_digits(value))
        pattern = copy.copy(base)
        pattern.frac_prec = (digits, digits)
        return pattern

    def _unit_name(self, value: Decimal, unit: str, number: str) -> str | None:
        if names := self.words.units.get(unit):
            return f"{number} {names[0] if abs(value) == 1 else names[1]}"
        if not (cldr := _CLDR_UNITS.get(unit)):
            return None
        # "3 months" but "3 kg": symbols are known for measures, not for times.
        lengths = ("long", "short") if cldr.startswith("duration") else ("short", "long")
        for length in lengths:
            text = format_unit(value, cldr, length, format=_QUANTITY, locale=self.locale)  # type: ignore[arg-type]
            if cldr not in text:
                # Some languages say "an hour" without a figure; a document shows the figure.
                return text if number in text else f"{number} {text}"
        return None


def _plain(value: Decimal) -> Decimal:
    """Without trailing zeros and without an exponent (1E+2 -> 100)."""
    normal = value.normalize()
    return normal.quantize(Decimal(1)) if normal == normal.to_integral_value() else normal


def _fraction_digits(value: Decimal) -> int:
    """Digits after the point, without trailing zeros."""
    exponent = value.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0
