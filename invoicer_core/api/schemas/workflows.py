"""What is told to runs of workflows."""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from invoicer_core.api.schemas.base import Body, Query, QueryId, QueryNumber, Text200, Text1000

DEEPEST: Final = 12
LARGEST: Final = 2_000


def _kept(value: dict[str, Any]) -> dict[str, Any]:
    """JSON that can be stored: not endless, no NUL and no half surrogate pairs in its texts."""
    left: list[tuple[Any, int]] = [(value, 0)]
    count = 0
    while left:
        each, depth = left.pop()
        count += 1
        if depth > DEEPEST or count > LARGEST:
            raise ValueError("This is too much: fewer values, or less deep.")
        if isinstance(each, dict):
            left += [(part, depth + 1) for pair in each.items() for part in pair]
        elif isinstance(each, list):
            left += [(part, depth + 1) for part in each]
        elif isinstance(each, str) and ("\0" in each or not _is_whole(each)):
            raise ValueError("This text holds a character that cannot be stored.")
    return value


def _is_whole(text: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


Values = Annotated[dict[str, Any], AfterValidator(_kept)]


class RunQuery(Query):
    """Runs; all of them without a wish."""

    workflow: Text200 | None = None
    status: Literal["running", "waiting", "succeeded", "failed", "undoing", "cancelled"] | None = (
        None
    )
    state: Text200 | None = None
    limit: Annotated[int, Field(ge=1, le=200), QueryNumber] | None = None
    cursor: Text1000 | None = None

    def filters(self) -> dict[str, Any]:
        """The wishes as arguments of the service's ``find``."""
        return self.model_dump(exclude_unset=True)


class VersionQuery(Query):
    """One version of a workflow; the newest without a wish."""

    version: QueryId | None = None


class ReasonInput(Body):
    """Why; it is kept with the run and in the audit chain."""

    reason: Text1000


class RetryInput(Body):
    """Why, if there is anything to say."""

    reason: Text1000 | None = None


class CorrectInput(Body):
    """What a state gave, in a person's words. Without ``output`` the state is entered again."""

    reason: Text1000
    state: Text200 | None = None
    output: Values | None = None
    input: Values | None = None


class CancelInput(Body):
    """Why; ``undo`` takes back what the done steps did."""

    reason: Text1000
    undo: bool = True
