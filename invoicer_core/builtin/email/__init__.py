"""E-mail: over SMTP where `SMTP_URL` is set, else as files in the data folder."""

from collections.abc import Iterable
from typing import Final

from invoicer_core.builtin.email.composing import compose
from invoicer_core.builtin.email.sending import (
    Server,
    deliver_to_folder,
    deliver_to_server,
    parse_url,
)
from invoicer_core.plugin import (
    Context,
    Health,
    HealthCheck,
    MessageChannel,
    OutgoingMessage,
    PermanentFailure,
    Plugin,
    Secret,
    SendResult,
    Settings,
    data_folder,
    field,
    hookimpl,
    outside,
    say,
)

NOBODY: Final = "invoicer@localhost"
"""The sender where nobody set one: good enough for mails that end in a folder."""


SERVER_ENV: Final = "SMTP_URL"


class EmailSettings(Settings):
    """How mail leaves."""

    smtp_url: Secret = field(
        Secret(""),
        title="SMTP server",
        description="smtp://user:password@host:587, smtps://host:465, or with ?starttls=no."
        " Empty: mails are written to the folder mail of the data folder.",
        env=SERVER_ENV,
        placeholder="smtp://user:password@mail.example.com:587",
    )
    from_address: str = field(
        "",
        title="Sender",
        description="The address that mails come from. Empty: the business's own.",
        env="MAIL_FROM",
        max_length=254,
    )


class EmailPlugin(Plugin):
    """Sends e-mail over your SMTP server."""

    name = "email"
    title = "E-mail"
    default_on = True
    settings = EmailSettings

    @hookimpl
    def message_channels(self) -> Iterable[MessageChannel]:
        """The channel ``email``."""
        yield MessageChannel("email", "E-mail", send)

    @hookimpl
    def health_checks(self) -> Iterable[HealthCheck]:
        """Whether the settings make sense."""
        yield HealthCheck("settings", check)


def send(ctx: Context[EmailSettings], message: OutgoingMessage) -> SendResult:
    """Hand one mail over.

    Raises:
        PermanentFailure: the address, the sender or the settings are refused for good.
        RetryLater: the server is away or said "not now"; nothing was sent.
        OutcomeUnknown: the connection broke after the mail was handed over.
    """
    server = _server(ctx)
    sender: str | None = ctx.settings.from_address or ctx.business.email
    if not sender:
        if server is not None:
            raise PermanentFailure(say("No sender: set the business's e-mail address."))
        sender = NOBODY
    mail = compose(message, sender=sender, sender_name=ctx.business.name)
    if server is None:
        name = deliver_to_folder(data_folder() / "mail", message.message_id, mail)
        return SendResult("sent", name)
    reply = deliver_to_server(server, mail, sender=sender, recipient=message.recipient)
    return SendResult("sent", reply)


def check(ctx: Context[EmailSettings]) -> Health:
    """Says where mails go."""
    try:
        server = _server(ctx)
    except PermanentFailure as wrong:
        return Health(False, wrong.reason)
    if server is None:
        folder = data_folder() / "mail"
        return Health(
            True, say("No SMTP server is set: mails are written to %(folder)s.", folder=str(folder))
        )
    return Health(True, say("Mails go over %(server)s.", server=f"{server.host}:{server.port}"))


def _server(ctx: Context[EmailSettings]) -> Server | None:
    url = ctx.settings.smtp_url.reveal()
    return parse_url(url, anywhere=outside.is_operators(url, SERVER_ENV)) if url else None
