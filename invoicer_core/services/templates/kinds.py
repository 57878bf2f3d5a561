"""The kinds of messages to clients that have words of their own, and what may stand in them."""

from collections.abc import Mapping
from datetime import date
from typing import Final, Literal

from babel.dates import format_date
from babel.numbers import format_currency

from invoicer_core.services.mail_texts import LANGUAGES

Form = Literal["long", "short"]
FORMS: Final = ("long", "short")
"""E-mail with a subject; text messages, calls and the like."""

_ALWAYS: Final = ("client", "business", "signature")
_INVOICE: Final = (*_ALWAYS, "number", "total", "balance", "due", "issued", "link")
VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "invoice": _INVOICE,
    "reminder": _INVOICE,
    "receipt": _INVOICE,
    "payment": (*_ALWAYS, "amount", "date", "invoices"),
    "statement": (*_ALWAYS, "start", "end", "balance"),
    "order": (*_ALWAYS, "number", "date", "total"),
    "note": _ALWAYS,
}
"""Kind -> the names of its places."""

KINDS: Final = tuple(VARIABLES)
ABOUT_INVOICE: Final = ("invoice", "reminder", "receipt")

SHORT: Final[Mapping[str, Mapping[str, str]]] = {
    "invoice": {
        "en": "{{ business }}: invoice {{ number }}, {{ balance }}, due {{ due }}. See and pay: {{ link }}",
        "de": "{{ business }}: Rechnung {{ number }}, {{ balance }}, fällig am {{ due }}. Ansehen und zahlen: {{ link }}",
        "fr": "{{ business }} : facture {{ number }}, {{ balance }}, échéance {{ due }}. Voir et payer : {{ link }}",
        "es": "{{ business }}: factura {{ number }}, {{ balance }}, vence el {{ due }}. Ver y pagar: {{ link }}",
    },
    "reminder": {
        "en": "{{ business }}: invoice {{ number }} was due {{ due }}, {{ balance }} is still open. See and pay: {{ link }}",
        "de": "{{ business }}: Rechnung {{ number }} war am {{ due }} fällig, {{ balance }} sind noch offen. Ansehen und zahlen: {{ link }}",
        "fr": "{{ business }} : la facture {{ number }} était à payer le {{ due }}, il reste {{ balance }}. Voir et payer : {{ link }}",
        "es": "{{ business }}: la factura {{ number }} venció el {{ due }}, quedan {{ balance }}. Ver y pagar: {{ link }}",
    },
    "receipt": {
        "en": "{{ business }}: thank you, invoice {{ number }} is paid in full ({{ total }}). {{ link }}",
        "de": "{{ business }}: vielen Dank, die Rechnung {{ number }} ist vollständig bezahlt ({{ total }}). {{ link }}",
        "fr": "{{ business }} : merci, la facture {{ number }} est entièrement payée ({{ total }}). {{ link }}",
        "es": "{{ business }}: gracias, la factura {{ number }} está pagada por completo ({{ total }}). {{ link }}",
    },
    "payment": {
        "en": "{{ business }}: thank you, we received {{ amount }} on {{ date }}.",
        "de": "{{ business }}: vielen Dank, {{ amount }} sind am {{ date }} eingegangen.",
        "fr": "{{ business }} : merci, nous avons reçu {{ amount }} le {{ date }}.",
        "es": "{{ business }}: gracias, hemos recibido {{ amount }} el {{ date }}.",
    },
    "statement": {
        "en": "{{ business }}: your account from {{ start }} to {{ end }}: {{ balance }} is open.",
        "de": "{{ business }}: Ihr Konto vom {{ start }} bis {{ end }}: offen sind {{ balance }}.",
        "fr": "{{ business }} : votre compte du {{ start }} au {{ end }} : il reste {{ balance }}.",
        "es": "{{ business }}: su cuenta del {{ start }} al {{ end }}: quedan {{ balance }}.",
    },
    "order": {
        "en": "{{ business }}: thank you, we have your order {{ number }} of {{ date }}, {{ total }}.",
        "de": "{{ business }}: vielen Dank, wir haben Ihren Auftrag {{ number }} vom {{ date }}, {{ total }}.",
        "fr": "{{ business }} : merci, nous avons votre commande {{ number }} du {{ date }}, {{ total }}.",
        "es": "{{ business }}: gracias, tenemos su pedido {{ number }} del {{ date }}, {{ total }}.",
    },
    "note": {
        "en": "Hello {{ client }}, this is {{ business }}: ",
        "de": "Guten Tag {{ client }}, hier ist {{ business }}: ",
        "fr": "Bonjour {{ client }}, ici {{ business }} : ",
        "es": "Hola {{ client }}, somos {{ business }}: ",
    },
}  # fmt: skip
"""Kind -> language -> the words over channels that carry little."""
# ruff: noqa: E501 - each text is one line, as it is sent


def samples(language: str) -> dict[str, str]:
    """What a preview puts into the places, as a client of that language would read it; name and
    greeting of the business are its own."""

    def euros(amount: int) -> str:
        return format_currency(amount, "EUR", locale=language)

    def day(month: int, number: int) -> str:
        return format_date(date(2026, month, number), "long", locale=language)

    return {
        "client": "Harbour Books", "number": "INV-2026-0042", "total": euros(1200),
        "balance": euros(200), "due": day(12, 15), "issued": day(11, 15),
        "link": "https://example.com/i/abc", "amount": euros(1000), "date": day(11, 20),
        "invoices": "INV-2026-0042", "start": day(11, 1), "end": day(11, 30),
    }  # fmt: skip


__all__ = [
    "ABOUT_INVOICE",
    "FORMS",
    "KINDS",
    "LANGUAGES",
    "SHORT",
    "VARIABLES",
    "Form",
    "samples",
]
