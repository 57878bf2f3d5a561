"""Threads that do one thing again and again, and how long each call took."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress


def load(clients: int, seconds: float, work: Callable[[], Callable[[], None]]) -> list[float]:
    """Seconds of each call, by this many threads working for that long; any error ends the run."""
    times: list[float] = []
    errors: list[Exception] = []
    start = threading.Barrier(clients + 1)
    ended = threading.Event()

    def run() -> None:
        try:
            call = work()
            for _ in range(5):
                call()
            start.wait()
            while not ended.is_set():
                begun = time.perf_counter()
                call()
                times.append(time.perf_counter() - begun)
        except Exception as error:  # noqa: BLE001 - raised below, in the caller's thread
            errors.append(error)
            start.abort()

    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    with suppress(threading.BrokenBarrierError):
        start.wait()
        time.sleep(seconds)
    ended.set()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return times
