"""Long work in the background, with progress and a result."""

from invoicer_core.services.tasks.reading import (
    DIED,
    UNEXPECTED,
    UNKNOWN,
    State,
    TaskSnapshot,
    find,
    get,
)
from invoicer_core.services.tasks.records import (
    EVENT,
    PATIENCE,
    PAUSE,
    SLICE,
    SUBSCRIBER,
    Running,
    Work,
    log,
    retry,
    run,
    start,
    stop,
    work,
)

__all__ = [
    "DIED",
    "EVENT",
    "PATIENCE",
    "PAUSE",
    "SLICE",
    "SUBSCRIBER",
    "UNEXPECTED",
    "UNKNOWN",
    "Running",
    "State",
    "TaskSnapshot",
    "Work",
    "find",
    "get",
    "log",
    "retry",
    "run",
    "start",
    "stop",
    "work",
]
