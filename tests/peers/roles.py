"""A role of ours as a process of its own: ``python -m tests.peers.roles worker|clock``.

Like ``invoicer worker`` and ``invoicer clock``, with the probe among the plugins.
"""

import logging
import sys

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.jobs import clock, worker
from tests.peers import chores
from tests.peers.probe import ProbePlugin

ROLES = {"worker": worker.main, "clock": clock.main}

if __name__ == "__main__":
    logging.basicConfig(level="WARNING", format="%(process)d %(name)s %(message)s")
    logging.getLogger("invoicer_core.jobs").setLevel("INFO")
    chores.install()
    ROLES[sys.argv[1]](create_app(Config.load(), plugins=[ProbePlugin]))
