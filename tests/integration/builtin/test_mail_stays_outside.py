"""A business cannot have its mail server be one of our own network; whoever runs this may."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from invoicer_core.builtin.email import SERVER_ENV, EmailPlugin, send
from invoicer_core.plugin import OutgoingMessage, PermanentFailure, RetryLater, Secret
from tests import network
from tests.inside import (
    HOSTS,
    NAMES,
    PUBLIC,
    TURNCOATS,
    Listener,
    NameServer,
    context,
    installation,
)
from tests.peers.smtp import smtp_peer

MESSAGE = OutgoingMessage(message_id=7, kind="note", recipient="buyer@books.test", text="Hello")


def _refused_with_advice() -> pytest.RaisesExc[PermanentFailure]:
    return pytest.raises(PermanentFailure, match=r"private network.* SMTP_URL")


def mail_over(url: str) -> None:
    ctx = context(EmailPlugin, smtp_url=Secret(url), from_address="office@mills.test")
    send(ctx, MESSAGE)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with ExitStack() as stack:
        yield Listener(stack)


@pytest.fixture(autouse=True)
def name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", NameServer())


@pytest.mark.parametrize("host", [*HOSTS, *NAMES])
def test_a_server_inside_is_not_called(listener: Listener, host: str) -> None:
    for scheme in ("smtp", "smtps"):
        with installation(), pytest.raises((PermanentFailure, RetryLater)):
            mail_over(f"{scheme}://{host}:{listener.port}?starttls=no")
    assert not listener.is_called()


@pytest.mark.parametrize("host", TURNCOATS)
def test_a_name_that_changes_its_mind_leads_nowhere(listener: Listener, host: str) -> None:
    with installation(), pytest.raises(RetryLater):
        mail_over(f"smtp://{host}:{listener.port}?starttls=no")
    assert not listener.is_called()
    assert set(network.outside) <= {f"{PUBLIC}:{listener.port}"}
    network.outside.clear()


def test_what_the_operator_chose_is_called() -> None:
    with smtp_peer() as peer, installation({SERVER_ENV: peer.url}):
        mail_over(peer.url)
        assert len(peer.mails) == 1


def test_another_server_than_the_operators_is_not(listener: Listener) -> None:
    with installation({SERVER_ENV: "smtp://127.0.0.1:1"}), _refused_with_advice():
        mail_over(f"smtp://127.0.0.1:{listener.port}")
    assert not listener.is_called()
