"""The first page: what is owed, what is late, what came in, what wants attention."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _

from invoicer_core.domain.periods import Period, month_end
from invoicer_core.services import businesses
from invoicer_core.services import dashboard as figures
from invoicer_core.web import formats
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.site import query_of


def install(site: Site) -> None:
    """Add the page."""
    site.add_url_rule("/", "dashboard", dashboard)


@members("invoices.read")
def dashboard() -> Answer:
    """Figures that each lead to their list, and what wants attention."""
    query = query_of("currency", "span")
    found = figures.summary(currency=query.get("currency"), span=query.get("span", ""))
    return render_template(
        "dashboard/page.html",
        summary=found,
        query=query,
        spans=spans(),
        paid=paid_words(found),
        bands=bands(),
        heights=portions([each.amount for each in found.months]),
        widths=portions([each.amount for each in found.ageing]),
        shares=portions([each.amount for each in found.top_clients]),
        month_end=month_end,
        days_of=days_of,
        due_days=due_days,
        steps=first_steps(found) if found.is_new else [],
        channels=channels(),
    )


def spans() -> list[tuple[str, str]]:
    """What may count as this period."""
    return [("month", _("Month")), ("quarter", _("Quarter")), ("year", _("Year"))]


def paid_words(found: figures.Summary) -> tuple[str, str]:
    """What the sum of payments is called, and that of the period before."""
    before = formats.money(found.paid_before, found.currency)
    words = {
        "month": (_("Paid this month"), _("last month %(amount)s", amount=before)),
        "quarter": (_("Paid this quarter"), _("last quarter %(amount)s", amount=before)),
        "year": (_("Paid this year"), _("last year %(amount)s", amount=before)),
    }
    return words[found.period.name]


def bands() -> dict[str, str]:
    """How long something has been due, in words."""
    return {
        "not-due": _("Not due yet"),
        "0-30": _("0-30 days"),
        "31-60": _("31-60 days"),
        "61-90": _("61-90 days"),
        "over-90": _("Over 90 days"),
    }


def due_days(band: str) -> dict[str, str]:
    """The open invoices that have been due so long, as the list takes it in its address."""
    today = formats.today()
    first, last = {
        "not-due": (None, -1), "0-30": (30, 0), "31-60": (60, 31), "61-90": (90, 61),
        "over-90": (None, 91),
    }[band]  # fmt: skip
    near = (today - timedelta(days=last)).isoformat()
    if band == "not-due":
        return {"due_from": near}
    if first is None:
        return {"due_to": near}
    return {"due_from": (today - timedelta(days=first)).isoformat(), "due_to": near}


def channels() -> dict[str, str]:
    """What carries messages and links, in words."""
    return {
        "email": _("E-mail"),
        "sms": _("SMS"),
        "whatsapp": _("WhatsApp"),
        "voice": _("Call"),
        "portal": _("Portal"),
        "link": _("Copied link"),
    }


def portions(amounts: Sequence[Decimal | int]) -> list[int]:
    """How long the bar of each amount is, of 100 for the largest; nothing for what is negative."""
    largest = max(amounts, default=0)
    if largest <= 0:
        return [0 for _each in amounts]
    parts = (Decimal(amount) * 100 / largest for amount in amounts)
    return [max(0, int(part.to_integral_value())) for part in parts]


def days_of(period: Period) -> dict[str, str]:
    """A period as lists take it in their address."""
    return {"from": period.start.isoformat(), "to": period.end.isoformat()}


def first_steps(found: figures.Summary) -> list[dict[str, Any]]:
    """What somebody new does first, in order, and whether it is done."""
    business = businesses.current()
    known = bool(business.address and (business.vat_id or business.tax_number))
    return [
        {
            "done": known,
            "address": url_for("web.settings"),
            "label": _("Complete your business data"),
            "why": _("Name, address and tax id have to stand on every invoice."),
        },
        {
            "done": bool(business.iban),
            "address": url_for("web.settings"),
            "label": _("Add your bank account"),
            "why": _("Clients then see where to pay, with a code their banking app can read."),
        },
        {
            "done": found.has_clients,
            "address": url_for("web.new_client"),
            "label": _("Add a client"),
            "why": _("Or do it while you write the invoice."),
        },
        {
            "done": False,
            "address": url_for("web.new_invoice"),
            "label": _("Write your first invoice"),
            "why": _("Totals and taxes are computed while you type. It counts once you issue it."),
        },
    ]
