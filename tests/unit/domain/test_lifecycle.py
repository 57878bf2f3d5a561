"""States that are stored, and what is computed beside them."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import product

import pytest

from invoicer_core.domain.errors import Conflict, InvalidInput
from invoicer_core.domain.lifecycle import (
    TRANSITIONS,
    decide_status_change,
    is_overdue,
    payment_state,
    require_transition,
    standing,
)

D = Decimal
TODAY = date(2026, 11, 20)
YESTERDAY, TOMORROW = TODAY - timedelta(1), TODAY + timedelta(1)
ALLOWED = {("draft", "issued"), ("issued", "void"), ("draft", "deleted")}


@pytest.mark.parametrize(("state", "to"), list(product(TRANSITIONS, TRANSITIONS)))
def test_only_three_transitions_exist(state, to) -> None:
    if (state, to) in ALLOWED:
        require_transition(state, to)
        return
    with pytest.raises(Conflict) as caught:
        require_transition(state, to)
    assert len(caught.value.detail) > 20


def test_a_refused_deletion_says_what_to_do_instead() -> None:
    with pytest.raises(Conflict, match="void it, or write a credit note"):
        require_transition("issued", "deleted")


@pytest.mark.parametrize(
    ("state", "due", "balance", "expected"),
    [
        ("draft", "100", "100", "draft"),
        ("void", "100", "100", "void"),
        ("issued", "100", "100", "unpaid"),
        ("issued", "100", "99.99", "partial"),
        ("issued", "100", "0.01", "partial"),
        ("issued", "100", "0.00", "paid"),
        ("issued", "0", "0", "paid"),
        ("issued", "-5", "-5", "paid"),
    ],
)
def test_the_payment_state_follows_the_balance(state, due, balance, expected) -> None:
    assert payment_state(state, D(due), D(balance)) == expected


@pytest.mark.parametrize(
    ("state", "balance", "due", "in_process", "expected"),
    [
        ("issued", "1", YESTERDAY, False, True),
        ("issued", "1", TODAY, False, False),
        ("issued", "1", TOMORROW, False, False),
        ("issued", "1", None, False, False),
        ("issued", "0", YESTERDAY, False, False),
        ("issued", "1", YESTERDAY, True, False),
        ("draft", "1", YESTERDAY, False, False),
        ("void", "1", YESTERDAY, False, False),
    ],
)
def test_overdue_needs_a_balance_and_a_day_that_has_passed(
    state, balance, due, in_process, expected
) -> None:
    assert is_overdue(state, D(balance), due, TODAY, in_process) is expected


@pytest.mark.parametrize(
    ("state", "balance", "due", "expected"),
    [
        ("draft", "100", YESTERDAY, ("draft", "draft", False)),
        ("issued", "100", TOMORROW, ("sent", "unpaid", False)),
        ("issued", "40", TOMORROW, ("sent", "partial", False)),
        ("issued", "40", YESTERDAY, ("overdue", "partial", True)),
        ("issued", "0", YESTERDAY, ("paid", "paid", False)),
        ("void", "100", YESTERDAY, ("void", "void", False)),
    ],
)
def test_status_payment_state_and_overdue_agree(state, balance, due, expected) -> None:
    found = standing(state, D(100), D(balance), due, TODAY)
    assert (found.status, found.payment_state, found.is_overdue) == expected


@pytest.mark.parametrize(
    ("current", "wanted", "overdue", "decision"),
    [
        ("draft", "draft", False, "none"),
        ("draft", "sent", False, "issue"),
        ("draft", "paid", False, "pay"),
        ("sent", "sent", False, "none"),
        ("sent", "paid", False, "pay"),
        ("overdue", "paid", True, "pay"),
        ("overdue", "overdue", True, "none"),
        ("sent", "overdue", True, "none"),
        ("overdue", "sent", False, "none"),
        ("paid", "paid", False, "none"),
    ],
)
def test_a_wanted_status_means_an_act(current, wanted, overdue, decision) -> None:
    assert decide_status_change(current, wanted, overdue) == decision


@pytest.mark.parametrize(
    ("current", "wanted", "overdue"),
    [
        ("sent", "draft", False),
        ("overdue", "draft", True),
        ("paid", "draft", False),
        ("paid", "sent", False),
        ("paid", "overdue", False),
        ("overdue", "sent", True),
        ("draft", "overdue", False),
        ("sent", "overdue", False),
        ("overdue", "overdue", False),
        ("void", "sent", False),
        ("void", "draft", False),
        ("void", "paid", False),
    ],
)
def test_a_move_backward_or_untrue_is_a_conflict(current, wanted, overdue) -> None:
    with pytest.raises(Conflict):
        decide_status_change(current, wanted, overdue)


@pytest.mark.parametrize("wanted", ["void", "", "Paid", "issued"])
def test_other_words_are_no_status_to_set(wanted) -> None:
    with pytest.raises(InvalidInput) as caught:
        decide_status_change("sent", wanted, False)
    assert caught.value.fields[0].pointer == "/status"
