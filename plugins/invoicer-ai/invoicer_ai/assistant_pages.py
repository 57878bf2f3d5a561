"""The conversation with the assistant, and what it proposes: read, confirmed or dismissed here."""

from pathlib import Path
from typing import Any
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from flask_babel import gettext as _

from invoicer_core.plugin import Actor, Forbidden, InvalidInput, InvoicerError, say
from invoicer_core.plugin.pages import here, told

from . import assistant, assistant_actions, model, spending, tools

pages = Blueprint("ai_assistant", __name__, template_folder="templates")


def _member() -> Actor:
    member = here("ai").member
    if member is None:
        raise Forbidden(say("Sign in to do this."))
    return member


def _thread() -> UUID | None:
    try:
        return UUID(request.values.get("thread", ""))
    except ValueError:
        return None


def _shown(status: int = 200, **found: Any) -> tuple[str, int]:
    ctx, by = here("ai"), _member()
    is_new = request.values.get("thread") == "new"
    turns = [] if is_new else assistant.turns(_thread(), by=by)
    actions = assistant_actions.of_turns([each.id for each in turns], by=by)
    within = {each.id for some in actions.values() for each in some}
    page = render_template(
        "ai/assistant.html",
        ready=model.is_ready(ctx), turns=turns, actions=actions,
        thread=turns[-1].thread if turns else "new",
        waiting=[each for each in assistant_actions.waiting(by=by) if each.id not in within],
        offered=tools.offered(by).values(), told=told, longest=assistant.LONGEST,
        spent=spending.spent_today(ctx), cap=ctx.settings.daily_cap,
        **{"question": "", "trouble": "", **found},
    )  # fmt: skip
    return page, status


@pages.get("/assistant")
def talk() -> Any:
    """The latest conversation, the one of ``thread``, or a new one."""
    return _shown()


@pages.post("/assistant")
def asked() -> Any:
    """Ask, and show what came of it."""
    question = request.form.get("question", "")
    try:
        turn = assistant.ask(here("ai"), question, by=_member(), thread=_thread())
    except InvoicerError as error:
        status = 422 if isinstance(error, InvalidInput) else 409
        return _shown(status, question=question, trouble=told(error.detail))
    place = url_for("ai_assistant.talk", thread=turn.thread, _anchor=f"turn-{turn.id}")
    return redirect(place, 303)


@pages.get("/assistant/assistant.js")
def script() -> Response:
    """The page's script."""
    return send_from_directory(Path(__file__).parent / "static", "assistant.js")


@pages.get("/assistant/actions/<int:action_id>")
def action(action_id: int) -> str:
    """One proposal."""
    found = assistant_actions.get(action_id, by=_member())
    return render_template("ai/action.html", action=found)


@pages.post("/assistant/actions/<int:action_id>/<any(confirm, dismiss):decision>")
def decide(action_id: int, decision: str) -> Any:
    """Carry it out, once; or never."""
    by = _member()
    try:
        _found, is_new = assistant_actions.decide(
            action_id=action_id, by=by, confirmed=decision == "confirm"
        )
    except InvoicerError as error:
        flash(told(error.detail), "danger")
    else:
        done = _("Done.") if decision == "confirm" else _("Dismissed: nothing is done.")
        again = _("This was decided before; nothing was done a second time.")
        flash(done if is_new else again, "success" if is_new else "info")
    found = assistant_actions.get(action_id, by=by)
    if found.turn_id is None:
        return redirect(url_for("ai_assistant.action", action_id=action_id), 303)
    thread = request.form.get("thread") or None
    place = url_for("ai_assistant.talk", thread=thread, _anchor=f"turn-{found.turn_id}")
    return redirect(place, 303)
