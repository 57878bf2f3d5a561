"""Whether a worker and a clock were seen of late: keys in Redis that expire."""

from typing import Final, Literal

from redis import Redis

Role = Literal["worker", "clock"]
SECONDS: Final = 20


def note(connection: Redis, role: Role) -> None:
    """This role is alive now. Raises redis.RedisError."""
    connection.set(f"invoicer:{role}_seen", b"1", ex=SECONDS)


def seen(connection: Redis, role: Role) -> bool:
    """True when one of this role was alive within the last 20 s. Raises redis.RedisError."""
    return bool(connection.exists(f"invoicer:{role}_seen"))
