"""“Ask your data”: the question, the statement in sight, its rows, kept and exported."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from invoicer_core.plugin import Actor, InvalidInput, InvoicerError
from invoicer_core.plugin.pages import here, told
from invoicer_core.plugin.use_cases import sheets

from . import charts, records, running, wording
from .allowed import RELATIONS
from .guard import check

pages = Blueprint("ai_sql", __name__, template_folder="../templates")
MOST_SHOWN = 200


def _member() -> Actor:
    member = here("ai").member
    if member is None:
        raise InvalidInput(_("Sign in to do this."))
    return member


def _shown(status: int = 200, **found: Any) -> tuple[str, int]:
    values = {
        "question": request.form.get("question", ""),
        "statement": request.form.get("sql", ""),
        "explanation": "", "facts": "", "trouble": "", "ran": None, "name": "",
        **found,
    }  # fmt: skip
    page = render_template(
        "ai/ask.html",
        **values,
        relations=RELATIONS,
        reports=records.reports(),
        has_model=wording.is_ready(),
        most=MOST_SHOWN,
        numeric=charts.NUMBERS,
    )
    return page, status


@pages.get("/ask")
def ask() -> Any:
    """The empty page, or a report in it."""
    wanted = request.args.get("report", type=int)
    if wanted is None:
        return _shown()
    kept = records.report(wanted)
    return _shown(question=kept.question, statement=kept.statement, name=kept.name)


@pages.post("/ask")
def propose() -> Any:
    """A statement for the question; it is shown and does not run."""
    try:
        proposal = wording.asked(request.form.get("question", ""), by=_member())
    except InvoicerError as error:
        return _shown(_status(error), trouble=told(error.detail))
    return _shown(
        statement=proposal.checked.sql,
        explanation=proposal.explanation,
        facts=told(running.facts(proposal.checked)),
    )


@pages.post("/ask/run")
def run() -> Any:
    """Rows of the statement in the box."""
    try:
        ran = running.run(
            request.form.get("sql", ""), by=_member(), question=request.form.get("question", "")
        )
    except InvoicerError as error:
        return _shown(_status(error), trouble=told(error.detail))
    return _shown(
        ran=ran,
        facts=told(running.facts(ran.checked)),
        widths=charts.widths(ran.chart, ran.rows),
        drawn={"answer": charts.lines(ran.chart, ran.columns, ran.rows)},
    )


@pages.post("/ask/keep")
def keep() -> Any:
    """Save the statement as a report, as it stands in the box."""
    statement = request.form.get("sql", "")
    try:
        check(statement)
        kept = records.keep(
            name=request.form.get("name", ""),
            question=request.form.get("question", ""),
            statement=statement,
            by=_member(),
        )
    except InvoicerError as error:
        name = request.form.get("name", "")
        return _shown(_status(error), trouble=told(error.detail), name=name)
    flash(_("“%(name)s” is saved.", name=kept.name), "success")
    return redirect(url_for("ai_sql.ask", report=kept.id))


@pages.post("/ask/reports/<int:report_id>/delete")
def delete(report_id: int) -> Redirect:
    """Throw a report away."""
    records.drop(report_id=report_id, by=_member())
    flash(_("The report is deleted."), "success")
    return redirect(url_for("ai_sql.ask"))


@pages.post("/ask/export")
def export() -> Any:
    """The rows as a file: run again, for the page keeps none."""
    form = "xlsx" if request.form.get("form") == "xlsx" else "csv"
    try:
        ran = running.run(request.form.get("sql", ""), by=_member())
    except InvoicerError as error:
        return _shown(_status(error), trouble=told(error.detail))
    rows = running.sheet(ran.rows)
    if form == "xlsx":
        data, kind = sheets.xlsx_bytes(_("Answer"), ran.columns, rows), sheets.XLSX
    else:
        data, kind = sheets.csv_bytes(ran.columns, rows), sheets.CSV
    headers = {"Content-Disposition": f'attachment; filename="answer.{form}"'}
    return Response(data, mimetype=kind, headers=headers)


def _status(error: InvoicerError) -> int:
    return 422 if isinstance(error, InvalidInput) else 409
