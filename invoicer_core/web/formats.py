"""Money, numbers, dates and words as the reader writes them: the business's locale and time zone.

Amounts stay exact decimals up to the last character.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_timedelta, get_timezone
from babel.numbers import format_currency, format_decimal, format_percent
from flask import Flask, g
from flask_babel import get_locale
from flask_babel import lazy_gettext as lazy

DEFAULT = Locale("en")
STATUSES = {
    "draft": lazy("Draft"), "sent": lazy("Open"), "partial": lazy("Part paid"),
    "paid": lazy("Paid"), "overdue": lazy("Overdue"), "void": lazy("Void"),
}  # fmt: skip


def locale() -> Locale:
    """The locale amounts and dates are written in."""
    chosen = g.get("locale")
    if isinstance(chosen, Locale):
        return chosen
    g.locale = known_locale(getattr(g.get("business"), "locale", None))
    found: Locale = g.locale
    return found


def known_locale(name: str | None) -> Locale:
    """The locale of that name (``de``, ``de_AT``, ``de-AT``), or English when there is none."""
    try:
        return Locale.parse((name or "en").replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return DEFAULT


def spoken_locale() -> Locale:
    """The locale of what is written in words, as months and "two hours ago": the business's where
    the page is in its language, else the page's language as it is written in the business's
    country, so that no page speaks two languages."""
    written = locale()
    page: Locale | None = get_locale()
    if page is None or page.language == written.language:
        return written
    try:
        return Locale.parse(f"{page.language}_{written.territory or country()}")
    except (UnknownLocaleError, ValueError):
        return page


def zone() -> Any:
    """The business's time zone; UTC outside of a business."""
    name = getattr(g.get("business"), "time_zone", None) or "UTC"
    try:
        return get_timezone(name)
    except LookupError:
        return UTC


def today() -> date:
    """Today where the business is."""
    return datetime.now(zone()).date()


def money(amount: Decimal | None, currency: str) -> str:
    """An amount with its currency, to the currency's digits: ``€1,234.50``."""
    return "" if amount is None else format_currency(amount, currency, locale=locale())


def price(amount: Decimal, currency: str) -> str:
    """A unit price: all its digits, at least the currency's."""
    plain = amount.normalize()
    return format_currency(plain, currency, locale=locale(), decimal_quantization=False)


def number(value: Decimal) -> str:
    """A quantity without needless zeros."""
    return format_decimal(_plain(value), locale=locale(), decimal_quantization=False)


def percent(rate: Decimal) -> str:
    """A rate given in percent: 19 is ``19%``."""
    return format_percent(_plain(rate) / 100, locale=locale(), decimal_quantization=False)


def _plain(value: Decimal) -> Decimal:
    whole = value.to_integral_value()
    return whole if value == whole else value.normalize()


def day(value: date | datetime | None, form: str = "medium") -> str:
    """A date; of a moment, the date where the business is."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(zone()).date()
    return format_date(value, form, locale=spoken_locale())


def moment(value: datetime | None, form: str = "medium") -> str:
    """Date and time where the business is."""
    if value is None:
        return ""
    return format_datetime(value, form, tzinfo=zone(), locale=spoken_locale())


def ago(value: datetime) -> str:
    """How long ago, in words."""
    seconds = value - datetime.now(UTC)
    return format_timedelta(seconds, add_direction=True, locale=spoken_locale(), threshold=1.2)


def days_between(first: date, last: date) -> int:
    """Whole days from one date to another."""
    return (last - first).days


def initials(name: str) -> str:
    """At most two letters that stand for a name."""
    words = [word for word in name.split() if word[:1].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


def status_word(status: str) -> str:
    """The status as people say it."""
    return str(STATUSES.get(status) or status.replace("_", " ").capitalize())


def install(app: Flask) -> None:
    """Make them available in templates."""
    app.jinja_env.filters.update(
        money=money, price=price, number=number, percent=percent, day=day, moment=moment,
        ago=ago, initials=initials, status_word=status_word,
    )  # fmt: skip


def currency() -> str:
    """The business's usual currency."""
    return getattr(g.get("business"), "currency", None) or "EUR"


def business_settings() -> dict[str, Any]:
    """The business's settings by name; empty outside of one."""
    return dict(getattr(g.get("business"), "settings", None) or {})


def country() -> str:
    """The business's country code; empty when it has none."""
    return getattr(g.get("business"), "country", None) or ""
