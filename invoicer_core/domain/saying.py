"""What is said to people: English, with all that another language needs to say the same."""

from collections.abc import Mapping
from typing import Final


class Said(str):
    """A text in English that still knows how it came about.

    It is its English text wherever a text is wanted: answers of the API, logs, rows. Who shows it
    to a person looks ``text`` up in a catalog and fills ``values`` in.

    Args:
        text: the English text with its places, e.g. ``At most %(most)s characters.``
        values: what stands in the places; texts among them may be ``Said`` themselves.
        context: tells equal texts of different meaning apart.
    """

    __slots__ = ("context", "text", "values")

    context: str | None
    text: str
    values: Mapping[str, object]

    def __new__(
        cls, text: str, values: Mapping[str, object] | None = None, context: str | None = None
    ) -> "Said":
        """Fill the places of the English text."""
        made = super().__new__(cls, text % values if values else text)
        made.text, made.values, made.context = text, values or {}, context
        return made

    def __str__(self) -> "Said":
        # So that the text of ``ValueError(say(...))`` is still one.
        return self


def say(text: str, /, **values: object) -> Said:
    """Mark a text for the catalogs. ``text`` is a literal; what changes goes into ``values``."""
    return Said(text, values)


def term(context: str, text: str) -> Said:
    """Mark a word that means something of its own in ``context``."""
    return Said(text, context=context)


def together(*parts: str) -> Said:
    """Several sentences in a row, each in the reader's language."""
    places = {f"part{place}": part for place, part in enumerate(parts)}
    return Said(" ".join(f"%({name})s" for name in places), places)


_STATES: Final = {
    str(each): each
    for each in (
        term("state", "draft"), term("state", "issued"), term("state", "void"),
        term("state", "pending"), term("state", "processing"), term("state", "completed"),
        term("state", "cancelled"), term("state", "succeeded"), term("state", "failed"),
        term("state", "unknown"), term("state", "running"), term("state", "waiting"),
        term("state", "partly_refunded"), term("state", "refunded"), term("state", "disputed"),
    )
}  # fmt: skip
_NONE: Final = {
    "allocation": say("no allocation"),
    "attachment": say("no attachment"),
    "bill": say("no bill"),
    "business": say("no business"),
    "category": say("no category"),
    "client": say("no client"),
    "contact": say("no contact"),
    "credit note": say("no credit note"),
    "delivery": say("no delivery"),
    "document": say("no document"),
    "file": say("no file"),
    "invoice": say("no invoice"),
    "line of this order": say("no line of this order"),
    "member": say("no member"),
    "message": say("no message"),
    "order": say("no order"),
    "parked delivery": say("no parked delivery"),
    "paused plugin": say("no paused plugin"),
    "payment": say("no payment"),
    "payment provider": say("no payment provider"),
    "picture": say("no picture"),
    "product": say("no product"),
    "run": say("no run"),
    "series": say("no series"),
    "supplier": say("no supplier"),
    "task": say("no task"),
    "text": say("no text"),
    "tax rate": say("no tax rate"),
    "user": say("no user"),
    "view": say("no view"),
    "webhook": say("no webhook"),
}
_THIS: Final = {
    "bill": say("This bill"),
    "business": say("This business"),
    "category": say("This category"),
    "client": say("This client"),
    "member": say("This member"),
    "order": say("This order"),
    "product": say("This product"),
    "series": say("This series"),
    "supplier": say("This supplier"),
    "tax rate": say("This tax rate"),
    "text": say("This text"),
    "webhook": say("This webhook"),
}


def state_word(word: str) -> str:
    """A state of a document, a payment, an order or a run, as it is stored."""
    return _STATES.get(word, word)


def none_of(what: str) -> str:
    """``no invoice``; a thing that the core does not know stays as it is called."""
    return _NONE.get(what, f"no {what}")


def this(what: str) -> str:
    """``This client``, at the start of a sentence."""
    return _THIS.get(what, f"This {what}")
