"""The business's own words on its documents, in each language; and which columns they have.

They lie in the business's settings: ``document_texts`` is ``{language: {part: text}}``, and
``hidden_columns`` names what is left out of the table of items.
"""

from collections.abc import Mapping
from typing import Any, Final

from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import BusinessSnapshot
from invoicer_core.services import fields as check

LANGUAGES: Final = ("en", "de", "fr", "es")
PAPERS: Final = ("A4", "letter")
TEMPLATES: Final = ("classic", "modern", "compact", "elegant")
"""How documents may look; the first where nothing is chosen."""
PARTS: Final[Mapping[str, check.Check]] = {
    "introduction": check.text(2000, lines=True),
    "terms": check.text(500, lines=True),
    "footer": check.text(2000, lines=True),
}
"""What may be said: before the items, under the terms of payment, at the end."""

COLUMNS: Final = ("position", "item_number", "quantity", "unit_price", "tax")
"""Columns and details that a business may leave out. Description and amount are always there."""


def texts_check(value: Any) -> dict[str, dict[str, str]]:
    """The value of the setting ``document_texts``. Raises ValueError, InvalidInput."""
    if not isinstance(value, Mapping):
        raise ValueError(say("This must be an object of languages."))
    found: dict[str, dict[str, str]] = {}
    for language, parts in value.items():
        if language not in LANGUAGES or not isinstance(parts, Mapping):
            raise ValueError(say("This has texts for %(known)s.", known=", ".join(LANGUAGES)))
        given = check.check_fields(parts, PARTS, pointer=f"/{language}")
        found[language] = {name: text for name, text in given.items() if text}
    return {language: parts for language, parts in found.items() if parts}


def columns_check(value: Any) -> list[str]:
    """The value of the setting ``hidden_columns``. Raises ValueError."""
    if not isinstance(value, list | tuple) or any(each not in COLUMNS for each in value):
        raise ValueError(say("This is a list of %(known)s.", known=", ".join(COLUMNS)))
    return [name for name in COLUMNS if name in value]


def text_of(business: BusinessSnapshot, part: str, locale: str | None) -> str | None:
    """A text in the language of the reader; in the business's own where there is none; what was
    set before there were languages last."""
    texts = business.settings.get("document_texts") or {}
    for language in (_language(locale), _language(business.locale), "en"):
        found = (texts.get(language) or {}).get(part)
        if found:
            return str(found)
    former = {"footer": "invoice_footer", "terms": "payment_terms"}.get(part)
    return str(business.settings.get(former) or "") or None if former else None


def options(
    business: BusinessSnapshot, locale: str | None, template: str | None = None
) -> dict[str, Any]:
    """What a renderer is told of the business's choices.

    Args:
        template: to look at another one than the business chose.
    """
    chosen = {
        "color": business.color,
        "introduction": text_of(business, "introduction", locale),
        "terms": text_of(business, "terms", locale),
        "footer": text_of(business, "footer", locale),
        "hidden_columns": tuple(business.settings.get("hidden_columns") or ()),
        "paper": business.settings.get("paper"),
        "template": template or business.settings.get("document_template"),
    }
    return {name: value for name, value in chosen.items() if value}


def _language(locale: str | None) -> str:
    return (locale or "en").replace("_", "-").partition("-")[0].lower()
