"""What a document may become, and what is only computed about it.

Three things that never share a column: the stored state, the payment state and being overdue.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from invoicer_core.domain.errors import Conflict, InvalidInput
from invoicer_core.domain.saying import say, state_word, together

State = Literal["draft", "issued", "void", "deleted"]
PaymentState = Literal["draft", "unpaid", "partial", "paid", "void"]
Status = Literal["draft", "sent", "paid", "overdue", "void"]
StatusChange = Literal["none", "issue", "pay"]

TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    "draft": frozenset({"issued", "deleted"}),
    "issued": frozenset({"void"}),
    "void": frozenset(),
    "deleted": frozenset(),
}
# Statuses that a client of the API can ask for; void has its own operation, which needs a reason.
WANTED: Final = ("draft", "sent", "paid", "overdue")

_REFUSED: Final = {
    ("draft", "void"): say("A draft has no number to keep: delete it instead."),
    ("issued", "draft"): say("An issued document never becomes a draft again: void or credit it."),
    ("issued", "issued"): say("This document is issued already."),
    ("issued", "deleted"): say(
        "An issued document is never deleted: void it, or write a credit note."
    ),
    ("void", "void"): say("This document is void already."),
    ("void", "issued"): say("A void document stays void: duplicate it and issue the copy."),
    ("void", "draft"): say("A void document stays void: duplicate it to get a new draft."),
    ("void", "deleted"): say("A void document keeps its number and its row: it is never deleted."),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """All that is computed about a document's money at one moment."""

    status: Status
    payment_state: PaymentState
    is_overdue: bool


def require_transition(state: str, to: str) -> None:
    """Let a transition through, or say what to do instead.

    Raises:
        Conflict: the document's state does not allow it.
    """
    if to in TRANSITIONS.get(state, frozenset()):
        return
    default = say(
        "A document that is %(state)s cannot become %(to)s.",
        state=state_word(state),
        to=state_word(to),
    )
    raise Conflict(_REFUSED.get((state, to), default))


def payment_state(state: str, amount_due: Decimal, balance: Decimal) -> PaymentState:
    """How far an issued document is paid: by payments, credits and write-offs alike."""
    if state in {"draft", "deleted"}:
        return "draft"
    if state == "void":
        return "void"
    if balance <= 0:
        return "paid"
    return "partial" if balance < amount_due else "unpaid"


def is_overdue(
    state: str,
    balance: Decimal,
    due_date: date | None,
    today: date,
    payment_in_process: bool = False,
) -> bool:
    """True when money is owed and the due date has passed; ``today`` is the business's own day.

    A payment in process (a bank debit that takes days) stops the clock.
    """
    owed = state == "issued" and balance > 0 and not payment_in_process
    return owed and due_date is not None and due_date < today


def status(state: str, balance: Decimal, overdue: bool) -> Status:
    """The one word that the API answers with."""
    if state in {"draft", "deleted"}:
        return "draft"
    if state == "void":
        return "void"
    if balance <= 0:
        return "paid"
    return "overdue" if overdue else "sent"


def standing(
    state: str,
    amount_due: Decimal,
    balance: Decimal,
    due_date: date | None,
    today: date,
    payment_in_process: bool = False,
) -> Standing:
    """Status, payment state and overdue together, so that they never disagree."""
    overdue = is_overdue(state, balance, due_date, today, payment_in_process)
    paid = payment_state(state, amount_due, balance)
    return Standing(status(state, balance, overdue), paid, overdue)


def decide_status_change(current_status: str, wanted: str, is_overdue: bool) -> StatusChange:
    """What a request to set ``wanted`` means.

    Args:
        current_status: the computed status before the request.
        wanted: draft, sent, paid or overdue.
        is_overdue: computed with the due date of the same request, when it brings one.

    Returns:
        ``none``, ``issue``, or ``pay`` (the balance, today; a draft is to be issued before that).

    Raises:
        InvalidInput: no such status.
        Conflict: a move backward, or overdue when it is not.
    """
    if wanted not in WANTED:
        text = say("The status can be set to %(known)s.", known=", ".join(WANTED))
        if wanted == "void":
            text = together(text, say("To void an invoice, use the void operation."))
        raise InvalidInput.at("/status", text)
    if current_status == "void":
        raise Conflict(say("A void invoice stays void: duplicate it to go on."))
    if wanted == "overdue":
        return _decide_overdue(current_status, is_overdue)
    if wanted == current_status:
        return "none"
    if wanted == "draft":
        raise Conflict(_REFUSED["issued", "draft"])
    if wanted == "paid":
        return "pay"
    if current_status == "draft":
        return "issue"
    if current_status == "overdue" and not is_overdue:
        return "none"
    raise Conflict(_backward_to_sent(current_status))


def _decide_overdue(current_status: str, is_overdue: bool) -> StatusChange:
    if current_status == "draft":
        raise Conflict(say("A draft is never overdue: issue it first."))
    if current_status == "paid":
        raise Conflict(say("A paid invoice is never overdue."))
    if not is_overdue:
        raise Conflict(say("This invoice is not overdue: that follows from its due date alone."))
    return "none"


def _backward_to_sent(current_status: str) -> str:
    if current_status == "paid":
        return say("A paid invoice does not go back: refund or unallocate its payment.")
    return say("This invoice is overdue: it goes back when its due date is moved.")
