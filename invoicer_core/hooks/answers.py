"""How a plugin answers: the exceptions that say what to do next, objections and proposals."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final, Literal


class RetryLater(Exception):
    """It did not work now and had no effect; try again after ``after`` (None: the usual wait)."""

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after


class PermanentFailure(Exception):
    """It will never work as asked: a wrong address, a refused card. Nobody tries again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OutcomeUnknown(Exception):
    """It may or may not have happened (a time-out after the request went out). Never repeated
    blindly: the outcome is asked for, or shown to a person."""

    def __init__(self, reason: str, provider_ref: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.provider_ref = provider_ref


@dataclass(frozen=True, slots=True)
class Objection:
    """Why something must not happen. ``pointer`` names the field, when there is one (RFC 6901)."""

    reason: str
    pointer: str | None = None
    plugin: str | None = None


PROPOSAL_KINDS: Final = ("item", "discount", "charge")


@dataclass(frozen=True, slots=True)
class ItemProposal:
    """A line that a plugin would add to a draft. The totals are computed anew with it.

    Args:
        kind: ``item`` adds a line; ``discount`` and ``charge`` an adjustment of the document.
        amount: the unit price of an item, the amount of an adjustment; before tax.
    """

    kind: Literal["item", "discount", "charge"]
    description: str
    amount: Decimal
    quantity: Decimal = Decimal(1)
    tax_rate: Decimal | None = None
    tax_category: str | None = None
    plugin: str | None = None
