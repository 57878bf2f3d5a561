"""An SMTP server of our own: keeps what it takes, and can refuse, wait, or hang up half-way."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Event
from typing import Any, Literal, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope, Session

Mood = Literal["takes", "refuses", "not now", "hangs up", "waits"]


class SmtpPeer:
    """``mood`` says what it does with the next mails. ``mails`` are those it took."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.mood: Mood = "takes"
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.in_data = Event()
        self.go_on = Event()

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.mood == "refuses":
            return "554 5.7.1 no thank you"
        if self.mood == "not now":
            return "451 4.7.1 later please"
        self.in_data.set()
        if self.mood == "waits":
            await asyncio.to_thread(self.go_on.wait)
        self.recipients += envelope.rcpt_tos
        content = cast(bytes, envelope.content)
        self.mails.append(cast(EmailMessage, message_from_bytes(content, policy=policy.default)))
        if self.mood == "hangs up":
            server.transport.close()
        return "250 taken"


@contextmanager
def smtp_peer() -> Iterator[SmtpPeer]:
    """A server on a free loopback port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    peer = SmtpPeer(f"smtp://127.0.0.1:{port}")
    controller = Controller(peer, hostname="127.0.0.1", port=port, ready_timeout=10)
    controller.start()
    try:
        yield peer
    finally:
        peer.go_on.set()
        controller.stop()
