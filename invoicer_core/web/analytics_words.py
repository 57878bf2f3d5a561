"""The figures of the analytics page in words: cards, what charts draw, and what they say."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import ngettext

from invoicer_core.domain.tables import Cell, Table, Word
from invoicer_core.domain.trends import share
from invoicer_core.services.analytics import Analytics, Figures
from invoicer_core.web import formats

DRAWN: Final = ("by-client", "by-product", "by-category")
NOTHING: Final = "–"  # noqa: RUF001 - a dash


@dataclass(frozen=True, slots=True)
class Card:
    """One key figure: what it is called, what it is now, and what it is compared with."""

    icon: str
    label: str
    value: str
    note: str


def cards(found: Analytics) -> list[Card]:
    """The key figures in words."""
    figures = found.figures
    return [
        Card("chart-line", _("Revenue"), formats.money(figures.revenue, found.currency),
             _change(figures, found.currency)),
        Card("users", _("Clients"), formats.number(Decimal(figures.clients.active)),
             ngettext("%(num)s of them new", "%(num)s of them new", figures.clients.new)),
        Card("circle-check", _("Sent and paid"), _percent(figures.conversion),
             _("%(paid)s of %(issued)s invoices", paid=figures.steps.paid,
               issued=figures.steps.issued)),
        Card("clock", _("Time to pay"), _days(figures.days_to_pay),
             _("half of the paid invoices were faster")),
        Card("eye", _("Viewers a day"), formats.number(figures.viewers_a_day),
             _("%(most)s on the busiest day", most=figures.looks.viewers_most)),
        Card("hourglass", _("Session length"), _duration(figures.looks.session_seconds),
             ngettext("%(num)s visit of more than one page", "%(num)s visits of more than one page",
                      figures.looks.sessions)),
    ]  # fmt: skip


def _change(figures: Figures, currency: str) -> str:
    if figures.revenue_before <= 0:
        return str(_("nothing in the period before"))
    change = share(figures.revenue - figures.revenue_before, figures.revenue_before)
    sign = "+" if change and change > 0 else ""
    return str(
        _(
            "%(change)s against %(before)s before",
            change=f"{sign}{_percent(change)}",
            before=formats.money(figures.revenue_before, currency),
        )
    )


def _percent(value: Decimal | None) -> str:
    return NOTHING if value is None else formats.percent(value)


def _days(value: Decimal | None) -> str:
    if value is None:
        return NOTHING
    if value == value.to_integral_value():
        return str(ngettext("%(num)s day", "%(num)s days", int(value)))
    return str(_("%(number)s days", number=formats.number(value)))


def _duration(seconds: Decimal | None) -> str:
    if seconds is None:
        return NOTHING
    minutes, rest = divmod(int(seconds), 60)
    if minutes:
        return str(_("%(minutes)s min %(seconds)s s", minutes=minutes, seconds=rest))
    return str(_("%(seconds)s s", seconds=rest))


def charts(found: Analytics, words: dict[str, str]) -> dict[str, Any]:
    """What the browser draws. Amounts go along as texts; the numbers only set heights."""
    drawn = {name: _bars(found.tables[name], found.currency, words) for name in DRAWN}
    drawn["delays"] = _bars(found.tables["delays"], found.currency, words)
    return {"days": _days_chart(found, words), **drawn}


def _days_chart(found: Analytics, words: dict[str, str]) -> dict[str, Any]:
    written: dict[Decimal | None, str] = {}

    def money(amount: Decimal | None) -> str:
        if amount not in written:
            written[amount] = formats.money(amount, found.currency)
        return written[amount]

    return {
        "labels": [formats.day(each.day, "short") for each in found.days],
        "revenue": words["revenue"],
        "values": [str(each.amount) for each in found.days],
        "texts": [money(each.amount) for each in found.days],
        "average": words["average"],
        "averages": [None if each.average is None else str(each.average) for each in found.days],
        "averageTexts": [money(each.average) for each in found.days],
        "remarks": [words[each.oddity] if each.oddity else "" for each in found.days],
        "odd": _("Out of the ordinary"),
    }


def _bars(table: Table, currency: str, words: dict[str, str]) -> dict[str, Any]:
    """The rows of a table as bars: their names, and their amounts or counts."""
    kinds = [column.kind for column in table.columns]
    at = kinds.index("money") if "money" in kinds else kinds.index("count")
    amounts = [row[at] for row in table.rows]
    texts = [
        formats.money(each, currency)
        if kinds[at] == "money" and isinstance(each, Decimal)
        else str(each)
        for each in amounts
    ]
    return {
        "label": words[table.columns[at].key],
        "labels": [_name(row[0], words) for row in table.rows],
        "values": [str(each) for each in amounts],
        "texts": texts,
    }


def _name(cell: Cell, words: dict[str, str]) -> str:
    if isinstance(cell, Word):
        return words.get(cell, str(cell))
    return str(cell or NOTHING)


def summaries(found: Analytics, words: dict[str, str]) -> dict[str, str]:
    """What each chart shows, in a sentence."""
    said = {name: _largest(found.tables[name], found.currency, words) for name in DRAWN}
    return {
        **said,
        "days": _days_sentence(found),
        "delays": _delays_sentence(found.tables["delays"], words),
        "cohorts": _("Of the clients whose first invoice was in a week, how many were invoiced "
                     "again in the weeks after it."),
    }  # fmt: skip


def _days_sentence(found: Analytics) -> str:
    if not any(each.amount for each in found.days):
        return str(_("No revenue in this period."))
    best = max(found.days, key=lambda each: each.amount)
    odd = sum(1 for each in found.days if each.oddity)
    sentence = _(
        "%(total)s in %(days)s days; the best day was %(day)s with %(amount)s.",
        total=formats.money(found.figures.revenue, found.currency),
        days=len(found.days),
        day=formats.day(best.day),
        amount=formats.money(best.amount, found.currency),
    )
    if not odd:
        return str(sentence)
    also = ngettext(
        "%(num)s day is out of the ordinary and marked.",
        "%(num)s days are out of the ordinary and marked.",
        odd,
    )
    return f"{sentence} {also}"


def _largest(table: Table, currency: str, words: dict[str, str]) -> str:
    if not table.rows:
        return str(_("Nothing was sold in this period."))
    at = next(n for n, column in enumerate(table.columns) if column.kind == "money")
    amount, part = table.rows[0][at], table.rows[0][-1]
    return str(
        _(
            "Most came from %(name)s: %(amount)s, %(share)s of all.",
            name=_name(table.rows[0][0], words),
            amount=formats.money(amount if isinstance(amount, Decimal) else None, currency),
            share=_percent(part if isinstance(part, Decimal) else None),
        )
    )


def _delays_sentence(table: Table, words: dict[str, str]) -> str:
    counts = [row[1] for row in table.rows if isinstance(row[1], int)]
    if not sum(counts):
        return str(_("No invoice of this period is paid yet."))
    late = sum(counts[3:])
    return str(
        _(
            "%(share)s of the paid invoices came late; most often: %(bucket)s.",
            share=_percent(share(late, sum(counts))),
            bucket=_name(table.rows[counts.index(max(counts))][0], words),
        )
    )
