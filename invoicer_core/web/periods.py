"""The period and the currency that a page of figures is about, as its address says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from flask import request
from flask_babel import gettext as _

from invoicer_core.domain import periods
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.periods import Period
from invoicer_core.web import formats
from invoicer_core.web.access import Site

SHORTEST: Final = "LLL"


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked for: the period, what of the address goes on to links, what was wrong."""

    period: Period
    query: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)


def install(site: Site) -> None:
    """Give templates the names of months and of periods."""
    site.add_app_template_filter(month_name)
    site.add_app_template_global(preset_words)


def month_name(day: date, form: str = "long") -> str:
    """``November 2026``, or short ``Nov``, as the page says it."""
    return formats.day(day, SHORTEST if form == "short" else "MMMM y")


def preset_words() -> list[tuple[str, str]]:
    """The periods to choose from, in words."""
    return [
        ("30-days", _("Last 30 days")), ("90-days", _("Last 90 days")),
        ("12-months", _("Last 12 months")), ("month", _("This month")),
        ("last-month", _("Last month")), ("quarter", _("This quarter")),
        ("last-quarter", _("Last quarter")), ("year", _("This year")),
        ("last-year", _("Last year")),
    ]  # fmt: skip


def chosen(usual: str) -> Choice:
    """The period that the address asks for: ``period`` is a preset, or ``from`` and ``to`` days.

    What can not be read is told and the usual preset taken, so that a page is always shown. A form
    sends all three, and in ``shown`` the days it came with: days that were changed count.
    """
    given = request.args
    name = given.get("period", "")
    days_typed = f"{given.get('from', '')}_{given.get('to', '')}"
    if name in periods.PRESETS and given.get("shown", days_typed) == days_typed:
        return Choice(periods.preset(name, formats.today()), {"period": name})
    if not (given.get("from") or given.get("to")):
        return Choice(periods.preset(usual, formats.today()), {"period": usual})
    typed = {each: given.get(each, "").strip() for each in ("from", "to")}
    days = {each: _day(text) for each, text in typed.items()}
    errors = {each: _("Choose a day.") for each, found in days.items() if found is None}
    start, end = days["from"], days["to"]
    if start is not None and end is not None:
        try:
            return Choice(periods.own(start, end), typed)
        except InvalidInput:
            errors["to"] = _("Choose a last day after the first one, at most ten years later.")
    fallback = periods.preset(usual, formats.today())
    return Choice(fallback, {"period": usual, **typed}, errors)


def currency_of(currencies: Sequence[str], usual: str) -> str:
    """The currency that the address asks for where it is one of those in use."""
    wanted: Any = request.args.get("currency", "")
    return wanted if wanted in currencies else usual


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
