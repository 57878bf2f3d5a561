"""A role of ours as a process of its own: ``python -m tests.peers.roles worker|clock``.

Like ``invoicer worker`` and ``invoicer clock``, with the probe among the plugins, and less patient:
the death of a worker is noticed after some 3 s instead of 12. With ``AS_EVER`` in the environment
they are as patient as those.
"""

import logging
import os
import sys

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.jobs import clock, leases, worker
from tests.peers import chores
from tests.peers.probe import ProbePlugin

ROLES = {"worker": worker.main, "clock": clock.main}

LEASE, RENEW, SWEEP = 3, 0.75, 0.5
"""Seconds."""

if __name__ == "__main__":
    if "AS_EVER" not in os.environ:
        leases.LEASE = clock.LEASE = LEASE  # type: ignore[misc]
        leases.RENEW, clock.SWEEP = RENEW, SWEEP  # type: ignore[misc]
    logging.basicConfig(level="WARNING", format="%(process)d %(name)s %(message)s")
    logging.getLogger("invoicer_core.jobs").setLevel("INFO")
    chores.install()
    ROLES[sys.argv[1]](create_app(Config.load(), plugins=[ProbePlugin]))
