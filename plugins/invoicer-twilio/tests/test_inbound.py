"""What Twilio calls, and what only looks like it."""

import urllib.error
import urllib.request
from threading import Barrier, Thread

import pytest

from invoicer_core.services import clients, messages, plugins
from tests.factories import BY
from tests.peers.twilio import NUMBER, TOKEN
from tests.peers.twilio_rules import call_back, signature


def received(desk, text="Hello there", sid="SM" + "1" * 32, **more):
    return {
        "AccountSid": desk.twilio.account, "MessageSid": sid, "From": desk.number, "To": NUMBER,
        "Body": text, "NumMedia": "0", **more,
    }  # fmt: skip


def inbound_texts(desk) -> list[str]:
    page = desk.do(messages.find, client_id=desk.client_id)
    return [each.text or "" for each in page.items]


def test_an_answer_joins_the_clients_history(desk):
    answer = desk.twilio.reply(desk.hook("incoming"), desk.number, "When is it due?")
    assert (answer.status, answer.media_type) == (200, "application/xml")
    assert inbound_texts(desk) == ["When is it due?"]


def test_a_strangers_answer_is_taken_too(desk):
    answer = desk.twilio.reply(desk.hook("incoming"), "+4915112345678", "Who are you?")
    assert answer.status == 200
    assert inbound_texts(desk) == []


def test_a_picture_without_words_is_noted(desk):
    fields = received(desk, text="", NumMedia="2", MediaUrl0="https://x/1")
    assert call_back(desk.hook("incoming"), fields, TOKEN).status == 200
    assert "2 file(s)" in inbound_texts(desk)[0]


def forgeries(desk):
    """Signatures that are none, with what they claim to be."""
    url, fields = desk.hook("incoming"), received(desk, "STOP")
    pairs = list(fields.items())
    yield "unsigned", url, fields, ""
    yield "nonsense", url, fields, "x" * 28
    yield "not ascii", url, fields, "ÄÖÜ"
    yield "another token", url, fields, signature("another-token", url, pairs)
    yield "another address", url, fields, signature(TOKEN, desk.hook("status"), pairs)
    yield "without the fields", url, fields, signature(TOKEN, url, [])
    yield "a field more", url, {**fields, "Body": "START"}, signature(TOKEN, url, pairs)
    foreign = {**fields, "AccountSid": "AC" + "f" * 32}
    yield "another account", url, foreign, signature(TOKEN, url, list(foreign.items()))
    nobody = {name: value for name, value in fields.items() if name != "AccountSid"}
    yield "no account", url, nobody, signature(TOKEN, url, list(nobody.items()))


def test_what_is_not_signed_by_twilio_has_no_effect(desk):
    for what, url, fields, signed in forgeries(desk):
        answer = call_back(url, fields, TOKEN, signed=signed)
        assert answer.status == 400, what
        assert TOKEN not in answer.body, what
        assert desk.allows("sms"), what
        assert inbound_texts(desk) == [], what
    assert desk.do(plugins.get, name="twilio").failures == 0


@pytest.mark.parametrize("name", ["incoming", "status", "call", "voice", "keys"])
def test_every_address_checks(desk, name):
    fields = {"AccountSid": desk.twilio.account, "CallSid": "CA" + "0" * 32, "MessageSid": "SM1"}
    assert call_back(desk.hook(name), fields, TOKEN, signed="").status == 400
    assert call_back(desk.hook(name), fields, "another-token").status == 400
    got = call_back(desk.hook(name), fields, TOKEN, method="GET", signed="")
    assert got.status == 404  # nothing is read by GET without a signature either


def test_another_businesss_call_is_not_taken(desk, desk_for):
    """Two businesses that share an account: the signature is over the address of one of them."""
    other = desk_for()
    fields = received(desk, "STOP")
    right = signature(TOKEN, desk.hook("incoming"), list(fields.items()))
    assert call_back(other.hook("incoming"), fields, TOKEN, signed=right).status == 400
    made = desk.send()
    taken = desk.twilio.only()
    taken.callback = other.hook("status")
    assert desk.twilio.report(taken, "failed").status == 204
    assert desk.state(made.id)[0] in ("queued", "sent")


