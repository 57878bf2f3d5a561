"""The child of the worker that reads what people search for, at once and one after the other.

It is no queue of jobs: nobody owes an answer to somebody who has gone on typing. What was not taken
within a second is gone, and who asked went on without it (``services.reading``).
"""

import json
from datetime import timedelta
from logging import getLogger
from typing import Any, Final, cast

from flask import Flask
from redis import Redis

from invoicer_core.config import Config
from invoicer_core.jobs import queue
from invoicer_core.jobs.limits import OutOfTime, limit_memory
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import searching
from invoicer_core.services.reading import ASKED
from invoicer_core.services.time_limits import within

log: Final = getLogger(__name__)

_WAIT: Final = 5
_LONGEST: Final = timedelta(seconds=10)
"""As long may a model take; the first time it has to be loaded."""
_KEPT: Final = 5


def listen(app: Flask) -> None:
    """Answer until the process is ended. Raises redis.RedisError when Redis is away."""
    config: Config = app.extensions["invoicer.config"]
    redis = queue.connect(config.redis_url, "worker")
    limit_memory()
    while True:
        taken = cast(Any, redis.brpop([ASKED], timeout=_WAIT))
        if taken is not None:
            with app.app_context():
                answer(redis, taken[1].decode())


def answer(redis: Redis, name: str) -> None:
    """Answer one question, unless whoever asked has gone on. Needs an application context."""
    asked = cast(Any, redis.getdel(f"{ASKED}:{name}"))
    if asked is None:
        return
    key = f"{ASKED}:{name}:read"
    with redis.pipeline(transaction=True) as together:
        together.lpush(key, json.dumps(_read(json.loads(asked))))
        together.expire(key, _KEPT)
        together.execute()


def _read(wanted: dict[str, Any]) -> dict[str, Any]:
    try:
        with within(_LONGEST), enter_business(wanted["business"]):
            found = searching.embedder_seen(wanted["model"])
            vectors = found.offer.embed(found.ctx, wanted["texts"])
            return {"vectors": [list(each) for each in vectors]}
    except (Exception, OutOfTime) as failure:
        log.exception("a model did not read what is searched for")
        return {"trouble": f"{type(failure).__name__}: {failure}"}
