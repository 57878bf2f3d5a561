"""WhatsApp over Twilio: its own client, and an emulator of its API, over real sockets."""

import json
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest
import requests
from invoicer_whatsapp import twilio_lookup, twilio_way
from invoicer_whatsapp.composing import Letter
from invoicer_whatsapp.settings import Template
from requests.exceptions import ConnectionError as NotThere
from twilio.request_validator import RequestValidator
from werkzeug.serving import WSGIRequestHandler, make_server

from invoicer_core.hooks.answers import RetryLater
from invoicer_core.hooks.offers import Attachment, OutgoingMessage
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import links
from invoicer_core.services.messages import consents
from tests.peers.processes import ROOT, until

from .conftest import PHONE

SID, TOKEN, NUMBER = "AC" + "1" * 32, "a-token-of-the-emulator-0123456789", "+14155238886"
CONTENT = "HX" + "2" * 32
SEED = f"""
twilio:
  account:
    sid: {SID}
    auth_token: {TOKEN}
  phone_numbers:
    - phone_number: "whatsapp:{NUMBER}"
"""


@dataclass
class Emulator:
    url: str

    def messages(self) -> list[dict[str, str]]:
        address = f"{self.url}/2010-04-01/Accounts/{SID}/Messages.json"
        found: list[dict[str, str]] = self._call("GET", address)["messages"]
        return found

    def point(self, hook: str) -> None:
        """Where Twilio calls for what comes in."""
        numbers = f"{self.url}/2010-04-01/Accounts/{SID}/IncomingPhoneNumbers"
        (number,) = self._call("GET", f"{numbers}.json")["incoming_phone_numbers"]
        self._call("POST", f"{numbers}/{number['sid']}.json", {"SmsUrl": hook})

    def write(self, words: str) -> None:
        """Somebody writes to the business."""
        given = {"To": f"whatsapp:{NUMBER}", "From": f"whatsapp:{PHONE}", "Body": words}
        self._call("POST", f"{self.url}/_twilio/simulate/inbound-message", given)

    def report(self, sid: str, status: str) -> None:
        """Tell what became of a message."""
        address = f"{self.url}/_twilio/simulate/message-status"
        self._call("POST", address, {"MessageSid": sid, "Status": status})

    def _call(self, method, address, form=None):
        answer = requests.request(method, address, data=form, auth=(SID, TOKEN), timeout=10)
        assert answer.ok, answer.text
        return answer.json()


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    program = ROOT / "node_modules/emulate/dist/index.js"
    if not program.exists():
        pytest.skip("npm ci brings the emulator")
    seed = tmp_path_factory.mktemp("twilio") / "seed.yaml"
    seed.write_text(SEED)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    child = subprocess.Popen(
        ["node", str(program), "start", "--service", "twilio", "--port", str(port),
         "--seed", str(seed)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=Path(seed).parent,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(url), 30)
        yield Emulator(url)
    finally:
        child.terminate()
        child.wait(10)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except NotThere:
        return False


class Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nobody reads it."""


@pytest.fixture
def site(bare, emulator, port):
    """The application at its public address, with its account at Twilio."""
    server = make_server("127.0.0.1", port, bare.app, threaded=True, request_handler=Quiet)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    bare.set(
        provider="twilio", twilio_account_sid=SID, twilio_auth_token=TOKEN, twilio_number=NUMBER,
        twilio_api_address=emulator.url,
        template_invoice=f"{CONTENT} en document client number",
    )  # fmt: skip
    emulator.point(bare.ctx.webhook_url("twilio"))
    yield bare
    server.shutdown()
    server.server_close()
    thread.join(5)


def signed(shop, query="", token=TOKEN, **form):
    """A call of Twilio's, as it signs it: the public address and every field."""
    address = shop.ctx.webhook_url("twilio") + query
    signature = RequestValidator(token).compute_signature(address, form)
    path = f"twilio/{shop.ctx.business.public_id}{query}"
    return shop.app.test_client().post(
        f"/hooks/whatsapp/{path}", data=form, headers={"X-Twilio-Signature": signature}
    )


def inbound(shop, body, sid="SM1", **more):
    form = {"AccountSid": SID, "MessageSid": sid, "From": f"whatsapp:{PHONE}",
            "To": f"whatsapp:{NUMBER}", "Body": body, "NumMedia": "0"}  # fmt: skip
    return signed(shop, **{**form, **more})


def status(shop, sid, state, query="", **more):
    form = {"AccountSid": SID, "MessageSid": sid, "From": f"whatsapp:{NUMBER}",
            "To": f"whatsapp:{PHONE}", "MessageStatus": state}  # fmt: skip
    return signed(shop, query=query, **{**form, **more})


def test_free_text_goes_to_the_whatsapp_address(site, emulator):
    assert inbound(site, "Hello").status_code == 200
    message = site.sent("Good morning")
    assert message.state in ("sent", "queued"), message.error
    kept = emulator.messages()[0]
    assert (kept["to"], kept["from"]) == (f"whatsapp:{PHONE}", f"whatsapp:{NUMBER}")
    assert kept["body"] == "Good morning"
    assert message.attempts[-1].provider_ref == kept["sid"]


def test_a_template_is_found_by_its_content_sid(site):
    """The emulator does not know templates: what would be asked is looked at instead."""
    invoice = site.issue()
    link = links.invoice_link(public_id=invoice.public_id, channel="whatsapp")
    file = Attachment(filename="a.pdf", media_type="application/pdf", data=b"%PDF-")
    template = Template(CONTENT, "en", ("document", "client"))
    letter = Letter(PHONE, "invoice", "invoicer-1", "Hi", link, file, template, {"client": "Ines"})
    asked = twilio_way.content(site.ctx, letter)
    gaps = json.loads(asked["content_variables"])
    assert asked["content_sid"] == CONTENT
    assert gaps == {"1": link.partition("?")[0] + "/pdf", "2": "Ines"}
    path = gaps["1"].partition("/i/")[2]
    answer = site.app.test_client().get(f"/i/{path.removesuffix('/pdf')}")
    assert answer.status_code == 200


@pytest.mark.parametrize("order", [("sent", "delivered", "read"), ("read", "sent", "delivered")])
def test_reports_arrive_signed_by_the_emulator(site, emulator, order):
    emulator.write("Hello")
    assert site.heard() == ["Hello"]
    message = site.sent()
    sid = message.attempts[-1].provider_ref
    for state in order:
        for _ in range(2):
            emulator.report(sid, state)
    assert site.message(message.id).state == "read"


def test_a_failure_is_told_in_words(site, emulator):
    inbound(site, "Hello")
    message = site.sent()
    sid = message.attempts[-1].provider_ref
    status(site, sid, "undelivered", ErrorCode="63003", ErrorMessage="x")
    assert "not on WhatsApp" in site.message(message.id).error
    assert site.message(message.id).state == "failed"


def test_what_nobody_knew_is_settled_by_the_first_report(site, emulator):
    """The connection breaks after Twilio took the message; its report names it."""
    inbound(site, "Hello")
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        site.set(twilio_api_address=f"http://127.0.0.1:{deaf.getsockname()[1]}", seconds=1)
        message = site.sent()
    assert message.state == "unknown"
    status(site, "SM9", "delivered", f"?message=invoicer-{message.id}")
    assert site.message(message.id).state == "delivered"


def test_what_nobody_knew_is_looked_for_at_twilio(site, emulator):
    """It took the message, and the answer was lost on the way. The number is this test's alone: the
    emulator is not."""
    inbound(site, "Hello")
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        site.set(twilio_api_address=f"http://127.0.0.1:{deaf.getsockname()[1]}", seconds=1)
        lost = site.sent()
    site.set(twilio_api_address=emulator.url, seconds=10)
    number = f"+49171{uuid4().int % 10_000_000:07}"
    asked = OutgoingMessage(message_id=lost.id, kind="note", recipient=number, text="x")
    with site.app.app_context(), enter_business(site.business_id):
        assert twilio_lookup.lookup(site.ctx, asked, None) is None, "it has none"
        client = twilio_way.connect(site.ctx.settings, 5)
        given = {"from_": f"whatsapp:{NUMBER}", "to": f"whatsapp:{number}", "body": "Hello"}
        made = client.messages.create(**given)
        assert twilio_lookup.lookup(site.ctx, asked, None).provider_ref == made.sid
        assert twilio_lookup.lookup(site.ctx, asked, made.sid).provider_ref == made.sid
        client.messages.create(**given)
        assert twilio_lookup.lookup(site.ctx, asked, None) is None, "it may be either"


def test_nobody_there_is_tried_again(site):
    inbound(site, "Hello")
    site.set(twilio_api_address="http://127.0.0.1:1")
    with pytest.raises(RetryLater):
        site.sent()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"twilio_auth_token": "wrong"}, "account SID and auth token"),
        ({"twilio_number": "+15550000000"}, "not yours at Twilio"),
    ],
)
def test_what_twilio_refuses_is_said_in_words(site, given, words):
    inbound(site, "Hello")
    site.set(**given)
    message = site.sent()
    assert (message.state, words in message.error) == ("failed", True)
    assert "wrong" not in message.error


