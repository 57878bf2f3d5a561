"""Questions in words, through the plugin's model; noted down whatever comes of them."""

from invoicer_ai import model
from invoicer_core.plugin import Actor, InvoicerError
from invoicer_core.plugin.pages import here
from invoicer_core.plugin.tables import session

from . import records
from .asking import SCHEMA, Messages, Proposal, described, propose


def is_ready() -> bool:
    """Whether a model is set up."""
    return model.is_ready(here("ai"))


def asked(question: str, *, by: Actor) -> Proposal:
    """A statement for a question. It has not run.

    Raises:
        InvoicerError: no model is set up or answers, or nothing that may run came of it.
    """
    ctx = here("ai")

    def complete(messages: Messages) -> str:
        return model.complete(ctx, messages, purpose="sql", schema=SCHEMA, by=by, once=True).text

    about = described()
    session.rollback()  # no transaction waits for a model
    try:
        proposal = propose(question, about=about, complete=complete)
    except InvoicerError as error:
        session.rollback()
        reason = type(error).__name__
        records.note("question.unanswered", by=by, question=question, reason=reason)
        raise
    records.note("question.asked", by=by, question=question, sql=proposal.checked.sql)
    return proposal
