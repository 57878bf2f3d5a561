"""How long a piece of work may take: interrupted from outside, by the clock on the wall."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import Final

MARGIN: Final = 1.0
"""Seconds that an inner limit ends before an outer one, so that the inner one can be told of."""


class OutOfTime(BaseException):
    """The try took too long. Not an Exception, so that a handler does not swallow it."""


@contextmanager
def wall_limit(seconds: int | None) -> Iterator[None]:
    """Interrupt the block after so many seconds; main thread only. None: no limit.

    Raises:
        OutOfTime: it took longer.
    """
    if not seconds:
        yield
        return
    with _timer(float(seconds), seconds):
        yield


@contextmanager
def within(limit: timedelta) -> Iterator[None]:
    """As `wall_limit`, inside of another one, which it never outlasts. In a thread besides the main
    one nothing can be interrupted, and nothing is.

    Raises:
        OutOfTime: it took longer.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    seconds = limit.total_seconds()
    if left:
        seconds = min(seconds, max(left - MARGIN, left / 2))
    with _timer(max(seconds, 0.001), round(seconds, 1)):
        yield


@contextmanager
def _timer(seconds: float, shown: float) -> Iterator[None]:
    def over(*_: int | FrameType | None) -> None:
        raise OutOfTime(f"took longer than {shown:g} s")

    former = signal.signal(signal.SIGALRM, over)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        spent, _ = signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (seconds - spent), 0.001))
