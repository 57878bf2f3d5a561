"""Background tasks: what is being worked on, how far it is, what came of it."""

from flask import Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from invoicer_core.domain.errors import Conflict
from invoicer_core.services import tasks
from invoicer_core.services.files import results
from invoicer_core.services.tasks import TaskSnapshot, task_rows
from invoicer_core.services.tasks.task_rows import Outcomes, RowOutcome
from invoicer_core.services.wording import told
from invoicer_core.web import access
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.retold import retold
from invoicer_core.web.site import query_of


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/tasks", "tasks", task_list)
    site.add_url_rule("/tasks/<int:task_id>", "task", task)
    site.add_url_rule("/tasks/<int:task_id>/progress", "task_progress", task_progress)
    site.add_url_rule("/tasks/<int:task_id>/file", "task_file", task_file)
    site.add_url_rule("/tasks/<int:task_id>/retry", "retry_task", retry_task, methods=["POST"])
    site.add_url_rule("/tasks/<int:task_id>/stop", "stop_task", stop_task, methods=["POST"])


def _whose() -> int | None:
    """Whose tasks the visitor sees: everybody's with the right to the settings, else their own."""
    return None if access.may("settings.write") else access.actor().user_id


@members("business.read")
def task_list() -> Answer:
    """Tasks, newest first."""
    query = query_of("cursor")
    page = tasks.find(of_user=_whose(), cursor=query.get("cursor"))
    return render_template("tasks/list.html", page=page, query=query)


@members("business.read")
def task(task_id: int) -> Answer:
    """One task; while it runs, the page follows it."""
    found = tasks.get(task_id=task_id, of_user=_whose())
    return render_template("tasks/page.html", **_shown(found))


@members("business.read")
def task_progress(task_id: int) -> Answer:
    """The part of the page that changes, asked for every second until the task is over."""
    found = tasks.get(task_id=task_id, of_user=_whose())
    return render_template("tasks/progress.html", **_shown(found))


def _shown(found: TaskSnapshot) -> dict[str, object]:
    rows = task_rows.outcomes(task_id=found.id) if found.is_over else None
    if rows is not None and rows.waiting == rows.total:
        rows = None
    return {
        "task": found,
        "title": title_of(found),
        "rows": rows,
        "advice": advice(found),
        "row_words": row_words,
        "summary": summary(rows) if rows else (),
    }


@members("business.read")
def task_file(task_id: int) -> Answer:
    """What the task made, to keep."""
    known, data = results.content(task_id=task_id, of_user=_whose())
    response = Response(data, mimetype=known.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=known.name)
    return response


@members("business.read")
def retry_task(task_id: int) -> Answer:
    """Let what failed be tried again."""
    tasks.get(task_id=task_id, of_user=_whose())
    tasks.retry(task_id=task_id, by=access.actor())
    flash(_("It is tried again."), "success")
    return redirect(url_for("web.task", task_id=task_id), 303)


@members("business.read")
def stop_task(task_id: int) -> Answer:
    """Let it end at its next step; what it did stays done."""
    tasks.get(task_id=task_id, of_user=_whose())
    try:
        found = tasks.stop(task_id=task_id, by=access.actor())
    except Conflict as over:
        flash(told(over.detail), "warning")
    else:
        words = _("It is stopped.") if found.is_over else _("It stops at its next step.")
        flash(words, "success")
    return redirect(url_for("web.task", task_id=task_id), 303)


def summary(rows: Outcomes) -> list[str]:
    """How many of the invoices had which outcome, each a phrase of its own."""
    return [str(_phrase(outcome, reason, count)) for outcome, reason, count in rows.reasons]


def _phrase(outcome: str, reason: str | None, count: int) -> str:
    known = {
        "sent": ngettext("%(num)s sent", "%(num)s sent", count),
        "issued_and_sent": ngettext("%(num)s issued and sent", "%(num)s issued and sent", count),
        "paid": ngettext("%(num)s payment recorded", "%(num)s payments recorded", count),
        "packed": ngettext("%(num)s in the zip", "%(num)s in the zip", count),
        "no_address": ngettext(
            "%(num)s left out: no mail address", "%(num)s left out: no mail address", count
        ),
        "draft": ngettext("%(num)s left out: a draft", "%(num)s left out: drafts", count),
        "void": ngettext("%(num)s left out: void", "%(num)s left out: void", count),
        "paid_before": ngettext(
            "%(num)s left out: nothing open", "%(num)s left out: nothing open", count
        ),
        "not_issued": ngettext(
            "%(num)s left out: no PDF yet", "%(num)s left out: no PDF yet", count
        ),
    }
    others = {
        "failed": ngettext("%(num)s failed", "%(num)s failed", count),
        "waiting": ngettext("%(num)s not done yet", "%(num)s not done yet", count),
        "done": ngettext("%(num)s done", "%(num)s done", count),
    }
    return str(known.get(reason or "") or others.get(outcome, count))


def row_words(row: RowOutcome) -> str:
    """What became of one invoice of a task."""
    words = {
        "sent": _("Sent"),
        "issued_and_sent": _("Issued and sent"),
        "paid": _("Payment recorded"),
        "packed": _("In the zip"),
        "no_address": _("Left out: its client has no mail address"),
        "draft": _("Left out: a draft; issue it first"),
        "void": _("Left out: it is void"),
        "paid_before": _("Left out: nothing was open"),
        "not_issued": _("Left out: it has no PDF before it is issued"),
    }
    if row.reason in words:
        return str(words[row.reason])
    if row.outcome == "waiting":
        return str(_("Not done yet"))
    return str(
        retold(row.detail) or {"done": _("Done"), "failed": _("Failed")}.get(row.outcome, "")
    )


def title_of(found: TaskSnapshot) -> str:
    """What the task is called."""
    return found.title or str(_("Task %(number)s", number=found.id))


def advice(found: TaskSnapshot) -> tuple[str, str]:
    """Why a task failed, and what to do now."""
    words = {
        tasks.DIED: _("The program ended in the middle of it, several times in a row."),
        tasks.UNEXPECTED: _("Something went wrong on our side; it is written in the log."),
        tasks.UNKNOWN: _("This version of the program does not know this kind of task any more."),
    }
    why = str(words.get(found.error or "") or retold(found.error))
    if found.error == tasks.UNKNOWN:
        return why, str(_("Start it again from the page that it came from."))
    if found.error in words:
        todo = _(
            "What was done before it failed is kept and not done twice. Try it again; if it fails "
            "again, tell the person who runs this server the number %(number)s.",
            number=found.id,
        )
        return why, str(todo)
    return why, str(_("Put right what is said here, then try it again: it goes on where it was."))
