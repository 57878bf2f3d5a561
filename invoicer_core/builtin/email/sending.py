"""The two ways a mail leaves: an SMTP server (RFC 5321), or a file in a folder."""

import os
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from invoicer_core.plugin import OutcomeUnknown, PermanentFailure, RetryLater, outside, say

SECONDS: Final = 20.0
_PORTS: Final = {"smtp": 587, "smtps": 465}
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Server:
    """Where and how to hand mail over. ``starttls`` is required unless it is switched off;
    ``anywhere``: also in our own network, because whoever runs the installation chose it."""

    host: str
    port: int
    implicit_tls: bool
    starttls: bool
    anywhere: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def parse_url(url: str, *, anywhere: bool = False) -> Server:
    """``smtp://user:password@host:587`` (STARTTLS), ``smtps://host:465``, ``?starttls=no``.

    On this machine itself STARTTLS is off unless asked for (``?starttls=yes``).

    Raises:
        PermanentFailure: it is no such address; the message does not repeat it.
    """
    split = urlsplit(url)
    try:
        port = split.port
    except ValueError:
        port = -1
    if split.scheme not in _PORTS or not split.hostname or port == -1:
        raise PermanentFailure(say("The SMTP server must look like smtp://user:password@host:587."))
    wish = parse_qs(split.query).get("starttls", [""])[0].lower()
    default = split.hostname not in _LOCAL
    return Server(
        host=split.hostname,
        port=port or _PORTS[split.scheme],
        implicit_tls=split.scheme == "smtps",
        starttls=split.scheme == "smtp" and (default if not wish else wish in ("yes", "1", "true")),
        anywhere=anywhere,
        user=unquote(split.username) if split.username else None,
        password=unquote(split.password) if split.password else None,
    )


def deliver_to_server(
    server: Server, mail: EmailMessage, *, sender: str, recipient: str
) -> str | None:
    """One SMTP transaction; returns the server's reply.

    Raises:
        PermanentFailure: a 5xx answer, or a server in our own network that a business chose.
        RetryLater: no connection, or a 4xx answer; nothing was sent.
        OutcomeUnknown: the connection broke after the end of the data was sent.
    """
    connection = _connect(server)
    try:
        _login(connection, server)
        return _hand_over(connection, mail, sender, recipient)
    finally:
        with suppress(smtplib.SMTPException, OSError):
            connection.quit()


def _outside(host: str, port: int, seconds: float) -> socket.socket:
    try:
        return outside.connect(host, port, seconds=seconds)
    except PermanentFailure as refused:
        raise PermanentFailure(
            say("The mail server lies in a private network. Whoever runs Invoicer can choose it "
                "with SMTP_URL.")
        ) from refused  # fmt: skip


class _Outside(smtplib.SMTP):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return _outside(host, port, timeout)


class _OutsideByTls(smtplib.SMTP_SSL):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made = _outside(host, port, timeout)
        return self.context.wrap_socket(made, server_hostname=host)


def _connect(server: Server) -> smtplib.SMTP:
    context = ssl.create_default_context()
    plain, by_tls = (
        (smtplib.SMTP, smtplib.SMTP_SSL) if server.anywhere else (_Outside, _OutsideByTls)
    )
    try:
        if server.implicit_tls:
            return by_tls(server.host, server.port, timeout=SECONDS, context=context)
        connection = plain(server.host, server.port, timeout=SECONDS)
        if server.starttls:
            connection.starttls(context=context)
        return connection
    except smtplib.SMTPNotSupportedError as error:
        raise PermanentFailure(say("The SMTP server offers no STARTTLS.")) from error
    except ssl.SSLCertVerificationError as error:
        raise RetryLater(
            say("The SMTP server's certificate is refused: %(error)s", error=str(error))
        ) from error
    except (OSError, smtplib.SMTPException) as error:
        raise RetryLater(
            say("The SMTP server cannot be reached: %(error)s", error=str(error))
        ) from error


def _login(connection: smtplib.SMTP, server: Server) -> None:
    if server.user is None:
        return
    try:
        connection.login(server.user, server.password or "")
    except smtplib.SMTPAuthenticationError as error:
        raise RetryLater(say("The SMTP server refuses the user or the password.")) from error
    except smtplib.SMTPNotSupportedError as error:
        raise PermanentFailure(say("The SMTP server takes no user and password.")) from error
    except (OSError, smtplib.SMTPException) as error:
        raise RetryLater(
            say("The SMTP server did not let us sign in: %(error)s", error=str(error))
        ) from error


def _hand_over(
    connection: smtplib.SMTP, mail: EmailMessage, sender: str, recipient: str
) -> str | None:
    """MAIL, RCPT and DATA one by one: from the end of the data on, an error leaves it open
    whether the mail went out (RFC 5321, 6.1)."""
    try:
        connection.ehlo_or_helo_if_needed()
        _expect(connection.mail(sender), say("the sender"))
        _expect(connection.rcpt(recipient), say("the recipient"))
        _expect(connection.docmd("DATA"), say("the mail"), wanted=354)
    except (OSError, smtplib.SMTPException) as error:
        raise RetryLater(say("The SMTP server went away: %(error)s", error=str(error))) from error
    try:
        connection.send(_as_data(mail.as_bytes()))
        code, reply = connection.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise OutcomeUnknown(
            say("The connection broke while the mail went out: %(error)s", error=str(error))
        ) from error
    _expect((code, reply), say("the mail"))
    return reply.decode("utf-8", "replace")[:200]


def _as_data(mail: bytes) -> bytes:
    """Lines end with CRLF, dots that begin a line are doubled, a lone dot ends it (RFC 5321)."""
    lines = [b"." + line if line.startswith(b".") else line for line in mail.splitlines()]
    return b"\r\n".join([*lines, b".", b""])


def _expect(answer: tuple[int, bytes], what: str, wanted: int = 250) -> None:
    code, reply = answer
    if code == wanted or (wanted == 250 and code == 251):
        return
    words = say(
        "The SMTP server refuses %(what)s: %(answer)s",
        what=what,
        answer=f"{code} {reply.decode('utf-8', 'replace')[:300]}",
    )
    if 500 <= code < 600:
        raise PermanentFailure(words)
    raise RetryLater(words)


def deliver_to_folder(folder: Path, message_id: int, mail: EmailMessage) -> str:
    """Write ``<id>.eml``, whole or not at all; returns its name."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{message_id}.eml"
    fresh = folder / f".{message_id}.eml"
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(mail.as_bytes())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return path.name
