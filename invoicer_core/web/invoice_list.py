"""The list of invoices: filters, order, sums, and the views that members save."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.services import bulk, clients, invoice_list, saved_views
from invoicer_core.services.invoice_list import Wanted
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats, words
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.forms.reading import Form

TABS: Final = ("all", "draft", "open", "overdue", "paid", "void")
PANEL: Final = ("client", "series", "from", "to", "due_from", "due_to", "least", "most")
FILTERS: Final = ("q", "status", "client_id", *PANEL, "sort")
PAGE: Final = "invoices"
FALLING_FIRST: Final = ("number", "issued", "due", "total", "balance")
"""Columns whose first click shows the newest or largest on top."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for: the filters as they are written there, read, and their faults."""

    query: dict[str, str]
    wanted: Wanted
    form: Form

    @property
    def narrowed(self) -> list[str]:
        """The filters that are set, without tab and order."""
        return [name for name in self.query if name not in ("status", "sort")]


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/invoices", "invoices", invoice_page)
    site.add_url_rule("/invoices/views", "save_invoice_view", save_view, methods=["POST"])
    for path, name, view in (
        ("delete", "delete_invoice_view", delete_view),
        ("default", "choose_invoice_view", choose_view),
    ):
        site.add_url_rule(f"/invoices/views/<int:view_id>/{path}", name, view, methods=["POST"])


def read(values: Mapping[str, str]) -> Asked:
    """The filters of an address; one that is wrong is left out and said in the form."""
    kept = {name: values.get(name, "").strip() for name in FILTERS}
    query = {name: value for name, value in kept.items() if value}
    form = Form.sent(query, formats.locale())
    status = query.get("status")
    if status not in invoice_list.STATUSES:
        status = None
    if query.get("sort", "").removeprefix("-") not in invoice_list.SORTS:
        query.pop("sort", None)
    issued_from, issued_to = _days(form, "from", "to")
    due_from, due_to = _days(form, "due_from", "due_to")
    least, most = _amounts(form)
    return Asked(
        query,
        Wanted(
            q=query.get("q"),
            status=status,
            client=query.get("client"),
            client_id=id_of(query.get("client_id")),
            series_id=id_of(query.get("series")),
            issued_from=issued_from,
            issued_to=issued_to,
            due_from=due_from,
            due_to=due_to,
            least=least,
            most=most,
        ),
        form,
    )


def _days(form: Form, first: str, last: str) -> tuple[date | None, date | None]:
    start, end = form.date(first), form.date(last)
    if start is not None and end is not None and end < start:
        form.fail(last, _("This lies before the first day."))
        return start, None
    return start, end


def _amounts(form: Form) -> tuple[Decimal | None, Decimal | None]:
    least, most = form.number("least"), form.number("most")
    if least is not None and most is not None and most < least:
        form.fail("most", _("This is less than the smallest amount."))
        return least, None
    return least, most


def id_of(text: str | None) -> int | None:
    """An id in an address; None for anything else."""
    return next(iter(bulk.ids_of([text or ""])), None)


@members("invoices.read")
def invoice_page() -> Answer:
    """Invoices as they are asked for; without a wish, by the member's default view."""
    by = access.actor()
    if not request.args:
        chosen = saved_views.default(page=PAGE, by=by)
        if chosen is not None:
            return redirect(link(chosen.query))
    return _page(read(request.args))


def _page(asked: Asked, form: Form | None = None) -> str:
    """The list; with ``form``, the dialog that saves a view is open."""
    query, wanted = asked.query, asked.wanted
    page = invoice_list.find(wanted, sort=query.get("sort"), cursor=request.args.get("cursor"))
    figures = invoice_list.figures(wanted)
    series = invoice_list.series()
    return render_template(
        "invoices/list.html",
        page=page,
        query=query,
        asked=asked,
        figures=figures,
        cursor=request.args.get("cursor"),
        tabs=_tabs(figures.by_status),
        client=clients.get(client_id=wanted.client_id) if wanted.client_id else None,
        series=series,
        sorts=_sorts(),
        sort_links=_sort_links(query),
        views=saved_views.find(page=PAGE, by=access.actor()),
        view_form=form or Form({"name": ""}),
        show_view=form is not None,
        chips=_chips(asked, dict(series)),
        delivery_words=delivery_words(),
    )


def link(query: Mapping[str, str]) -> str:
    """The address of the list with these filters; never bare, which is the default view's."""
    kept: dict[str, Any] = {name: query[name] for name in FILTERS if query.get(name)}
    return url_for("web.invoices", **(kept or {"status": "all"}))


