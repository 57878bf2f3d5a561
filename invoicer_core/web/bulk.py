"""The same thing done to many invoices: a question that says what will happen, then a task."""

from dataclasses import dataclass
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.exceptions import NotFound

from invoicer_core.domain.errors import Conflict, Forbidden, InvoicerError
from invoicer_core.services import bulk
from invoicer_core.services.bulk import Choice, Outlook, bulk_files
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats, invoice_list, once, words
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form

KINDS: Final = {"send": bulk.SEND, "pay": bulk.PAY, "zip": bulk.ZIP, "export": bulk.EXPORT}
NEEDED: Final = {
    "send": "invoices.send", "pay": "payments.write", "zip": "invoices.read",
    "export": "invoices.read",
}  # fmt: skip
FORMATS: Final = ("xlsx", "csv")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before: how many it is about and how many of them something happens to."""

    action: str
    outlook: Outlook
    count: int


def install(site: Site) -> None:
    """Add the question and its answer."""
    path = "/invoices/bulk/<action>"
    site.add_url_rule(path, "bulk_invoices", ask)
    site.add_url_rule(path, "start_bulk_invoices", start, methods=["POST"])


def _require(action: str) -> None:
    if action not in KINDS:
        raise NotFound
    if not access.may(NEEDED[action]):
        raise Forbidden(_("Your role does not include this. An owner can change your role."))


def _choice() -> Choice:
    """The invoices that are ticked, or all that fit the list's filters."""
    if request.values.get("every"):
        return Choice(wanted=invoice_list.read(request.values).wanted)
    return Choice(ids=bulk.ids_of(request.values.getlist("id")))


@members("invoices.read")
def ask(action: str) -> Answer:
    """Say what will happen, and ask for what is needed."""
    _require(action)
    form = Form({"date": formats.today().isoformat(), "method": "bank_transfer", "format": "xlsx"})
    return _question(action, form)


def _question(action: str, form: Form) -> str:
    found = bulk.look(_choice())
    count = _touched(action, found, issue=bool(form.get("issue")))
    partly = bool(request.headers.get("HX-Request"))
    return render_template(
        "invoices/bulk_question.html" if partly else "invoices/bulk.html",
        question=Question(action, found, count),
        form=form,
        kept=_kept(),
        too_many=not bulk.fits(KINDS[action], found.count),
        most=bulk.MOST[KINDS[action]],
        methods=words.method_options(),
        formats=[("xlsx", _("Excel workbook (XLSX)")), ("csv", _("Plain table (CSV)"))],
        back=_back(),
    )


def _touched(action: str, found: Outlook, *, issue: bool) -> int:
    """How many invoices something happens to."""
    if action == "send":
        drafts = found.drafts - found.drafts_without_address if issue else 0
        return found.issued - found.without_address + drafts
    if action == "pay":
        return found.open
    return found.issued + found.void if action == "zip" else found.count


def _kept() -> list[tuple[str, str]]:
    """The choice as hidden fields."""
    if not request.values.get("every"):
        return [("id", str(each)) for each in bulk.ids_of(request.values.getlist("id"))]
    return [("every", "1"), *invoice_list.read(request.values).query.items()]


def _back() -> str:
    return invoice_list.link(invoice_list.read(request.values).query)


@members("invoices.read")
def start(action: str) -> Answer:
    """Ask for the task, and go where it can be watched."""
    _require(action)
    form = Form.sent(request.form, formats.locale())
    options = _options(action, form)
    expected = invoice_list.id_of(form.get("count"))
    if form.ok:
        try:
            return redirect(once.made(lambda: _started(action, options, expected)), 303)
        except Conflict as changed:
            flash(told(changed.detail), "warning")
            return redirect(_back(), 303)
        except InvoicerError as error:
            form.refuse(error)
            return _question(action, form), status_of(error)
    return _question(action, form), 422


def _started(action: str, options: dict[str, object], expected: int | None) -> str:
    choice = _choice()
    count = expected or len(choice.ids)
    task = bulk.start(
        kind=KINDS[action],
        choice=choice,
        by=access.actor(),
        title=_title(action, count),
        options=options,
        expected=expected,
    )
    return url_for("web.task", task_id=task.id)


def _options(action: str, form: Form) -> dict[str, object]:
    """What the task needs to know besides the invoices."""
    name = _("invoices") + formats.today().strftime("-%Y-%m-%d")
    if action == "send":
        return {"issue": bool(form.get("issue")) and access.may("invoices.issue")}
    if action == "pay":
        day = form.date("date", required=True)
        return {
            "date": day.isoformat() if day else "",
            "method": form.choice("method", [code for code, _label in words.method_options()]),
            "reference": form.text("reference"),
        }
    if action == "zip":
        return {"name": name}
    return {
        "name": name,
        "format": form.choice("format", FORMATS),
        "title": _("Invoices"),
        "header": [_headings()[column] for column in bulk_files.COLUMNS],
        "statuses": {
            status: formats.status_word(status)
            for status in ("draft", "sent", "overdue", "paid", "void")
        },
    }


def _headings() -> dict[str, str]:
    return {
        "number": _("Number"), "client": _("Client"), "status": _("Status"),
        "issue_date": _("Issued"), "due_date": _("Due"), "currency": _("Currency"),
        "net": _("Net"), "tax": _("Tax"), "total": _("Total"), "balance": _("Balance"),
        "paid_at": _("Paid on"), "sent_at": _("Sent on"), "viewed_at": _("Seen on"),
    }  # fmt: skip


def _title(action: str, count: int) -> str:
    titles = {
        "send": ngettext("Send %(num)s invoice", "Send %(num)s invoices", count),
        "pay": ngettext("Mark %(num)s invoice as paid", "Mark %(num)s invoices as paid", count),
        "zip": ngettext("PDF of %(num)s invoice", "PDFs of %(num)s invoices", count),
        "export": ngettext("Export %(num)s invoice", "Export %(num)s invoices", count),
    }
    return str(titles[action])
