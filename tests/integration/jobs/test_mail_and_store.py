"""What leaves the house as mail, and where documents lie."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from invoicer_core import host
from invoicer_core.builtin import local_store
from invoicer_core.builtin.email import composing, sending
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.hooks.answers import OutcomeUnknown, PermanentFailure, RetryLater
from invoicer_core.hooks.offers import OutgoingMessage
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import messages
from invoicer_core.services.identity import users
from invoicer_core.services.messages import notifications
from tests.factories import BY, make_user
from tests.peers.processes import until
from tests.peers.smtp import SmtpPeer, smtp_peer
from tests.peers.smtp_second import SecondSmtp, is_installed, second_smtp

BAD_KEYS = (
    "", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".hidden", "a/.b", "a\\b", "a\0b", "a b",
    "a/..", "ä", "x" * 500, "a\n",
)  # fmt: skip


@pytest.fixture
def ctx(business):
    return host.current().context("local_store", business)


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_leads_elsewhere_is_refused(ctx, key):
    for call in (local_store.get, local_store.delete):
        with pytest.raises(ValueError, match="no key"):
            call(ctx, key)
    with pytest.raises(ValueError, match="no key"):
        local_store.put(ctx, key, b"x", "application/pdf")


def test_a_link_out_of_the_folder_is_not_followed(ctx, data):
    outside = data / "outside"
    outside.mkdir(exist_ok=True)
    (data / "documents").mkdir(exist_ok=True)
    link = data / "documents" / "link"
    if not link.exists():
        link.symlink_to(outside)
    with pytest.raises(ValueError, match="out of the folder"):
        local_store.put(ctx, "link/file.pdf", b"x", "application/pdf")
    assert list(outside.iterdir()) == []


def test_what_was_put_is_got_and_nothing_else_lies_there(ctx, data):
    local_store.put(ctx, "business/1/a.pdf", b"one", "application/pdf")
    local_store.put(ctx, "business/1/a.pdf", b"one", "application/pdf")
    assert local_store.get(ctx, "business/1/a.pdf") == b"one"
    folder = data / "documents" / "business" / "1"
    assert [path.name for path in folder.iterdir() if path.name != "a.pdf"] == []
    local_store.delete(ctx, "business/1/a.pdf")
    with pytest.raises(KeyError):
        local_store.get(ctx, "business/1/a.pdf")


def a_message(**given) -> OutgoingMessage:
    known = {"message_id": 1, "kind": "invoice", "recipient": "you@there.test", "text": "Hi"}
    return OutgoingMessage(**{**known, **given})


@pytest.mark.parametrize(
    "given",
    [
        {"subject": "Hi\r\nBcc: victim@there.test"},
        {"recipient_name": "You\r\nBcc: victim@there.test"},
        {"subject": "Hi\nX-Evil: 1\u2028Bcc: x"},
    ],
)
def test_a_header_cannot_begin_another_one(given):
    mail = composing.compose(a_message(**given), sender="us@here.test", sender_name="Us\r\nX: y")
    text = mail.as_bytes().decode()
    head = text.split("\r\n\r\n")[0]
    names = [line.split(":")[0] for line in head.split("\r\n") if not line.startswith((" ", "\t"))]
    assert not {"Bcc", "X-Evil", "X"} & set(names)


@pytest.mark.parametrize("recipient", ["", "nobody", "a@b@c", "a@b.test\r\nBcc: c@d.test", "@x"])
def test_an_address_that_is_none_fails_for_good(recipient):
    with pytest.raises(PermanentFailure):
        composing.compose(a_message(recipient=recipient), sender="us@here.test", sender_name="Us")


def test_the_message_id_is_the_same_for_every_attempt():
    first, second = (
        composing.compose(a_message(data={"token": "t"}), sender="us@here.test", sender_name="Us")
        for _ in range(2)
    )
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize("url", ["", "http://x", "smtp://", "smtp://h:99999", "smtp://h:x"])
def test_an_address_of_no_mail_server_is_refused_without_being_repeated(url):
    with pytest.raises(PermanentFailure, match="must look like smtp"):
        sending.parse_url(url)


def test_starttls_is_required_unless_the_server_is_here():
    assert sending.parse_url("smtp://u:p%40@mail.example").starttls
    assert sending.parse_url("smtp://u:p%40@mail.example").password == "p@"
    assert not sending.parse_url("smtp://127.0.0.1:2525").starttls
    assert sending.parse_url("smtps://mail.example").port == 465
    assert "p@" not in repr(sending.parse_url("smtp://u:p%40@mail.example"))


NEEDS_NODE = pytest.mark.skipif(not is_installed(), reason="npm ci brings smtp-server")
ENGINES = [smtp_peer, pytest.param(second_smtp, marks=NEEDS_NODE)]
"""Two servers that know nothing of each other."""

Engine = Callable[[], AbstractContextManager[SmtpPeer | SecondSmtp]]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("mood", "error"),
    [("refuses", PermanentFailure), ("not now", RetryLater), ("hangs up", OutcomeUnknown)],
)
def test_how_sending_can_end(engine: Engine, mood, error):
    mail = composing.compose(a_message(), sender="us@here.test", sender_name="Us")
    with engine() as peer:
        peer.mood = mood
        server = sending.parse_url(peer.url, anywhere=True)
        with pytest.raises(error):
            sending.deliver_to_server(server, mail, sender="us@here.test", recipient="y@t.test")
    with pytest.raises(RetryLater, match="cannot be reached"):
        sending.deliver_to_server(server, mail, sender="us@here.test", recipient="y@t.test")


@pytest.mark.parametrize("engine", ENGINES)
def test_lines_that_begin_with_a_dot_arrive_as_they_are(engine: Engine):
    with engine() as peer:
        mail = composing.compose(
            a_message(text=".\n..two\nend"), sender="us@here.test", sender_name="Us"
        )
        server = sending.parse_url(peer.url, anywhere=True)
        sending.deliver_to_server(server, mail, sender="us@here.test", recipient="y@t.test")
        (taken,), whom = peer.mails, peer.recipients
    assert whom == ["y@t.test"]
    assert taken.get_content().splitlines() == [".", "..two", "end"]


def test_a_reset_link_is_sent_and_then_forgotten(business, data, clock, worker, owner, caplog):
    caplog.set_level(logging.DEBUG)
    user = users.get(user_id=make_user_of(business))
    sent = notifications.password_reset(user=user, link="https://here/reset/SECRET", by=BY)
    row = "SELECT state, text, html FROM messages WHERE id = %s"
    until(lambda: owner.execute(row, [sent.id]).fetchone() == ("sent", None, None))
    assert sent.text is None
    assert "SECRET" in (data / "mail" / f"{sent.id}.eml").read_text()
    assert messages.find().items == ()
    told = owner.execute(
        "SELECT count(*) FROM events WHERE business_id = %s AND data::text LIKE '%%SECRET%%'",
        [business],
    )
    assert told.fetchone() == (0,)


def make_user_of(business: int) -> int:
    with enter_business(None):
        return make_user()


def test_a_message_that_cannot_be_sent_is_refused_at_once(business):
    for given in ({"recipient": ""}, {"subject": "a\nb"}, {"text": "\0"}, {"text": "x" * 100_001}):
        known = {"kind": "note", "recipient": "a@b.test", "text": "t", "by": BY}
        with pytest.raises(InvalidInput):
            messages.queue(**{**known, **given})


def test_the_same_token_writes_one_message(business):
    given = {"kind": "note", "recipient": "a@b.test", "text": "t", "by": BY, "token": "once"}
    assert messages.queue(**given).id == messages.queue(**given).id
