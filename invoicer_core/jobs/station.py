"""What one worker process is: its leases, its limits, and whose code it may run."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask import Flask, current_app

from invoicer_core.jobs.leases import Leases

EXTENSION: Final = "invoicer.station"


@dataclass(frozen=True)
class Station:
    """Args:
    wall_seconds: the longest that one try may take; None where RQ's own limit is enough.
    isolated: a forked process with limits, where plugins of others may run.
    forward: put a delivery that needs an isolated process into the queue for it, with the
        longest that its step may take; False when that queue is full.
    """

    leases: Leases
    isolated: bool
    wall_seconds: int | None
    forward: Callable[[int, str, int, int, timedelta], bool]


def install(app: Flask, station: Station) -> None:
    """Make it the application's station."""
    app.extensions[EXTENSION] = station


def current() -> Station:
    """The station of this worker."""
    found: Station = current_app.extensions[EXTENSION]
    return found
