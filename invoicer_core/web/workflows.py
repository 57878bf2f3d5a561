"""Workflows: what is under way in several steps, where it stands, and what a person decides."""

import json
from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from invoicer_core.domain.errors import InvoicerError, NotFound
from invoicer_core.domain.work import RunSnapshot
from invoicer_core.hooks.workflows import Choice, Step, Wait, Workflow
from invoicer_core.services import workflows
from invoicer_core.services.wording import told
from invoicer_core.web import access
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.catalogs import spoken
from invoicer_core.web.site import query_of

STATUSES = ("running", "waiting", "failed", "succeeded", "undoing", "cancelled")
PILLS = {
    "running": "sent", "waiting": "partial", "failed": "overdue", "succeeded": "paid",
    "undoing": "partial", "cancelled": "draft",
}  # fmt: skip


def install(site: Site) -> None:
    """Add the pages of this file."""
    one, post = "/workflows/<int:run_id>", ["POST"]
    site.add_url_rule("/workflows", "workflows", run_list)
    site.add_url_rule(one, "workflow", run_page)
    site.add_url_rule(f"{one}/retry", "retry_workflow", retry, methods=post)
    site.add_url_rule(f"{one}/skip", "skip_workflow", skip, methods=post)
    site.add_url_rule(f"{one}/correct", "correct_workflow", correct, methods=post)
    site.add_url_rule(f"{one}/cancel", "cancel_workflow", cancel, methods=post)
    site.app_template_global("run_pill")(PILLS.get)
    site.app_template_global("run_word")(run_word)


def run_word(status: str) -> str:
    """How a run or one of its steps stands."""
    words = {
        "running": _("Running"), "waiting": _("Waiting"), "failed": _("Failed"),
        "succeeded": _("Done"), "undoing": _("Taking back"), "cancelled": _("Given up"),
        "skipped": _("Skipped"), "corrected": _("Corrected"), "undone": _("Taken back"),
    }  # fmt: skip
    return str(words.get(status, status))


@members("workflows.read")
def run_list() -> Answer:
    """Runs by workflow and state, the newest first."""
    query = query_of("workflow", "status", "cursor")
    if query.get("status") not in STATUSES:
        query.pop("status", None)
    counts = workflows.counts(workflow=query.get("workflow"))
    page = workflows.find(**query)  # type: ignore[arg-type]
    titles = {each.name: spoken(each.title) for each in reversed(workflows.definitions.every())}
    names = sorted({*titles, *workflows.names()})
    return render_template(
        "workflows/list.html",
        page=page,
        query=query,
        counts={**counts, "all": sum(counts.values())},
        tabs=[("", _("All")), *((each, run_word(each)) for each in STATUSES)],
        workflows=[(name, titles.get(name, name)) for name in names],
    )


@members("workflows.read")
def run_page(run_id: int) -> Answer:
    """One run: its path on the diagram, its steps, what they gave, and what may be decided."""
    return _page(run_id)


@members("workflows.write")
def retry(run_id: int) -> Answer:
    """Let a failed run try its state again."""
    return _decided(
        run_id,
        lambda: workflows.retry(run_id=run_id, by=access.actor(), reason=_reason() or None),
        _("It is tried again."),
    )


@members("workflows.write")
def skip(run_id: int) -> Answer:
    """Leave out the step that the run stands in."""
    return _decided(
        run_id,
        lambda: workflows.skip(run_id=run_id, reason=_reason(), by=access.actor()),
        _("The step is skipped; the run goes on."),
    )


@members("workflows.write")
def correct(run_id: int) -> Answer:
    """Say what a state gave; the run goes on from there."""
    given = request.form.get("output", "").strip()
    try:
        output = json.loads(given) if given else None
    except ValueError:
        output = given
    if output is not None and not isinstance(output, dict):
        flash(_('What the step gave is written as JSON, such as {"kind": "new"}.'), "danger")
        return _page(run_id, show="correct", status=422)
    return _decided(
        run_id,
        lambda: workflows.correct(
            run_id=run_id,
            reason=_reason(),
            by=access.actor(),
            state=request.form.get("state") or None,
            output=output,
        ),
        _("It is corrected; the run goes on from there."),
    )


@members("workflows.write")
def cancel(run_id: int) -> Answer:
    """Give the run up."""
    return _decided(
        run_id,
        lambda: workflows.cancel(
            run_id=run_id,
            reason=_reason(),
            by=access.actor(),
            undo=request.form.get("undo") is not None,
        ),
        _("The run is given up."),
    )


def _reason() -> str:
    return request.form.get("reason", "")


def _decided(run_id: int, act: object, words: str) -> Answer:
    """Do it and go back to the run; an objection is shown there, with nothing typed lost."""
    try:
        assert callable(act)  # noqa: S101 - every caller hands a function over
        act()
    except NotFound:
        workflows.get(run_id=run_id)
        raise
    except InvoicerError as objected:
        faults = getattr(objected, "faults", ()) or ()
        said = faults[0].message if faults else objected.detail
        flash(told(said), "danger")
        return _page(run_id, show=request.path.rsplit("/", 1)[-1], status=422)
    flash(words, "success")
    return redirect(url_for("web.workflow", run_id=run_id), 303)


def _page(run_id: int, *, show: str = "", status: int = 200) -> Answer:
    run = workflows.get(run_id=run_id)
    try:
        definition = workflows.definitions.get(name=run.workflow, version=run.version)
    except NotFound as missing:
        return _rendered(run, None, told(missing.detail), show), status
    return _rendered(run, definition, "", show), status


def _in_words(definition: Workflow) -> Workflow:
    """The same with its titles in the reader's language."""
    states = tuple(replace(each, title=spoken(each.title)) for each in definition.states)
    return replace(definition, title=spoken(definition.title), states=states)


def _rendered(run: RunSnapshot, definition: Workflow | None, missing: str, show: str) -> str:
    definition = _in_words(definition) if definition else None
    drawing = Markup(workflows.svg(definition, run)) if definition else None  # noqa: S704 - escaped
    known = {state.name: state for state in definition.states} if definition else {}
    state = known.get(run.state)
    seen = [known[name] for name in dict.fromkeys(run.path) if name in known]
    open_ = run.status in ("running", "waiting", "failed")
    return render_template(
        "workflows/page.html",
        run=run,
        drawing=drawing,
        mermaid=workflows.mermaid(definition, run) if definition else "",
        missing=missing,
        typed=request.form if show else {},
        show=show,
        state_title=state.title if state else run.state,
        skippable=open_ and isinstance(state, Step | Wait),
        changeable=open_ and not run.reason,
        correctable=[each for each in seen if isinstance(each, Step | Wait | Choice)],
        outputs={name: json.dumps(value, indent=2, ensure_ascii=False, default=str)
                 for name, value in run.output.items()},
        given=json.dumps(dict(run.input), indent=2, ensure_ascii=False, default=str),
    )  # fmt: skip
