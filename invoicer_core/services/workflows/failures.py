"""How a try of a step went wrong, and whether there will be another."""

import random
from dataclasses import dataclass
from datetime import timedelta

from invoicer_core.hooks.answers import RetryLater
from invoicer_core.hooks.workflows import TIMEOUT, Step, WorkflowError
from invoicer_core.services.time_limits import OutOfTime


@dataclass(frozen=True, slots=True)
class Failure:
    """The error's name and words; ``after`` is how long to wait before the next try."""

    name: str
    words: str
    final: bool
    after: timedelta | None = None


def failure_of(error: BaseException, step: Step, attempts: int) -> Failure:
    """An error with a name of the workflow is final; others are tried again by the step's policy.

    Args:
        attempts: tries so far, this one included.
    """
    words = str(error) or type(error).__name__
    if isinstance(error, WorkflowError):
        return Failure(error.name, words, final=True)
    if isinstance(error, RetryLater):
        after = error.after or wait_after(step, attempts)
        return Failure("RetryLater", words, final=False, after=after)
    name = TIMEOUT if isinstance(error, OutOfTime) else type(error).__name__
    if name in ("PermanentFailure", "OutcomeUnknown") or attempts >= step.retry.attempts:
        return Failure(name, words, final=True)
    return Failure(name, words, final=False, after=wait_after(step, attempts))


def wait_after(step: Step, attempts: int) -> timedelta:
    """Doubled with each try, with a tenth of jitter."""
    doubled: timedelta = step.retry.first * 2 ** min(attempts - 1, 30)
    return min(doubled, step.retry.most) * random.uniform(0.9, 1.1)  # noqa: S311 - no secret
