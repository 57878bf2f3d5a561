"""A process on a full disk: ``python -m tests.peers.cramped BYTES command ...``.

No file of it may grow beyond so many bytes: writing then fails as on a disk without room, whoever
runs the test and wherever.
"""

import os
import resource
import signal
import sys

if __name__ == "__main__":
    most = int(sys.argv[1])
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    os.execv(sys.executable, [sys.executable, *sys.argv[2:]])  # noqa: S606 - no shell wanted
