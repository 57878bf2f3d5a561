"""Limits of time: a run that stands too long where it is becomes known to the business."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from invoicer_core.plugin.use_cases import messages, workflows

from .effects import once
from .flow import NAME
from .settings import Ctx


def since(run: Any) -> datetime:
    """When a run came into the state it is in."""
    found: datetime = run.steps[-1].started_at if run.steps else run.created_at
    return found


def is_late(ctx: Ctx, run: Any) -> bool:
    """Whether a run that is not over stands longer than the business allows."""
    limit = timedelta(hours=ctx.settings.limit_hours)
    return run.status in ("failed", "running") and since(run) <= datetime.now(UTC) - limit


def escalate(ctx: Ctx) -> None:
    """Tell the business once of each run that stands too long where it is."""
    address = ctx.business.email
    if not address:
        ctx.log.warning("the business has no e-mail address to tell of suppliers that stand still")
        return
    for run in _unfinished():
        if is_late(ctx, run):
            words = (
                f"The onboarding of {run.input['supplier']['name']} stands in {run.state}"
                f" since {since(run):%Y-%m-%d %H:%M} UTC."
                f" Look at it here: {ctx.url_for(f'/workflows/{run.id}')}"
            )
            once(ctx, f"run:{run.id}:{run.state}:late", partial(_tell, ctx, address, words))


def _unfinished() -> Iterator[Any]:
    for status in ("failed", "running"):
        cursor = None
        while True:
            page = workflows.find(workflow=NAME, status=status, limit=100, cursor=cursor)
            yield from page.items
            if (cursor := page.next_cursor) is None:
                break


def _tell(ctx: Ctx, address: str, words: str) -> dict[str, Any]:
    kept = messages.queue(
        by=ctx.actor, kind="note", recipient=address, text=words,
        subject="A supplier waits for you",
    )  # fmt: skip
    return {"message_id": kept.id}
