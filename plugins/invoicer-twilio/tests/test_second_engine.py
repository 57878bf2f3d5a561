"""The same against an independent Twilio, as far as it goes: npm emulate."""

import pytest

from invoicer_core.services import messages
from tests.peers.emulated import emulated_twilio, is_installed
from tests.peers.processes import until
from tests.peers.twilio import ACCOUNT, NUMBER, TOKEN

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_installed(), reason="npm install brings emulate"),
]


@pytest.fixture
def emulated(desk, tmp_path):
    """One whose number hands messages to the business; our own peer stands aside."""
    with emulated_twilio(
        tmp_path, account=ACCOUNT, token=TOKEN, number=NUMBER, incoming=desk.hook("incoming")
    ) as engine:
        desk.set(api_address=engine.url)
        yield engine
    assert desk.twilio.asked == []


def test_a_message_goes_out_and_its_news_come_back(desk, emulated):
    made = desk.send("Hello, 5 € are due.")
    (taken,) = emulated.messages()
    assert (taken["to"], taken["from"], taken["body"]) == (
        desk.number, NUMBER, "Hello, 5 € are due.",
    )  # fmt: skip
    assert made.attempts[-1].provider_ref == taken["sid"]
    emulated.advance(taken["sid"], "sent")
    emulated.advance(taken["sid"], "delivered")
    until(lambda: desk.state(made.id)[0] == "delivered")
    emulated.advance(taken["sid"], "failed")
    emulated.advance(taken["sid"], "sent")
    assert desk.state(made.id) == ("delivered", None)


def test_a_failure_without_a_code(desk, emulated):
    made = desk.send()
    emulated.advance(emulated.messages()[0]["sid"], "undelivered")
    until(lambda: desk.state(made.id)[0] == "bounced")
    assert "did not deliver" in (desk.state(made.id)[1] or "")


def test_stop_help_and_start(desk, emulated):
    emulated.reply(desk.number, NUMBER, "STOP")
    until(lambda: not desk.allows("sms"))
    desk.say("Not any more")
    desk.work()
    assert [each["body"] for each in emulated.messages()] == ["STOP"]
    emulated.reply(desk.number, NUMBER, "HELP")
    emulated.reply(desk.number, NUMBER, "START")
    until(lambda: desk.allows("sms"))
    said = [each.text for each in desk.do(messages.find, client_id=desk.client_id).items]
    assert {"STOP", "HELP", "START"} <= set(said)


def test_a_wrong_token_and_a_foreign_number(desk, emulated):
    desk.set(sender="+15557654321")
    made = desk.say()
    desk.work()
    assert "not yours at Twilio" in (desk.state(made.id)[1] or "")
    desk.set(sender=NUMBER, auth_token="not-the-token-of-it")
    made = desk.say()
    desk.work()
    assert "does not accept the account SID" in (desk.state(made.id)[1] or "")


@pytest.mark.parametrize(("status", "state"), [("completed", "delivered"), ("busy", "failed")])
def test_a_call_is_made_and_ends(desk, emulated, status, state):
    desk.agree()
    made = desk.send("Hello", channel="voice")
    (phone,) = emulated.calls()
    assert (phone["to"], phone["from"]) == (desk.number, NUMBER)
    assert made.attempts[-1].provider_ref == phone["sid"]
    emulated.end_call(phone["sid"], status)
    until(lambda: desk.state(made.id)[0] == state)
