"""Statements of account: looked at, kept as PDF, sent to one client or to all who owe."""

from collections.abc import Callable
from datetime import date, timedelta

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.snapshots import ClientSnapshot
from invoicer_core.services import clients, documents, postings, statements, tasks
from invoicer_core.services.clients import letters
from invoicer_core.services.statements import runs
from invoicer_core.web import access, formats, once
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.clients import words
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.invoices import pdf_response
from invoicer_core.web.site import query_of

Period = tuple[date, date]


def install(site: Site) -> None:
    """Add the pages of this file."""
    post = ["POST"]
    one = "/clients/<int:client_id>/statement"
    site.add_url_rule(one, "client_statement", client_statement)
    site.add_url_rule(f"{one}s", "keep_statement", keep_statement, methods=post)
    site.add_url_rule("/statements", "statements", statement_list)
    site.add_url_rule("/statements/run", "run_statements", run_statements, methods=post)
    site.add_url_rule("/statements/runs/<int:task_id>", "statement_run", statement_run)
    kept = "/statements/<int:statement_id>"
    site.add_url_rule(kept, "statement", kept_statement)
    site.add_url_rule(f"{kept}/pdf", "statement_pdf", statement_pdf)
    site.add_url_rule(f"{kept}/send", "send_statement", send_statement, methods=post)


@members("clients.read")
def client_statement(client_id: int) -> Answer:
    """A client's account over a period, as it is now."""
    client = clients.get(client_id=client_id)
    form = Form(query_of("from", "to", "currency"))
    return _account_page(client, form)


def _account_page(client: ClientSnapshot, form: Form, *, show: str = "") -> Answer:
    usual = periods()
    start, end = form.date("from"), form.date("to")
    start = start or usual[0][1][0]
    end = end or max(usual[0][1][1], start)
    known = postings.currencies(client_id=client.id)
    usual_currency = client.currency or formats.currency()
    currency = form.get("currency")
    if currency not in known:
        currency = usual_currency if usual_currency in known or not known else known[0]
    shown = None
    if end < start:
        form.fail("to", _("The period ends before it starts."))
    else:
        shown = statements.compute(client_id=client.id, start=start, end=end, currency=currency)
    form.values |= {"from": start.isoformat(), "to": end.isoformat(), "currency": currency}
    form.values.setdefault("recipient", client.email or "")
    page = render_template(
        "clients/statement.html",
        client=client,
        statement=shown,
        form=form,
        periods=usual,
        currencies=known,
        period=(start, end),
        posting_word=words.posting_word,
        show=show,
    )
    return page if form.ok else (page, 422)


@members("clients.write")
def keep_statement(client_id: int) -> Answer:
    """Freeze the account of a period, as PDF or to be sent at once."""
    client = clients.get(client_id=client_id)
    form = Form.sent(request.form, formats.locale())
    start, end = form.date("from", required=True), form.date("to", required=True)
    sends = form.get("then") == "send"
    recipient = form.email("recipient", required=True) if sends else None

    def work() -> str:
        kept = statements.freeze(
            client_id=client_id,
            start=start or date.min,
            end=end or date.min,
            currency=form.get("currency") or None,
            by=access.actor(),
        )
        if sends:
            letters.send_statement(statement_id=kept.id, recipient=recipient, by=access.actor())
            flash(_("The statement is on its way to %(to)s.", to=recipient), "success")
        return url_for("web.statement", statement_id=kept.id)

    if form.ok:
        try:
            return redirect(once.made(work))
        except InvoicerError as error:
            form.refuse(error)
    return _account_page(client, form, show="send" if sends else "")


@members("clients.read")
def kept_statement(statement_id: int) -> Answer:
    """A statement as it was given out."""
    return _kept_page(statement_id)


def _kept_page(statement_id: int, form: Form | None = None) -> str:
    kept = statements.get(statement_id=statement_id)
    client = clients.get(client_id=kept.client_id)
    return render_template(
        "clients/kept_statement.html",
        kept=kept,
        statement=kept.statement,
        client=client,
        posting_word=words.posting_word,
        form=form or Form({"recipient": client.email or ""}),
        show="send" if form else "",
    )


@members("clients.read")
def statement_pdf(statement_id: int) -> Response:
    """The PDF of a statement, the same bytes for ever."""
    document, content = documents.await_pdf(statement_id=statement_id)
    return pdf_response(document.filename, content)


@members("invoices.send")
def send_statement(statement_id: int) -> Answer:
    """Send a statement that was kept, as often as wanted."""
    form = Form.sent(request.form, formats.locale())
    recipient = form.email("recipient", required=True)

    def work() -> None:
        letters.send_statement(statement_id=statement_id, recipient=recipient, by=access.actor())
        flash(_("The statement is on its way to %(to)s.", to=recipient), "success")

    if not form.ok:
        return _kept_page(statement_id, form), 422
    try:
        return _once(url_for("web.statement", statement_id=statement_id), work)
    except InvoicerError as error:
        form.refuse(error)
        return _kept_page(statement_id, form), status_of(error)


@members("clients.read")
def statement_list() -> Answer:
    """Statements that were given out, and the way to send them to all who owe."""
    return _list_page(Form())


def _list_page(form: Form) -> str:
    usual = periods()
    first = usual[0][1]
    form.values.setdefault("from", first[0].isoformat())
    form.values.setdefault("to", first[1].isoformat())
    return render_template(
        "clients/statements.html",
        page=statements.find(cursor=request.args.get("cursor")),
        query=query_of("cursor"),
        outlook=runs.outlook(),
        form=form,
    )


@members("invoices.send")
def run_statements() -> Answer:
    """Ask for the statements of all who owe; a worker sends them."""
    form = Form.sent(request.form, formats.locale())
    start, end = form.date("from", required=True), form.date("to", required=True)

    def work() -> str:
        title = _("Statements from %(start)s to %(end)s", start=formats.day(start),
                  end=formats.day(end))  # fmt: skip
        task = runs.start(
            start=start or date.min, end=end or date.min, title=title, by=access.actor()
        )
        return url_for("web.statement_run", task_id=task.id)

    if not form.ok:
        return _list_page(form), 422
    try:
        return redirect(once.made(work))
    except InvoicerError as error:
        form.refuse(error)
        return _list_page(form), status_of(error)


@members("clients.read")
def statement_run(task_id: int) -> Answer:
    """How far a run is, and what became of each client."""
    return render_template(
        "clients/run.html",
        task=tasks.get(task_id=task_id),
        counts=runs.counts(task_id=task_id),
        results=runs.results(task_id=task_id),
        outcome_word=words.outcome_word,
        reason_word=words.reason_word,
    )


def periods() -> list[tuple[str, Period]]:
    """The spans that are asked for most; the first is the usual one."""
    today = formats.today()
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    quarter = today.replace(month=today.month - (today.month - 1) % 3, day=1)
    year = today.replace(month=1, day=1)
    return [
        (_("This year"), (year, today)),
        (_("This month"), (month, today)),
        (_("Last month"), (before, month - timedelta(days=1))),
        (_("This quarter"), (quarter, today)),
        (_("Last year"), (year.replace(year=year.year - 1), year - timedelta(days=1))),
        (_("All"), (date(1990, 1, 1), today)),
    ]


def _once(address: str, work: Callable[[], None]) -> Answer:
    def run() -> str:
        work()
        return address

    return redirect(once.made(run))
