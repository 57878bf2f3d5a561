"""A limit is over: the event ``workflow.late`` is told, and the owners get a mail."""

from logging import getLogger
from typing import Final

from invoicer_core.domain.actor import SYSTEM
from invoicer_core.domain.errors import InvoicerError
from invoicer_core.hooks.workflows import Step, Wait
from invoicer_core.models.outbox import WorkflowRun
from invoicer_core.services import businesses, mail_texts, messages, secret_keys
from invoicer_core.services.identity import members
from invoicer_core.services.statements import run_rows
from invoicer_core.services.transaction import Unit
from invoicer_core.services.workflows import moving

KIND: Final = "workflow_late"

log: Final = getLogger(__name__)


def tell(unit: Unit, run: WorkflowRun, state: Step | Wait) -> None:
    """Within the transaction that writes the end of the state down: once for each time that the
    run came into it."""
    snapshot = moving.tell(unit, run, "workflow.late", f"workflow.late:{state.name}")
    position = run_rows.count(run)
    locale = businesses.current().locale
    link = f"{secret_keys.settings().url}/workflows/{run.id}"
    for member in members.find():
        if member.role != "owner":
            continue
        values = {
            "name": member.name or member.email,
            "workflow": snapshot.title,
            "state": state.title,
            "run": run.id,
        }
        letter = mail_texts.compose(KIND, locale, values, link=link)
        try:
            messages.queue(
                kind=KIND, recipient=member.email, subject=letter.subject, text=letter.text,
                html=letter.html, by=SYSTEM,
                token=f"late-{run.id}-{position}-{member.user_id}",
            )  # fmt: skip
        except InvoicerError as refusal:
            log.warning("an owner was not told of run %s: %s", run.id, refusal.detail)
