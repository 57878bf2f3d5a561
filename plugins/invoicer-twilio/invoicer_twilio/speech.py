"""How numbers, amounts and days are spoken, so that a voice reads them as a person would."""

from datetime import date
from decimal import Decimal
from typing import Final

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, get_currency_name

from invoicer_core.plugin import BusinessSnapshot, InvoiceSnapshot, minor_units
from invoicer_twilio.words import language_of, say, words

SPOKEN: Final = {
    "en": ("en-GB", "en-US", "en-AU", "en-CA", "en-IN"),
    "de": ("de-DE",),
    "fr": ("fr-FR", "fr-CA"),
    "es": ("es-ES", "es-MX"),
}
"""The languages Twilio speaks, of those we have words in; the first is the usual one."""


def voice_of(locale: str | None) -> str:
    """The value of ``<Say language>`` for a locale."""
    region = (locale or "").replace("_", "-").partition("-")[2].upper()
    known = SPOKEN[language_of(locale)]
    wanted = f"{language_of(locale)}-{region}"
    return wanted if wanted in known else known[0]


def spelled(number: str) -> str:
    """An invoice's number sign by sign, with a pause where it has a dash or slash."""
    groups = "".join(sign if sign.isalnum() else " " for sign in number).split()
    return ", ".join(" ".join(group) for group in groups)


def amount(value: Decimal, currency: str, locale: str | None) -> str:
    """``1234.50 EUR`` as "1234 euros and 50 cents"; without thousands separators, at which some
    voices stumble. Without a name for the small coins: "1234.5 Kuwaiti dinars"."""
    read = _locale(locale)
    names = words(locale)["minor"].get(currency)
    places = minor_units(currency)
    exact = round(value, places)
    whole, part = divmod(exact, 1)
    if (part and names is None) or places not in (0, 2):
        number = format_decimal(exact.normalize(), locale=read, group_separator=False)
        return f"{number} {_name(currency, exact, read)}"
    spoken = f"{int(whole)} {_name(currency, whole, read)}"
    if not part:
        return spoken
    coins = int(part * 100)
    small = f"{coins} {names[0] if coins == 1 else names[1]}"
    return say(locale, "and", whole=spoken, part=small) if whole else small


def day(value: date, locale: str | None) -> str:
    """A day with the month's name: "30 November 2026", "30. November 2026"."""
    return str(format_date(value, "long", locale=_locale(locale)))


def about(invoice: InvoiceSnapshot, business: BusinessSnapshot, locale: str | None) -> str:
    """What a call says: whose invoice, which one, how much and until when."""
    hello = say(locale, "greeting", business=business.name, number=spelled(invoice.invoice_number))
    return f"{hello} {_standing(invoice, locale)}"


def _standing(invoice: InvoiceSnapshot, locale: str | None) -> str:
    if invoice.state != "issued" or invoice.balance_due <= 0:
        return say(locale, "settled")
    spoken = amount(invoice.balance_due, invoice.currency, locale)
    if invoice.due_date is None:
        return say(locale, "open", amount=spoken)
    name = "overdue" if invoice.is_overdue else "due"
    return say(locale, name, amount=spoken, date=day(invoice.due_date, locale))


def _name(currency: str, count: Decimal, locale: Locale) -> str:
    return str(get_currency_name(currency, count=count, locale=locale))


def _locale(locale: str | None) -> Locale:
    """The reader's own locale, as far as there are words for its language."""
    return Locale.parse(voice_of(locale), sep="-")
