"""Stand-ins for the companies that plugins talk to, beside the demo: ``INVOICER_PEERS=1``.

They are part of the tests, so there are none outside a checkout, and none in the image.
"""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from invoicer_core.config import Config
from invoicer_core.embedded.account import ServerError
from invoicer_core.embedded.process import spawn
from invoicer_core.embedded.supervisor import Program

CHECKOUT: Final = Path(__file__).resolve().parents[2]
MODULE: Final = "tests.peers.demo"
"""Knows which there are, starts them, and points the demo business's plugins at them."""

_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "INVOICER_SPECS")


def program(config: Config, checkout: Path = CHECKOUT) -> Program:
    """What the supervisor runs beside the roles.

    Raises:
        ServerError: not the demo, or not a checkout.
    """
    if not config.demo:
        raise ServerError("INVOICER_PEERS=1 is for the demo: use `invoicer up --demo`.")
    if not checkout.joinpath(*MODULE.split(".")).with_suffix(".py").is_file():
        raise ServerError(
            "INVOICER_PEERS=1 needs a checkout of the sources: there are no stand-ins here."
        )
    environ = environ_of(config, checkout)

    def start() -> subprocess.Popen[bytes]:
        return spawn([sys.executable, "-m", MODULE], environ=environ)

    return Program("peers", start, (signal.SIGTERM, 8.0))


def environ_of(config: Config, checkout: Path) -> dict[str, str]:
    """What they are told: where Invoicer is, and nothing that opens its database."""
    kept = {name: config.environ[name] for name in _KEPT if name in config.environ}
    return {
        **kept, "PYTHONPATH": str(checkout), "PYTHONUNBUFFERED": "1",
        "INVOICER_URL": config.url, "INVOICER_DATA": str(config.data),
    }  # fmt: skip
