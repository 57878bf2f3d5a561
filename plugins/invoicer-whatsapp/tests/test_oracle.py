"""A second opinion: another library for the same API sends to our peer, reads what it sends, and
agrees with us on signatures and contents."""

import json

import pytest
import pywa
from flask import Flask
from invoicer_whatsapp import meta_hook
from invoicer_whatsapp.news import Reply, Report
from pywa.errors import ReEngagementMessage
from pywa.types.templates import TemplateLanguage

from tests.peers.whatsapp_api import VERSION

from .conftest import DIGITS, PHONE


class Oracle:
    """The library, pointed at the peer; ``seen`` is what it read."""

    def __init__(self, peer):
        self.seen = []
        self.api = pywa.WhatsApp(
            phone_id=peer.phone_id, token=peer.token, app_secret=peer.app_secret,
            verify_token=peer.verify_token, server=Flask("oracle"), api_version="23.0",
        )  # fmt: skip
        self.api.api._session.base_url = f"{peer.url}/{VERSION}"
        see = self.seen.append
        self.api.on_message()(lambda api, it: see((it.id, it.from_user.wa_id, it.text)))
        self.api.on_callback_button()(lambda api, it: see((it.id, it.from_user.wa_id, it.title)))
        self.api.on_callback_selection()(lambda api, it: see((it.id, it.from_user.wa_id, it.title)))
        self.api.on_message_status()(lambda api, it: see((it.id, str(it.status), it.tracker)))

    def read(self, body):
        assert self.api.webhook_update_handler(body) == ("ok", 200)
        return self.seen[-1]


@pytest.fixture
def oracle(peer):
    return Oracle(peer)


def ours(peer, body):
    (found,) = meta_hook.items(json.loads(body), peer.phone_id)
    return found


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("text", {"text": {"body": "Hello"}}),
        ("button", {"button": {"payload": "p", "text": "I have paid"}}),
        ("interactive", {"interactive": {"type": "button_reply", "button_reply": {
            "id": "b", "title": "Call me"}}}),
        ("interactive", {"interactive": {"type": "list_reply", "list_reply": {
            "id": "l", "title": "Friday"}}}),
    ],
)  # fmt: skip
def test_both_read_the_same_reply(peer, oracle, kind, what):
    body = peer.envelope([peer.reply(DIGITS, kind, **what)])
    reply = ours(peer, body)
    assert isinstance(reply, Reply)
    assert oracle.read(body) == (reply.reference, reply.sender.removeprefix("+"), reply.text)


@pytest.mark.parametrize("state", ["sent", "delivered", "read", "failed"])
def test_both_read_the_same_report(peer, oracle, state):
    peer.reply(DIGITS, text={"body": "Hello"})
    oracle.api.send_message(DIGITS, "Hi", tracker="invoicer-7")
    body = peer.envelope([peer.status(peer.only(), state, details="No.")])
    report = ours(peer, body)
    assert isinstance(report, Report)
    assert oracle.read(body) == (report.reference, report.state, f"invoicer-{report.message_id}")


@pytest.mark.parametrize("secret", [None, "another-secret", ""])
def test_both_agree_on_signatures(shop, peer, oracle, secret):
    body = peer.envelope([peer.reply(DIGITS, text={"body": "Hello"})])
    headers = peer.signed(body, secret)
    if secret == "":
        headers["X-Hub-Signature-256"] = "sha256="
    believed = oracle.api.webhook_update_validator(body, headers["X-Hub-Signature-256"]) is None
    assert believed is (secret is None)
    assert (shop.post(body, headers).status_code == 200) is believed


def test_both_agree_on_the_challenge(shop, peer, oracle):
    for token in (peer.verify_token, "wrong"):
        said, status = oracle.api.webhook_challenge_handler(token, "77")
        query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "77"}
        address = f"/hooks/whatsapp/meta/{shop.business_id}"
        answer = shop.app.test_client().get(address, query_string=query)
        assert (answer.status_code == 200) is (status == 200)
        assert (answer.text == said) is (status == 200)


def test_its_messages_are_taken_as_ours_are(shop, peer, oracle):
    """The same template with the same values, once by the library and once by us."""
    invoice = shop.issue()
    message_id = shop.write(
        "Here it is.", kind="invoice", invoice_id=invoice.id,
        attachments=({"invoice": invoice.id},),
    )  # fmt: skip
    shop.send(message_id)
    mine = peer.only().body["template"]
    header, body = mine["components"]
    values = [each["text"] for each in body["parameters"]]
    document = header["parameters"][0]["document"]
    sent = oracle.api.send_template(
        PHONE,
        name="invoice_ready",
        language=TemplateLanguage.ENGLISH,
        params=[
            {"type": "header", "parameters": [{"type": "document", "document": document}]},
            {"type": "body", "parameters": [{"type": "text", "text": each} for each in values]},
        ],
    )
    assert sent.id == peer.sent[-1].id
    theirs = peer.sent[-1].body["template"]
    assert theirs["components"] == mine["components"]
    assert theirs["name"] == mine["name"]


def test_the_peer_refuses_in_words_that_the_library_knows(peer, oracle):
    with pytest.raises(ReEngagementMessage):
        oracle.api.send_message(DIGITS, "Too late")
    media = oracle.api.upload_media(b"%PDF-1.7", mime_type="application/pdf", filename="a.pdf")
    assert oracle.api.get_media_url(media.id).file_size == 8
