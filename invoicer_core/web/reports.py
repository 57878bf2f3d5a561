"""Reports: tables with sums, on screen and as files made in the background."""

from collections.abc import Mapping
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import NotFound
from invoicer_core.services import figure_words, report_files, reports
from invoicer_core.services.reports import Wish
from invoicer_core.web import access, once, periods, tables
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.periods import Choice

SHOWN: Final = 200
ICONS: Final = {
    "receivables": "clock-exclamation",
    "tax": "receipt-tax",
    "clients": "users",
    "products": "package",
    "payments": "coins",
    "numbers": "list-numbers",
}


def install(site: Site) -> None:
    """Add the pages."""
    periods.install(site)
    tables.install(site)
    site.add_url_rule("/reports", "reports", report_list)
    site.add_url_rule("/reports/<report>", "report", report_page)
    site.add_url_rule("/reports/<report>/file", "make_report", make_report, methods=["POST"])


def about(name: str) -> Mapping[str, Any]:
    """A report's title, what it is for, how it counts and what to say when it is empty."""
    told = {**_about_money(), **_about_sales()}
    if name not in told:
        raise NotFound(_("There is no report of this name."))
    title = figure_words.words()[name]
    return {"name": name, "title": title, "icon": ICONS[name], **told[name]}


def _about_money() -> dict[str, Mapping[str, Any]]:
    return {
        "receivables": {
            "about": _("What clients owe you, by how long it has been due."),
            "how": _("Balances of issued invoices; drafts and void invoices are not in it."),
            "nothing": _("Nobody owes you anything on this day."),
        },
        "tax": {
            "about": _("Taxes by category and rate, by day of issue or of payment."),
            "how": {
                "accrual": _("By day of issue; credit notes are taken off."),
                "cash": _("By day of payment: each payment counts with its share of the taxes."),
            },
            "nothing": _("No invoice was issued in it. Choose another period."),
        },
        "payments": {
            "about": _("All money that came in, and what went back."),
            "how": _("By the day the money came."),
            "nothing": _("No payment came in then. Choose another period."),
        },
    }


def _about_sales() -> dict[str, Mapping[str, Any]]:
    nothing = _("No invoice was issued in it. Choose another period.")
    return {
        "clients": {
            "about": _("What each client was invoiced, credited and brought."),
            "how": _("Revenue is net, after credit notes."),
            "nothing": nothing,
        },
        "products": {
            "about": _("What each product brought, and how many of it were sold."),
            "how": _("Revenue is net, after credit notes."),
            "nothing": nothing,
        },
        "numbers": {
            "about": _("Whether every invoice number has its invoice."),
            "how": _("Numbers are given when an invoice is issued, one after the other."),
            "nothing": _("No number was given yet. Issue your first invoice."),
        },
    }


@members("reports.read")
def report_list() -> Answer:
    """All reports, with what each is for."""
    return render_template("reports/list.html", reports=[about(name) for name in reports.NAMES])


@members("reports.read")
def report_page(report: str) -> Answer:
    """One report for the period, currency and basis in the address."""
    told = about(report)
    choice, wish, currencies = _wished(SHOWN)
    return render_template(
        "reports/page.html",
        about=told,
        report=reports.build(report, wish),
        wish=wish,
        choice=choice,
        currency=wish.currency,
        currencies=currencies,
        bands=reports.BANDS,
        words=figure_words.words(),
        wish_query=_query(wish),
    )


@members("reports.read")
def make_report(report: str) -> Answer:
    """Have the report made as a file; the task's page has it when it is done."""
    title = about(report)["title"]
    wish = report_files.wish_of(request.form)
    form = request.form.get("form", "")
    by = access.actor()

    def work() -> str:
        task = report_files.start(name=report, wish=wish, form=form, title=title, by=by)
        return url_for("web.task", task_id=task.id)

    flash(_("The report is being made. You can leave this page."), "success")
    return redirect(once.made(work), 303)


def _wished(limit: int | None) -> tuple[Choice, Wish, tuple[str, ...]]:
    choice = periods.chosen("month")
    known = reports.currencies()
    basis, band = request.args.get("basis", ""), request.args.get("band", "")
    wish = Wish(
        period=choice.period,
        currency=periods.currency_of(known.used, known.usual),
        basis=basis if basis in reports.BASES else "accrual",
        band=band if band in reports.BANDS else "",
        limit=limit,
    )
    return choice, wish, known.used


def _query(wish: Wish) -> dict[str, str]:
    return {
        "from": wish.period.start.isoformat(),
        "to": wish.period.end.isoformat(),
        "currency": wish.currency,
        "basis": wish.basis,
        "band": wish.band,
    }
