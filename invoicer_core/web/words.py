"""The words of codes: units, countries, methods, events; and the choices that pages offer."""

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from zoneinfo import available_timezones

from babel import Locale
from babel.numbers import format_decimal
from flask_babel import get_locale
from flask_babel import gettext as _

from invoicer_core.domain.snapshots import TimelineEntry
from invoicer_core.services.messages import message_channels
from invoicer_core.web import formats
from invoicer_core.web.catalogs import spoken

Options = list[tuple[str, str]]

CURRENCIES: Final = (
    "EUR", "USD", "GBP", "CHF", "JPY", "AUD", "CAD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK",
    "HUF", "RON", "BGN", "TRY", "UAH", "INR", "CNY", "HKD", "SGD", "KRW", "THB", "IDR", "MYR",
    "PHP", "VND", "AED", "SAR", "KWD", "BHD", "TND", "MAD", "EGP", "ILS", "ZAR", "NGN", "KES",
    "BRL", "MXN", "ARS", "CLP", "COP", "PEN",
)  # fmt: skip
LOCALES: Final = (
    "en", "en_GB", "en_US", "en_IE", "en_AU", "de", "de_AT", "de_CH", "fr", "fr_CH", "fr_CA", "es",
    "es_MX", "it", "nl", "pt", "pt_BR", "pl", "cs", "sv", "da", "nb", "fi", "el", "tr", "ja", "zh",
)  # fmt: skip
STORY_ICONS: Final = {
    "invoice.created": "file-plus",
    "invoice.updated": "pencil",
    "invoice.issued": "file-check",
    "invoice.sent": "send",
    "invoice.viewed": "eye",
    "invoice.paid": "circle-check",
    "invoice.overdue": "clock-exclamation",
    "invoice.voided": "ban",
    "invoice.written_off": "eraser",
    "payment.recorded": "coins",
    "payment.refunded": "receipt-refund",
    "credit_note.issued": "receipt-refund",
    "message.sent": "mail",
    "message.failed": "mail-off",
    "message.received": "message",
    "document.stored": "file-download",
    "client.created": "user-plus",
}


def _language() -> Locale:
    return get_locale() or Locale("en")


