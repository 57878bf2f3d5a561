"""A statement that is refused, in words that teach: what is not allowed, and what to use."""

from invoicer_core.plugin import FieldError, InvalidInput, say


class Refused(InvalidInput):
    """The guard's no. ``kind`` is for the audit; the sentence is for the person."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason, [FieldError("/sql", reason)])
        self.kind = kind
        self.reason = reason


def not_one_select(found: int) -> Refused:
    """None, or several statements."""
    if found:
        return Refused(
            "statements",
            say("Write one statement only: here are %(found)s. Ask one thing after another.",
                found=found),
        )  # fmt: skip
    return Refused("statements", say("There is no statement yet. Begin with SELECT."))


def unread(place: str) -> Refused:
    """The parser does not understand it."""
    if not place:
        return Refused("syntax", say("This is not SQL that PostgreSQL understands."))
    return Refused(
        "syntax",
        say("This is not SQL that PostgreSQL understands, near “%(place)s”.", place=place),
    )


def not_reading(what: str) -> Refused:
    """Another kind of statement."""
    return Refused(
        "statement",
        say("%(what)s is not allowed here: data is only read. Begin with SELECT.", what=what),
    )


def clause(what: str, instead: str) -> Refused:
    """A part of a SELECT that does more than read."""
    return Refused(
        "clause", say("%(what)s is not allowed. %(instead)s", what=what, instead=instead)
    )


def relation(name: str) -> Refused:
    """A table that is not one of the six."""
    return Refused(
        "relation",
        say("There is no table %(name)s here. Use clients, products, orders, invoices, "
            "invoice_items or payments.", name=name),
    )  # fmt: skip


def column(name: str, known: str) -> Refused:
    """A column that the tables of the statement do not have."""
    if known:
        return Refused(
            "column",
            say("There is no column %(name)s here. There are: %(known)s.", name=name, known=known),
        )
    return Refused("column", say("There is no column %(name)s here.", name=name))


def function(name: str) -> Refused:
    """A function that is not on the list."""
    return Refused(
        "function",
        say("The function %(name)s is not allowed. Use those that compute: sum, count, avg, "
            "date_trunc, round, coalesce, lower and the like.", name=name),
    )  # fmt: skip


def kind_of_value(name: str) -> Refused:
    """A type that is not on the list."""
    return Refused(
        "type",
        say("The type %(name)s is not allowed. Use text, integer, numeric, date, timestamptz, "
            "interval or boolean.", name=name),
    )  # fmt: skip


def operator(name: str) -> Refused:
    """An operator that is not on the list."""
    return Refused(
        "operator",
        say("The operator %(name)s is not allowed. Use = <> < > <= >= + - * / %% || LIKE, ILIKE, "
            "IN or BETWEEN.", name=name),
    )  # fmt: skip


def node(name: str) -> Refused:
    """Any other part of the language."""
    return Refused(
        "node",
        say("“%(name)s” is a part of SQL that is not allowed here. Use SELECT with joins, WHERE, "
            "GROUP BY, window functions and WITH.", name=name),
    )  # fmt: skip


def too_big(reason: str) -> Refused:
    """Over a limit."""
    return Refused("size", reason)
