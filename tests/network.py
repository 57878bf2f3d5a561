"""Tests reach this machine only: whatever tries to go further is refused and remembered."""

from typing import Any

LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")
outside: list[str] = []
"""Where the running test tried to go."""

names: list[str] = []
"""Hosts whose addresses the running test asked for, by any way to a connection."""


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook that refuses every connection to another machine, and remembers it; it also
    remembers which hosts were looked up."""
    if event == "socket.getaddrinfo":
        names.append(str(arguments[0]))
    if event not in ("socket.connect", "socket.sendto"):
        return
    address = arguments[1]
    if not isinstance(address, tuple):
        return  # a Unix socket
    host = str(address[0])
    if not host.startswith(LOOPBACK):
        outside.append(f"{host}:{address[1]}")
        raise OSError(f"A test tried to reach {host}: only loopback peers are allowed.")
