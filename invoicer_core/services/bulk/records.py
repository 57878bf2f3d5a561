"""The same thing done to many invoices: what it would do, said beforehand, and the task that does
it. The work itself is in `bulk_work` and `bulk_files`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import case, func, select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.models import db
from invoicer_core.models.invoices import Invoice
from invoicer_core.models.parties import Client
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import invoice_list, tasks
from invoicer_core.services.invoice_list import Wanted
from invoicer_core.services.tasks import TaskSnapshot, task_rows
from invoicer_core.services.transaction import transaction

SEND: Final = "invoices.send"
PAY: Final = "invoices.pay"
ZIP: Final = "invoices.zip"
EXPORT: Final = "invoices.export"

MOST: Final[Mapping[str, int]] = {SEND: 2_000, PAY: 5_000, ZIP: 2_000, EXPORT: 50_000}
"""How many invoices one task takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which invoices: these ids, or with ``wanted`` all that fit."""

    ids: tuple[int, ...] = ()
    wanted: Wanted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a choice holds, for the question before something is done to it.

    Args:
        without_address: issued ones whose client has no mail address.
        open: issued ones with a balance; ``balances`` add these up by currency.
    """

    count: int
    drafts: int
    drafts_without_address: int
    void: int
    issued: int
    without_address: int
    open: int
    balances: tuple[tuple[str, Decimal], ...]


def look(choice: Choice) -> Outlook:
    """What the choice holds now. Raises InvalidInput for filters that are none."""
    ids = invoice_list.chosen(choice.wanted, choice.ids).order_by(None)
    draft, issued = Invoice.state == "draft", Invoice.state == "issued"
    mute = func.coalesce(Client.email, "") == ""
    owed = issued & (Invoice.settled < Invoice.amount_due)
    balance = case((owed, Invoice.amount_due - Invoice.settled))
    statement = (
        select(
            Invoice.currency,
            func.count(),
            func.count().filter(draft),
            func.count().filter(draft & mute),
            func.count().filter(Invoice.state == "void"),
            func.count().filter(issued),
            func.count().filter(issued & mute),
            func.count().filter(owed),
            func.sum(balance),
        )
        .join(
            Client, (Client.business_id == Invoice.business_id) & (Client.id == Invoice.client_id)
        )
        .where(Invoice.business_id == current_business_id(), Invoice.id.in_(ids))
        .group_by(Invoice.currency)
        .order_by(Invoice.currency)
    )
    found = db.session.execute(statement).all()
    numbers = [sum(int(row[at]) for row in found) for at in range(1, 8)]
    return Outlook(
        count=numbers[0],
        drafts=numbers[1],
        drafts_without_address=numbers[2],
        void=numbers[3],
        issued=numbers[4],
        without_address=numbers[5],
        open=numbers[6],
        balances=tuple((row[0], row[8]) for row in found if row[8]),
    )


def start(
    *,
    kind: str,
    choice: Choice,
    by: Actor,
    title: str,
    options: Mapping[str, Any] | None = None,
    expected: int | None = None,
) -> TaskSnapshot:
    """Write down which invoices it is about, and ask for the task.

    Args:
        kind: `SEND`, `PAY`, `ZIP` or `EXPORT`.
        options: what the kind needs to know.
        expected: how many invoices the asker was told.

    Raises:
        InvalidInput: none, or too many.
        Conflict: other than expected: the list has changed since it was seen.
    """
    with transaction(by=by):
        chosen = invoice_list.chosen(choice.wanted, choice.ids).limit(MOST[kind] + 1)
        task = tasks.start(kind=kind, data=dict(options or {}), by=by, title=title)
        count = task_rows.freeze(task_id=task.id, chosen=chosen)
        _check(kind, count, expected)
        return task


def _check(kind: str, count: int, expected: int | None) -> None:
    if not count:
        raise InvalidInput(say("Choose at least one invoice."))
    if count > MOST[kind]:
        raise InvalidInput(say("At most %(most)s invoices at once: choose fewer.", most=MOST[kind]))
    if expected is not None and count != expected:
        raise Conflict(
            say(
                "The list has changed: it was about %(expected)s invoices, now it would be "
                "%(count)s. Look at it and choose again.",
                expected=expected,
                count=count,
            )
        )


def fits(kind: str, count: int) -> bool:
    """Whether one task takes so many invoices."""
    return count <= MOST[kind]


def ids_of(values: Sequence[str]) -> tuple[int, ...]:
    """The ids among these texts, each once."""
    plain = (text for text in values if text.isascii() and text.isdigit() and len(text) < 19)
    return tuple(dict.fromkeys(int(text) for text in plain))
