"""The words of the core's mails, one file for each kind and language, as text and as HTML.

A file's first line is the subject; blank lines part the paragraphs; the paragraph ``[link]`` is a
button in HTML and an address in text; ``[summary]`` a small table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from invoicer_core.domain.snapshots import BusinessSnapshot, InvoiceSnapshot

LANGUAGES: Final = ("en", "de", "fr", "es")
_FOLDER: Final = Path(__file__).parent

# Plain text: for HTML each paragraph is escaped below.
_TEXTS: Final = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=False,  # noqa: S701
    undefined=StrictUndefined,
)
_PAGES: Final = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined
)
_LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {"link": "View the invoice", "open": "Open", "reset": "Choose a new password",
           "confirm": "Confirm the address",
           "number": "Invoice", "total": "Total", "due": "Due", "balance": "Open amount"},
    "de": {"link": "Rechnung ansehen", "open": "Öffnen", "reset": "Neues Passwort wählen",
           "confirm": "Adresse bestätigen",
           "number": "Rechnung", "total": "Betrag", "due": "Fällig am", "balance": "Offen"},
    "fr": {"link": "Voir la facture", "open": "Ouvrir", "reset": "Choisir un nouveau mot de passe",
           "confirm": "Confirmer l'adresse",
           "number": "Facture", "total": "Montant", "due": "Échéance", "balance": "Reste à payer"},
    "es": {"link": "Ver la factura", "open": "Abrir", "reset": "Elegir una nueva contraseña",
           "confirm": "Confirmar la dirección",
           "number": "Factura", "total": "Importe", "due": "Vencimiento", "balance": "Pendiente"},
}  # fmt: skip
_BUTTON: Final = {
    "welcome": "open",
    "password_reset": "reset",
    "invitation": "open",
    "member_added": "open",
    "mail_test": "open",
    "client_request": "open",
    "email_change": "confirm",
    "email_changed": "open",
    "workflow_late": "open",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's words."""

    subject: str
    text: str
    html: str


def about_invoice(
    kind: str, locale: str | None, invoice: InvoiceSnapshot, business: BusinessSnapshot
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """What can be said of an invoice in the client's language: values by name, and the rows of the
    paragraph ``[summary]``.

    Args:
        kind: ``invoice``, ``receipt`` or ``reminder``.
    """
    shown = _locale(locale)
    values = {
        "business": business.name,
        "client": invoice.client_name,
        "number": invoice.invoice_number,
        "total": _money(invoice.amount_due, invoice.currency, shown),
        "balance": _money(invoice.balance_due, invoice.currency, shown),
        "due": _date(invoice.due_date, shown),
        "issued": _date(invoice.issue_date, shown),
        "signature": str(business.settings.get("mail_signature") or business.name),
    }
    names = labels(language_of(locale))
    rows = [(names["number"], values["number"]), (names["total"], values["total"])]
    if kind != "receipt":
        rows += [(names["due"], values["due"])] if values["due"] else []
        rows += [(names["balance"], values["balance"])]
    return values, rows


def source(kind: str, language: str) -> tuple[str, str]:
    """The subject and the words of a kind as they were written, with their places."""
    whole = (_FOLDER / f"{kind}.{language}.txt").read_text("utf-8")
    subject, _, body = whole.partition("\n")
    return subject, body.strip("\n")


def labels(language: str) -> Mapping[str, str]:
    """The words on buttons and in the small table."""
    return _LABELS[language]


def compose(
    kind: str,
    locale: str | None,
    values: Mapping[str, Any],
    *,
    link: str,
    rows: Sequence[tuple[str, str]] = (),
    color: str | None = None,
) -> Letter:
    """The mail of a kind that is not about an invoice.

    Args:
        rows: names and values of the paragraph ``[summary]``.
    """
    given = {"signature": "", **values}
    return _compose(kind, language_of(locale), given, rows, link, color=color)


def language_of(locale: str | None) -> str:
    """The language that we have words in, nearest to a locale."""
    wanted = (locale or "en").replace("_", "-").split("-")[0].lower()
    return wanted if wanted in LANGUAGES else "en"


def _compose(
    kind: str,
    language: str,
    values: Mapping[str, Any],
    rows: Sequence[tuple[str, str]],
    link: str,
    *,
    color: str | None = None,
) -> Letter:
    written = _TEXTS.get_template(f"{kind}.{language}.txt").render(values)
    subject, _, body = written.partition("\n")
    button = _BUTTON.get(kind, "link")
    return lay_out(
        subject, body, language=language, rows=rows, link=link, color=color, button=button
    )


def lay_out(
    subject: str,
    body: str,
    *,
    language: str,
    link: str,
    rows: Sequence[tuple[str, str]] = (),
    color: str | None = None,
    button: str = "link",
) -> Letter:
    """Words as a mail: text and HTML. Without a link, the paragraph ``[link]`` is left out."""
    paragraphs = [part.strip() for part in body.split("\n\n") if part.strip()]
    gone = {"[link]"} if not link else set()
    gone |= {"[summary]"} if not rows else set()
    paragraphs = [part for part in paragraphs if part not in gone]
    label = _LABELS[language][button]
    text = "\n\n".join(_as_text(part, rows, link, label) for part in paragraphs) + "\n"
    page = _PAGES.get_template("letter.html").render(
        language=language,
        subject=subject,
        parts=[_as_html(part) for part in paragraphs],
        rows=rows,
        link=link,
        label=label,
        color=color or "#206bc4",
    )
    return Letter(" ".join(subject.split()), text, page)


def _as_text(part: str, rows: Sequence[tuple[str, str]], link: str, label: str) -> str:
    if part == "[link]":
        return f"{label}: {link}"
    if part == "[summary]":
        return "\n".join(f"{name}: {value}" for name, value in rows)
    return part


def _as_html(part: str) -> tuple[str, Markup]:
    if part in ("[link]", "[summary]"):
        return part[1:-1], Markup("")
    return "text", Markup("<br>").join(escape(line) for line in part.splitlines())


def _locale(locale: str | None) -> Locale:
    try:
        return Locale.parse((locale or "en").replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def _money(amount: Decimal, currency: str, locale: Locale) -> str:
    return format_currency(amount, currency, locale=locale)


def _date(day: date | None, locale: Locale) -> str:
    return format_date(day, "long", locale=locale) if day is not None else ""
