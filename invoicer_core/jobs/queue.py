"""Jobs through Redis: ids only, JSON only, and only what is on the list.

The rows in PostgreSQL decide what runs. Losing every job here costs seconds, never an effect.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

CORE: Final = "invoicer-core"
MAIL: Final = "invoicer-mail"
TASKS: Final = "invoicer-tasks"
PLUGINS: Final = "invoicer-plugins"
WEBHOOKS: Final = "invoicer-webhooks"
LONG: Final = "invoicer-long"
"""Steps of workflows that may take minutes. Nothing is handed out to it: workers put it in."""

QUEUES: Final = (CORE, MAIL, TASKS, PLUGINS, WEBHOOKS)

KEPT_FAILED: Final = 3600
"""Seconds that a job which was refused can be looked at."""

QUEUED_FOR: Final = 120
"""Seconds after which a job that nobody took is forgotten; its rows are handed out anew."""

SECONDS: Final = 300
"""The longest that a job may take."""

REGISTRY: Final[dict[str, Callable[..., None]]] = {}
"""Everything a worker may call, by the name that stands in the queue. Filled by `registry`."""


class Refused(Exception):
    """A job that asks for something that is not on the list."""


class ListedJob(Job):
    """A job whose callable is looked up in a list, never imported; without callbacks, webhooks,
    repetition or retries, whatever Redis says."""

    def restore(self, raw_data: Any) -> Any:
        """Read the job from Redis, leaving out everything that would call something else."""
        result = super().restore(raw_data)
        named = (self._success_callback_name, self._failure_callback_name,
                 self._stopped_callback_name)  # fmt: skip
        self._refused = any(named) or bool(self.webhooks)
        self._success_callback_name = self._failure_callback_name = None
        self._stopped_callback_name = None
        self.webhooks = []
        self.retries_left = self.repeats_left = None
        return result

    @property
    def func(self) -> Callable[..., None]:
        """The callable of this name.

        Raises:
            Refused: it is not on the list, is a method, or came with callbacks.
        """
        name = self.func_name
        if getattr(self, "_refused", False) or self.instance is not None or name not in REGISTRY:
            raise Refused(f"{name!r} is not a job of ours")
        return REGISTRY[name]


@dataclass(frozen=True, slots=True)
class Work:
    """One job to enqueue: an id that says which try it is, a listed name, JSON arguments."""

    id: str
    name: str
    arguments: tuple[Any, ...]
    seconds: int = SECONDS


def connect(url: str | None, role: str) -> Redis:
    """A connection for queues; commands time out rather than hang. Redis lists it under the role's
    name (``CLIENT LIST``). The clock tries a command once more, not ten times like the library: it
    holds rows of PostgreSQL meanwhile."""
    return Redis.from_url(
        url or "",
        socket_timeout=10,
        socket_connect_timeout=5,
        health_check_interval=10,
        client_name=f"invoicer-{role}",
        **({"retry": Retry(NoBackoff(), 1)} if role == "clock" else {}),
    )


def queue_of(name: str, connection: Redis) -> Queue:
    """The queue of this name."""
    return Queue(name, connection=connection, job_class=ListedJob, serializer=JSONSerializer)


def enqueue(queue: Queue, work: Sequence[Work]) -> None:
    """Put jobs into the queue, in one go.

    Raises:
        redis.RedisError: Redis is away; nothing is lost, the rows are handed out again.
    """
    if not work:
        return
    queue.enqueue_many([Queue.prepare_data(each.name, **_options(each)) for each in work])


def _options(work: Work) -> Mapping[str, Any]:
    return {
        "args": work.arguments,
        "timeout": work.seconds,
        "result_ttl": 0,
        "failure_ttl": KEPT_FAILED,
        "ttl": QUEUED_FOR,
        "description": f"{work.name} {work.id}",
        "job_id": work.id,
    }


def length(queue: Queue) -> int:
    """How many jobs wait."""
    return int(queue.count)
