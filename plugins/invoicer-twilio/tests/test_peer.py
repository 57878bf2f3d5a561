"""The peer refuses what Twilio refuses, so that a test against it means something."""

import json
import os
import urllib.error
import urllib.request
from base64 import b64encode
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from tests.peers.twilio import ACCOUNT, NUMBER, TOKEN, twilio_peer
from tests.peers.twilio_rules import Answer, against_the_specification, signature
from tests.peers.voice import WrongTwiml, read

GOOD = {"To": "+4930901820", "From": NUMBER, "Body": "Hello"}
CALL = {"To": "+4930901820", "From": NUMBER, "Url": "http://127.0.0.1:9/voice"}


def post(url: str, form: dict[str, str], token: str = TOKEN) -> tuple[int, dict]:
    secret = b64encode(f"{ACCOUNT}:{token}".encode()).decode()
    request = urllib.request.Request(  # noqa: S310 - loopback
        url, urlencode(form).encode(), {"Authorization": f"Basic {secret}"}
    )
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@pytest.mark.parametrize(
    ("kind", "form", "code"),
    [
        ("Messages", {**GOOD, "To": "030 901820"}, 21211),
        ("Messages", {**GOOD, "From": "+15557654321"}, 21606),
        ("Messages", {**GOOD, "Body": ""}, 21602),
        ("Messages", {**GOOD, "Body": "x" * 1601}, 21617),
        ("Messages", {**GOOD, "StatusCallback": "/status"}, 21609),
        ("Messages", {**GOOD, "Bodie": "x"}, 20001),
        ("Calls", {**CALL, "From": "+15557654321"}, 21210),
        ("Calls", {"To": "+4930901820", "From": NUMBER}, 21205),
        ("Calls", {**CALL, "StatusCallbackEvent": "hung-up"}, 21626),
    ],
)
def test_it_refuses(kind, form, code):
    with twilio_peer() as peer:
        status, said = post(f"{peer.url}/2010-04-01/Accounts/{ACCOUNT}/{kind}.json", form)
        assert (status, said["code"]) == (400, code)
        assert peer.messages == {}


def test_it_wants_to_know_who_asks():
    with twilio_peer() as peer:
        url = f"{peer.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        assert post(url, GOOD, token="x")[0] == 401
        assert post(url.replace(ACCOUNT, "AC" + "9" * 32), GOOD)[0] == 404
        assert post(url, GOOD)[0] == 201


def test_it_signs_as_twilios_own_library_checks():
    form = [("B", "2"), ("A", "1"), ("Body", "Grüße & more")]
    url = "https://here.test/hooks?x=1"
    assert RequestValidator(TOKEN).validate(url, dict(form), signature(TOKEN, url, form))


@pytest.mark.parametrize(
    "body",
    [
        "", "no xml", "<Say>x</Say>", "<Response><Dial>1</Dial></Response>",
        "<Response><Say lang='de'>x</Say></Response>", "<Response><Say/></Response>",
        "<Response><Say language='xx'>x</Say></Response>",
        "<Response><Gather><Hangup/></Gather></Response>",
    ],
)  # fmt: skip
def test_it_follows_no_wrong_twiml(body):
    with pytest.raises(WrongTwiml):
        read(Answer(200, "application/xml", body))


def test_it_follows_only_xml_of_an_address_that_works():
    good = "<Response><Say language='de-DE'>x</Say></Response>"
    assert [verb.tag for verb in read(Answer(200, "text/xml", good))] == ["Say"]
    for answer in (Answer(200, "text/plain", good), Answer(404, "text/xml", good)):
        with pytest.raises(WrongTwiml):
            read(answer)


@pytest.mark.skipif("INVOICER_SPECS" not in os.environ, reason="needs Twilio's description")
def test_it_checks_against_twilios_own_description():
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert against_the_specification("POST", path, "", urlencode(GOOD).encode()) == []
    for wrong in ({"Body": "x"}, {**GOOD, "Bodie": "x"}, {**GOOD, "MessagingServiceSid": "MG1"}):
        assert against_the_specification("POST", path, "", urlencode(wrong).encode())
    assert against_the_specification("GET", "/2010-04-01/Nothing.json", "", b"")
