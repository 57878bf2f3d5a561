"""OpenAI's models, through its own package.

Loaded when it is first needed: no process that only uses the local model pays for it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import httpx2 as httpx
import openai
from flask import has_request_context

from invoicer_core.plugin import PermanentFailure, RetryLater, httpx_client
from invoicer_core.plugin.outside import pinned

from .settings import Ctx
from .words import gettext

PATIENCE: Final = (1.2, 30.0)
"""Seconds that it may take while somebody waits, and in a worker."""
MOST_BYTES: Final = 16 * 1024 * 1024


def embed(model: str, ctx: Ctx, texts: Sequence[str]) -> list[list[float]]:
    """Vectors by OpenAI, or a service that answers like it.

    Raises:
        RetryLater: nobody answered, or too many asked.
        PermanentFailure: the key or the address is wrong, or the answer makes no sense.
    """
    key, address = ctx.settings.key, ctx.settings.base_url
    if not key:
        raise PermanentFailure(gettext("Enter the key for the OpenAI models."))
    pin = pinned(address, env="VECTOR_SEARCH_OPENAI_BASE_URL")
    seconds = PATIENCE[0] if has_request_context() else PATIENCE[1]
    with httpx_client.client(seconds, pin, MOST_BYTES) as http, _sorted_out():
        service = openai.OpenAI(
            api_key=key.reveal(), base_url=address, max_retries=0, http_client=http
        )
        answer = service.embeddings.create(model=model, input=list(texts), encoding_format="float")
        return _read(answer.data, len(texts))


@contextmanager
def _sorted_out() -> Iterator[None]:
    """The client's errors in our words; the service's own stay out of them."""
    try:
        yield
    except (openai.RateLimitError, openai.InternalServerError) as busy:
        raise RetryLater(gettext("The service for the OpenAI models is busy.")) from busy
    except (openai.APIConnectionError, httpx.HTTPError) as away:
        raise RetryLater(gettext("The service for the OpenAI models does not answer.")) from away
    except (openai.AuthenticationError, openai.PermissionDeniedError) as key:
        raise PermanentFailure(gettext("The key for the OpenAI models is not accepted.")) from key
    except openai.APIStatusError as refused:
        raise PermanentFailure(_nonsense(refused.status_code)) from refused
    except (openai.OpenAIError, ValueError, TypeError, AttributeError, LookupError) as odd:
        raise PermanentFailure(_nonsense(200)) from odd


def _read(data: Sequence[Any], wanted: int) -> list[list[float]]:
    """Raises ValueError for anything but as many vectors as were asked for."""
    ordered = sorted(data, key=lambda each: each.index)
    vectors = [[float(number) for number in each.embedding] for each in ordered]
    if len(vectors) != wanted or not all(vectors):
        raise ValueError("not the vectors that were asked for")
    return vectors


def _nonsense(status: int) -> str:
    return gettext(
        "The service for the OpenAI models answered %(status)s, but no vectors.", status=status
    )