@lru_cache(maxsize=16)
def _countries(language: str) -> tuple[tuple[str, str], ...]:
    names = Locale.parse(language).territories
    found = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha()]
    skipped = {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO", "AC", "CP", "DG", "EA", "IC", "TA"}
    return tuple(sorted((c for c in found if c[0] not in skipped), key=lambda c: c[1]))


def country_options() -> Options:
    """Every country by its name in the page's language."""
    return list(_countries(str(_language())))


def country_word(code: str) -> str:
    """A country's name."""
    return str(_language().territories.get(code, code))


def currency_options() -> Options:
    """The currencies offered, the code first."""
    names = _language().currencies
    return [(code, f"{code} · {names.get(code, code)}") for code in CURRENCIES]


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    areas = ("Europe/", "America/", "Asia/", "Africa/", "Australia/", "Pacific/", "Atlantic/",
             "Indian/")  # fmt: skip
    return ("UTC", *sorted(name for name in available_timezones() if name.startswith(areas)))


def time_zone_options() -> Options:
    """Every time zone, UTC first."""
    return [(name, name.replace("_", " ")) for name in _zones()]


def locale_options() -> Options:
    """Locales with an example of how they write."""
    options = []
    for name in LOCALES:
        locale = Locale.parse(name)
        example = format_decimal(1234.5, locale=locale, format="#,##0.00")
        options.append((name.replace("_", "-"), f"{locale.display_name} · {example}"))
    return options


def units() -> Options:
    """Units by their UN/ECE Recommendation 20 codes."""
    return [
        ("C62", _("pc.")), ("HUR", _("hours")), ("DAY", _("days")), ("MON", _("months")),
        ("LS", _("lump sum")), ("KGM", "kg"), ("GRM", "g"), ("TNE", "t"), ("LTR", "l"),
        ("MTR", "m"), ("MTK", "m²"), ("MTQ", "m³"), ("KMT", "km"), ("KWH", "kWh"),
        ("SET", _("sets")), ("XPK", _("packs")), ("XBX", _("boxes")), ("P1", "%"),
    ]  # fmt: skip


def unit_word(code: str) -> str:
    """A unit as people write it."""
    return dict(units()).get(code, code)


def unit_after(quantity: Decimal, code: str) -> str:
    """A unit as it follows a quantity: ``hour`` after 1, ``hours`` after 2."""
    one = {
        "HUR": _("hour"), "DAY": _("day"), "MON": _("month"), "SET": _("set"), "XPK": _("pack"),
        "XBX": _("box"),
    }  # fmt: skip
    return one[code] if quantity == 1 and code in one else unit_word(code)


def method_options() -> Options:
    """How money may have come in."""
    return [
        ("bank_transfer", _("Bank transfer")), ("cash", _("Cash")), ("card", _("Card")),
        ("cheque", _("Cheque")), ("direct_debit", _("Direct debit")), ("other", _("Other")),
    ]  # fmt: skip


def method_word(method: str) -> str:
    """A payment method as people say it."""
    return dict(method_options()).get(method, method.replace("_", " ").capitalize())


def payment_state_word(status: str) -> str:
    """What became of a payment."""
    known = {
        "pending": _("On its way"), "succeeded": _("Received"), "failed": _("Failed"),
        "unknown": _("Not certain"), "partly_refunded": _("Partly refunded"),
        "refunded": _("Refunded"), "disputed": _("Disputed"),
    }  # fmt: skip
    return str(known.get(status, status))


def channel_options() -> Options:
    """Ways to write to a contact."""
    return [
        ("email", _("E-mail")), ("sms", _("SMS")), ("whatsapp", _("WhatsApp")),
        ("voice", _("Phone call")),
    ]  # fmt: skip


def channel_word(channel: str) -> str:
    """A channel as people say it."""
    return dict(channel_options()).get(channel, channel)


def locale_word(name: str) -> str:
    """A language, and its country where it has one, in the page's language."""
    return str(formats.known_locale(name).get_display_name(_language()) or name)


def tax_categories() -> Options:
    """VAT categories of EN 16931 (UNCL 5305)."""
    return [
        ("S", _("Standard or reduced rate")), ("Z", _("Zero rated")), ("E", _("Exempt")),
        ("AE", _("Reverse charge: the client pays the tax")),
        ("K", _("Delivery within the EU, exempt")), ("G", _("Export, exempt")),
        ("O", _("Not subject to tax")),
    ]  # fmt: skip


def tax_category_word(code: str) -> str:
    """A VAT category in words."""
    return dict(tax_categories()).get(code, code)


def role_word(role: str | None) -> str:
    """A member's role."""
    words = {
        "owner": _("Owner"), "admin": _("Administrator"), "accountant": _("Accountant"),
        "staff": _("Staff"), "viewer": _("Viewer"),
    }  # fmt: skip
    return str(words.get(role or "") or role or "")


def message_word(state: str) -> str:
    """What became of a message."""
    words = {
        "queued": _("waiting"), "sent": _("sent"), "delivered": _("delivered"), "read": _("read"),
        "failed": _("failed"), "bounced": _("came back"), "unknown": _("not certain"),
    }  # fmt: skip
    return str(words.get(state, state))


def step_word(state: str) -> str:
    """How far a step of a workflow is."""
    words = {
        "succeeded": _("done"), "running": _("running"), "failed": _("failed"),
        "waiting": _("waiting"), "skipped": _("skipped"), "corrected": _("corrected"),
        "undone": _("taken back"), "undoing": _("taking back"), "cancelled": _("given up"),
    }  # fmt: skip
    return str(words.get(state, state))


def story_title(entry: TimelineEntry) -> str:
    """An event as a line of the story, in the page's language where the event is known."""
    words = {
        "invoice.created": _("Draft created"), "invoice.updated": _("Changed"),
        "invoice.issued": _("Issued"), "invoice.sent": _("Sent to the client"),
        "invoice.viewed": _("Seen by the client"), "invoice.paid": _("Paid"),
        "invoice.overdue": _("Became overdue"), "invoice.voided": _("Voided"),
        "invoice.written_off": _("Written off"), "payment.recorded": _("Payment received"),
        "payment.refunded": _("Paid back"), "credit_note.issued": _("Credit note issued"),
        "message.sent": _("Message sent"), "message.failed": _("Message failed"),
        "message.delivered": _("Message delivered"), "message.received": _("Answer received"),
        "document.stored": _("PDF stored"), "client.created": _("Client added"),
        "invoice.deleted": _("Draft deleted"), "payment.allocated": _("Payment allocated"),
        "payment.failed": _("Payment failed"), "payment.disputed": _("Payment disputed"),
        "order.created": _("Order received"), "order.completed": _("Order completed"),
        "product.low_stock": _("Stock is low"), "supplier.created": _("Supplier added"),
        "workflow.failed": _("A workflow failed"), "plugin.paused": _("A plugin was paused"),
        "plugin.resumed": _("A plugin runs again"),
    }  # fmt: skip
    messages = {
        "Reminder sent": _("Reminder sent"), "Reminder failed": _("Reminder failed"),
        "Thanks and receipt sent": _("Thanks and receipt sent"),
    }  # fmt: skip
    return str(messages.get(entry.title) or words.get(entry.name) or entry.title)


def story_icon(name: str) -> str:
    """The icon of an event."""
    return STORY_ICONS.get(name, "point")


def days_late(due: date) -> int:
    """Days since the due date, where the business is."""
    return formats.days_between(due, formats.today())


def spaced(iban: str) -> str:
    """An IBAN in groups of four."""
    tight = iban.replace(" ", "")
    return " ".join(tight[start : start + 4] for start in range(0, len(tight), 4))


def channel_titles() -> dict[str, str]:
    """What the channels that are on are called, by their names."""
    return {name: spoken(title) for name, title in message_channels.titles().items()}


TEMPLATE_WORDS: Final[dict[str, Any]] = {
    "country_options": country_options, "country_word": country_word,
    "currency_options": currency_options, "time_zone_options": time_zone_options,
    "locale_options": locale_options, "unit_word": unit_word, "unit_after": unit_after,
    "method_word": method_word, "payment_state_word": payment_state_word,
    "channel_word": channel_word, "locale_word": locale_word,
    "tax_category_word": tax_category_word, "role_word": role_word, "message_word": message_word,
    "step_word": step_word, "story_title": story_title, "story_icon": story_icon,
    "days_late": days_late, "spaced": spaced,
}  # fmt: skip
