"""A small DNS server on a loopback port, over UDP and TCP: it knows what the test put in."""

import socketserver
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any, Literal

from dns import flags, message, rcode, rdatatype, rrset
from dns.exception import DNSException

Mood = Literal["works", "silent", "fails"]
MOST = 512
"""Bytes of an answer over UDP; a longer one has to be asked for by TCP."""


class Dns:
    """``zone``: values by name and type. ``asked``: questions so far, with the way they came."""

    def __init__(self) -> None:
        self.address = ""
        self.mood: Mood = "works"
        self.zone: dict[tuple[str, str], list[str]] = {}
        self.asked: list[tuple[str, str, str]] = []

    def txt(self, name: str, *texts: str) -> None:
        """TXT records, each cut into strings of 255 signs as the wire wants it."""
        cut = [[each[at : at + 255] for at in range(0, len(each), 255)] for each in texts]
        self.zone[(name, "TXT")] = [
            " ".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in parts)
            for parts in cut
        ]

    def cname(self, name: str, target: str) -> None:
        self.zone[(name, "CNAME")] = [f"{target}."]

    def answer(self, asked: bytes, way: str) -> bytes | None:
        """The answer to a question; None is silence."""
        try:
            query = message.from_wire(asked)
        except DNSException:
            return None
        said = message.make_response(query)
        said.flags |= flags.RA
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = rdatatype.to_text(question.rdtype)
        self.asked.append((way, kind, name))
        if self.mood == "silent":
            return None
        if self.mood == "fails":
            said.set_rcode(rcode.SERVFAIL)
        elif found := self.zone.get((name, kind)):
            said.answer.append(rrset.from_text(question.name, 60, "IN", kind, *found))
        elif not any(known == name for known, _kind in self.zone):
            said.set_rcode(rcode.NXDOMAIN)
        wire = said.to_wire()
        if way == "udp" and len(wire) > MOST:
            said.answer.clear()
            said.flags |= flags.TC
            wire = said.to_wire()
        return bytes(wire)


class ByUdp(socketserver.BaseRequestHandler):
    """One datagram."""

    peer: Dns

    def handle(self) -> None:
        asked, line = self.request
        if (said := self.peer.answer(asked, "udp")) is not None:
            line.sendto(said, self.client_address)


class ByTcp(socketserver.StreamRequestHandler):
    """One question with its length before it."""

    peer: Dns

    def handle(self) -> None:
        head = self.rfile.read(2)
        if len(head) < 2:
            return
        said = self.peer.answer(self.rfile.read(struct.unpack("!H", head)[0]), "tcp")
        if said is not None:
            self.wfile.write(struct.pack("!H", len(said)) + said)


def _both(peer: Dns) -> tuple[Any, Any]:
    """A server each, on the same port."""
    udp = socketserver.ThreadingUDPServer(
        ("127.0.0.1", 0), type("ByUdpHere", (ByUdp,), {"peer": peer})
    )
    tcp = socketserver.ThreadingTCPServer(
        udp.server_address, type("ByTcpHere", (ByTcp,), {"peer": peer})
    )
    return udp, tcp


@contextmanager
def dns_peer() -> Iterator[Dns]:
    """A DNS server on a free loopback port."""
    peer = Dns()
    servers = _both(peer)
    peer.address = f"127.0.0.1:{servers[0].server_address[1]}"
    threads = [Thread(target=each.serve_forever, daemon=True) for each in servers]
    for thread in threads:
        thread.start()
    try:
        yield peer
    finally:
        for each in servers:
            each.shutdown()
            each.server_close()
        for thread in threads:
            thread.join(5)