def _tabs(counts: Mapping[str, int]) -> list[tuple[str, str, int]]:
    labels = (_("All"), _("Drafts"), _("Open"), _("Overdue"), _("Paid"), _("Void"))
    found = {
        **counts,
        "all": sum(counts.values()),
        "open": counts.get("sent", 0) + counts.get("overdue", 0),
    }
    return [(name, label, found.get(name, 0)) for name, label in zip(TABS, labels, strict=True)]


def _sorts() -> words.Options:
    return [
        ("", _("Newest first")), ("issued", _("Issued, earliest first")),
        ("-issued", _("Issued, latest first")), ("due", _("Due, earliest first")),
        ("-due", _("Due, latest first")), ("number", _("Number, rising")),
        ("-number", _("Number, falling")), ("client", _("Client, A to Z")),
        ("-client", _("Client, Z to A")), ("-total", _("Total, largest first")),
        ("total", _("Total, smallest first")), ("-balance", _("Balance, largest first")),
        ("balance", _("Balance, smallest first")),
    ]  # fmt: skip


def _sort_links(query: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """For each column: the address that sorts by it, and how it is sorted now."""
    now = query.get("sort", "")
    links = {}
    for name in invoice_list.SORTS:
        first, second = (f"-{name}", name) if name in FALLING_FIRST else (name, f"-{name}")
        to = second if now == first else first
        state = {name: "ascending", f"-{name}": "descending"}.get(now, "")
        links[name] = (link({**query, "sort": to}), state)
    return links


def _chips(asked: Asked, names: Mapping[int, str]) -> list[tuple[str, str]]:
    """What narrows the list, in words, each with the address of the list without it."""
    wanted, query = asked.wanted, asked.query
    shown = {
        "client": wanted.client and _("Client: %(name)s", name=wanted.client),
        "series": wanted.series_id
        and _("Series: %(name)s", name=names.get(wanted.series_id, wanted.series_id)),
        "from": wanted.issued_from
        and _("Issued from %(day)s", day=formats.day(wanted.issued_from)),
        "to": wanted.issued_to and _("Issued until %(day)s", day=formats.day(wanted.issued_to)),
        "due_from": wanted.due_from and _("Due from %(day)s", day=formats.day(wanted.due_from)),
        "due_to": wanted.due_to and _("Due until %(day)s", day=formats.day(wanted.due_to)),
        "least": wanted.least is not None
        and _("From %(amount)s", amount=formats.number(wanted.least)),
        "most": wanted.most is not None
        and _("Up to %(amount)s", amount=formats.number(wanted.most)),
    }
    found = []
    for name, label in shown.items():
        if label:
            left = {key: value for key, value in query.items() if key != name}
            found.append((str(label), link(left)))
    return found


def delivery_words() -> dict[str, str]:
    """What became of an invoice's last message, by `InvoiceLine.delivery`."""
    return {
        "failed": _("Not delivered"), "bounced": _("Came back"), "unknown": _("Not certain"),
        "queued": _("On its way"), "viewed": _("Seen"), "delivered": _("Delivered"),
        "sent": _("Sent"),
    }  # fmt: skip


# --- saved views ----------------------------------------------------------------------------------


@members("invoices.read")
def save_view() -> Answer:
    """Keep the list's filters under a name."""
    asked = read(request.form)
    form = Form.sent(request.form, formats.locale())
    name = form.text("name", required=True, longest=saved_views.NAME_MOST)
    if form.ok:
        try:
            saved_views.save(
                page=PAGE,
                name=name or "",
                query=asked.query,
                by=access.actor(),
                shared=bool(form.get("shared")) and access.may("invoices.write"),
                default=bool(form.get("default")),
            )
        except InvoicerError as error:
            form.refuse(error)
        else:
            flash(_("The view %(name)s is saved.", name=name), "success")
            return redirect(link(asked.query), 303)
    return _page(asked, form), 422


@members("invoices.read")
def delete_view(view_id: int) -> Answer:
    """Take a view away; the invoices stay as they are."""
    try:
        saved_views.delete_view(view_id=view_id, by=access.actor())
        flash(_("The view is deleted."), "success")
    except InvoicerError as error:
        flash(told(error.detail), "danger")
    return redirect(link({}), 303)


@members("invoices.read")
def choose_view(view_id: int) -> Answer:
    """Open the list with this view from now on, or no more."""
    by = access.actor()
    former = saved_views.default(page=PAGE, by=by)
    if former is not None and former.id == view_id:
        saved_views.choose_default(page=PAGE, view_id=None, by=by)
        flash(_("The list opens with all invoices again."), "success")
    else:
        saved_views.choose_default(page=PAGE, view_id=view_id, by=by)
        flash(_("The list opens with this view from now on."), "success")
    chosen = saved_views.default(page=PAGE, by=by)
    return redirect(link(chosen.query if chosen else {}), 303)