def test_an_answer_lands_in_the_history_once(site):
    for _ in range(3):
        assert inbound(site, "Grüße 👍").status_code == 200
    assert site.heard() == ["Grüße 👍"]


def test_a_file_is_named(site):
    inbound(site, "Here", NumMedia="1", MediaContentType0="image/jpeg")
    assert site.heard() == ["(a file: image/jpeg) Here"]


def test_stop_takes_the_consent_back(site):
    inbound(site, "STOP")
    given = {"client_id": site.client_id, "channel": "whatsapp", "address": PHONE}
    assert not consents.allowed(**given)


@pytest.mark.parametrize(
    "odd", [{"AccountSid": "AC" + "9" * 32}, {"To": "whatsapp:+15550000000"}, {"From": "x"}]
)
def test_calls_about_others_have_no_effect(site, odd):
    assert inbound(site, "STOP", **odd).status_code == 200
    assert site.history() == []


def test_false_calls_have_no_effect(site):
    assert inbound(site, "STOP", token="another").status_code == 400
    address = f"/hooks/whatsapp/twilio/{site.ctx.business.public_id}"
    for headers in ({}, {"X-Twilio-Signature": ""}, {"X-Twilio-Signature": "AAAA"}):
        answer = site.app.test_client().post(address, data={"Body": "STOP"}, headers=headers)
        assert answer.status_code == 400
    assert site.history() == []


def test_without_a_token_there_is_no_address(bare):
    bare.set(provider="twilio", twilio_account_sid=SID)
    assert inbound(bare, "STOP").status_code == 404


def test_the_health_check_signs_in(site):
    assert twilio_way.check(site.ctx.settings).ok
    site.set(twilio_auth_token="wrong")
    assert "auth token" in twilio_way.check(site.ctx.settings).detail