def test_without_a_secret_there_is_no_address(desk):
    desk.set(account_sid="")
    for name in ("incoming", "status", "call", "voice", "keys"):
        assert call_back(desk.hook(name), received(desk), TOKEN).status == 404
    desk.do(plugins.change, name="twilio", enabled=False, by=BY)
    assert call_back(desk.hook("incoming"), received(desk), TOKEN).status == 404


def test_a_replay_changes_nothing(desk):
    stop = received(desk, "STOP", sid="SM" + "a" * 32)
    start = received(desk, "START", sid="SM" + "b" * 32)
    assert call_back(desk.hook("incoming"), stop, TOKEN).status == 200
    assert not desk.allows("sms")
    assert call_back(desk.hook("incoming"), start, TOKEN).status == 200
    assert desk.allows("sms")
    for _ in range(2):
        assert call_back(desk.hook("incoming"), stop, TOKEN).status == 200
    assert desk.allows("sms")
    assert len(inbound_texts(desk)) == 2


def test_the_same_call_by_many_at_once_has_one_effect(desk):
    fields, barrier, found = received(desk), Barrier(5), []

    def call() -> None:
        barrier.wait()
        found.append(call_back(desk.hook("incoming"), fields, TOKEN).status)

    threads = [Thread(target=call) for _ in range(5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert set(found) == {200}
    assert inbound_texts(desk) == ["Hello there"]


@pytest.mark.parametrize(
    "word", ["STOP", "stop", " Stop. ", "STOPALL", "Unsubscribe", "CANCEL", "end", "QUIT!", "Arrêt"]
)
def test_the_words_that_end_it(desk, word):
    assert desk.allows("sms")
    answer = desk.twilio.reply(desk.hook("incoming"), desk.number, word)
    assert "<Message>" not in answer.body  # Twilio says goodbye itself, and would refuse ours
    assert not desk.allows("sms")
    desk.say("Once more")
    asked = len(desk.twilio.asked)
    desk.work()
    assert len(desk.twilio.asked) == asked


@pytest.mark.parametrize("text", ["Please stop by at noon", "STOP IT", "The end", "stopping", ""])
def test_other_words_do_not(desk, text):
    desk.twilio.reply(desk.hook("incoming"), desk.number, text)
    assert desk.allows("sms")


@pytest.mark.parametrize("word", ["START", "yes", "Unstop"])
def test_the_words_that_begin_it_again(desk, word):
    desk.twilio.reply(desk.hook("incoming"), desk.number, "STOP")
    answer = desk.twilio.reply(desk.hook("incoming"), desk.number, word)
    assert "Atelier Nordlicht" in answer.body
    assert desk.allows("sms")
    made = desk.send("Welcome back")
    assert desk.twilio.sent()[-1].body == "Welcome back"
    assert made.attempts


def test_help_is_answered_in_the_clients_language(desk_for):
    desk = desk_for("de")
    answer = desk.twilio.reply(desk.hook("incoming"), desk.number, "HELP")
    assert "Antworten Sie STOP" in answer.body
    desk.set(help_answer="Call us <at> 030 & ask.")
    answer = desk.twilio.reply(desk.hook("incoming"), desk.number, "hilfe")
    assert "Call us &lt;at&gt; 030 &amp; ask." in answer.body
    quiet = desk.twilio.reply(desk.hook("incoming"), desk.number, "HELP", OptOutType="HELP")
    assert "<Message>" not in quiet.body


def test_a_number_written_otherwise_is_the_same_one(desk):
    """The client's card says +49 17..., Twilio says +4917...."""
    person = desk.do(clients.contacts, client_id=desk.client_id)[0]
    spaced = f"{desk.number[:3]} {desk.number[3:6]} {desk.number[6:]}"
    desk.do(
        clients.change_contact,
        client_id=desk.client_id, contact_id=person.id, fields={"phone": spaced}, by=BY,
    )  # fmt: skip
    desk.twilio.reply(desk.hook("incoming"), desk.number, "STOP")
    assert not desk.allows("sms")


def test_bodies_that_are_no_forms_are_refused(desk):
    for body in (b"\xff\xfe", b"{}", b"a" * 5000, b"a=1&" * 2000):
        headers = {"X-Twilio-Signature": "x", "Content-Type": "text/plain"}
        request = urllib.request.Request(desk.hook("incoming"), body, headers)  # noqa: S310
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)  # noqa: S310
        assert refused.value.code == 400
