"""The words of messages: `language` is how they are written, `records` whose they are."""

from invoicer_core.services.templates.kinds import (
    ABOUT_INVOICE,
    FORMS,
    KINDS,
    VARIABLES,
)
from invoicer_core.services.templates.records import (
    LONGEST,
    SUBJECT_LONGEST,
    TemplateSnapshot,
    default,
    fill,
    find,
    get,
    preview,
    reset,
    save,
    signature,
)

__all__ = [
    "ABOUT_INVOICE",
    "FORMS",
    "KINDS",
    "LONGEST",
    "SUBJECT_LONGEST",
    "VARIABLES",
    "TemplateSnapshot",
    "default",
    "fill",
    "find",
    "get",
    "preview",
    "reset",
    "save",
    "signature",
]
