"""What people search for, read by a worker: a model of this machine is large, and its work would
hold up the process that answers people.

A process that serves many people at once asks over Redis and waits for a second at most; a child of
the worker that does nothing else answers (``jobs.reader``). What is asked is gone from Redis after
that second, answered or not. Every other process, a worker above all, reads by itself.
"""

import json
from collections.abc import Sequence
from time import monotonic
from typing import Any, Final, cast
from uuid import uuid4

from flask import current_app
from gevent.monkey import is_module_patched
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from invoicer_core.domain.saying import say
from invoicer_core.hooks.answers import RetryLater
from invoicer_core.hooks.searching import Embedder
from invoicer_core.host.offers import Provided
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import secret_keys

Vectors = Sequence[Sequence[float]]

ASKED: Final = "invoicer:reading"
PATIENCE: Final = 1.0
"""Seconds that somebody who types waits for a worker; then the words alone have to do."""
LEFT_ALONE: Final = 3.0
"""Seconds in which a worker that did not answer is not asked again."""
_CONNECT: Final = 0.5


class NoReader(RetryLater):
    """No worker answered in time. That is not the fault of the plugin whose model it is."""


def vectors(found: Provided[Embedder], texts: Sequence[str]) -> Vectors:
    """Vectors of a few short texts, while somebody waits.

    Raises:
        NoReader: no worker answered.
        RetryLater, PermanentFailure: the model did not.
    """
    url = secret_keys.settings().redis_url
    if not (found.offer.heavy and url and is_module_patched("socket")):
        return found.offer.embed(found.ctx, texts)
    asking = cast(_Asking, current_app.extensions.setdefault("invoicer.reading", _Asking(url)))
    wanted = {"business": current_business_id(), "model": found.offer.model, "texts": list(texts)}
    return asking.ask(wanted)


class _Asking:
    """The connection of one application."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url,
            socket_connect_timeout=_CONNECT,
            socket_timeout=PATIENCE + _CONNECT,
            retry=Retry(NoBackoff(), 0),
            client_name="invoicer-web",
        )
        self._ask_from = 0.0

    def ask(self, wanted: dict[str, Any]) -> Vectors:
        """Put it down, and wait for the answer."""
        if monotonic() < self._ask_from:
            raise NoReader(say("No worker reads what is searched for just now."))
        try:
            answer = self._answer(wanted, uuid4().hex)
        except RedisError as away:
            self._ask_from = monotonic() + LEFT_ALONE
            raise NoReader(say("No worker reads what is searched for just now.")) from away
        if answer is None:
            self._ask_from = monotonic() + LEFT_ALONE
            raise NoReader(say("No worker reads what is searched for just now."))
        if "vectors" not in answer:
            raise RetryLater(str(answer.get("trouble")))
        return cast(Vectors, answer["vectors"])

    def _answer(self, wanted: dict[str, Any], name: str) -> dict[str, Any] | None:
        with self._redis.pipeline(transaction=True) as together:
            together.set(f"{ASKED}:{name}", json.dumps(wanted), px=int(PATIENCE * 1000))
            together.lpush(ASKED, name)
            together.expire(ASKED, int(2 * LEFT_ALONE))
            together.execute()
        taken = cast(Any, self._redis.brpop([f"{ASKED}:{name}:read"], timeout=PATIENCE))
        return None if taken is None else cast(dict[str, Any], json.loads(taken[1]))
