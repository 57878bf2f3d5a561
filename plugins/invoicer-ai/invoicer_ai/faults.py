"""What can go wrong with a model: in our words, whether to try again, and what it may have cost."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import httpx2 as httpx

from invoicer_core.plugin import InvalidInput, Unavailable, on_first_use, say

if TYPE_CHECKING:
    import openai
else:
    openai = on_first_use("openai")

NO_KEY: Final = say("No AI service is set up: enter its key in the settings of the plugin AI.")
NOTHING: Final = say("The model answered nothing. Ask once more, or in other words.")
NONSENSE: Final = say("The model answered nothing that can be used. Ask in other words.")
SLOW: Final = say("The model took too long to answer. Try again in a moment.")
LOST: Final = say("The connection to the AI service broke off. Try again in a moment.")
_AWAY: Final = say("The AI service does not answer just now. Try again in a moment.")
_BUSY: Final = say("The AI service is busy. Try again in a moment.")
_KEY: Final = say("The AI service does not accept the key: enter it anew in the settings.")
_REFUSED: Final = say("The AI service refused this. Look at the model's name and shorten the text.")

_PAID: Final = (NOTHING, NONSENSE, SLOW, LOST)
"""After these the service may have done its work, and want its money."""


class Again(Exception):
    """A fault that may be gone in a moment, and cost nothing. ``after``: seconds, where it says."""

    def __init__(self, words: str, after: float | None = None) -> None:
        super().__init__(words)
        self.words, self.after = words, after


def cost_of(error: BaseException | None) -> Decimal | None:
    """What a call cost that ended so, without a word on its usage. None: nobody knows."""
    if isinstance(error, Unavailable | InvalidInput) and error.detail not in _PAID:
        return Decimal(0)
    return None


@contextmanager
def plainly() -> Iterator[None]:
    """One try only."""
    try:
        yield
    except Again as again:
        raise Unavailable(again.words, max(1, int(again.after or 5))) from again


@contextmanager
def sorted_out() -> Iterator[None]:
    """The client's errors in our words; the service's own words stay out of answers.

    Raises:
        Again: a fault before anything was done.
        Unavailable: no usable answer; what may have cost already is not asked for again.
        InvalidInput: the service refuses what was asked.
    """
    try:
        yield
    except (openai.APIConnectionError, httpx.HTTPError) as broken:
        raise _unanswered(broken) from broken
    except openai.RateLimitError as busy:
        raise Again(_BUSY, _after(busy.response)) from busy
    except openai.InternalServerError as away:
        raise Again(_AWAY, _after(away.response)) from away
    except (openai.AuthenticationError, openai.PermissionDeniedError) as key:
        raise Unavailable(_KEY, 3600) from key
    except openai.APIStatusError as refused:
        raise InvalidInput(_REFUSED) from refused
    except (openai.OpenAIError, ValueError, TypeError, AttributeError, LookupError) as odd:
        raise Unavailable(NONSENSE) from odd


def _unanswered(error: Exception) -> Exception:
    found = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
    if isinstance(found, httpx.ConnectError | httpx.ConnectTimeout):
        return Again(_AWAY)
    if isinstance(found, httpx.TimeoutException) or isinstance(error, openai.APITimeoutError):
        return Unavailable(SLOW)
    return Unavailable(LOST)


def _after(answer: httpx.Response) -> float | None:
    try:
        return max(0.0, float(answer.headers.get("retry-after", "")))
    except ValueError:
        return None
