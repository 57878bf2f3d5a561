"""False calls have no effect, true ones count once, and without a secret there is no address."""

import hashlib
import hmac
import json

import pytest

from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import messages
from tests.factories import make_business

from .conftest import DIGITS


@pytest.fixture
def body(peer):
    return peer.envelope([peer.reply(DIGITS, text={"body": "Hello"})])


def signature(secret, body, name="sha256"):
    return f"{name}=" + hmac.new(secret.encode(), body, name).hexdigest()


@pytest.mark.parametrize(
    "false",
    ["", "sha256=", "sha256=" + "0" * 64, "sha1", "no prefix", "wrong secret", "empty secret",
     "upper case", "twice", "ä"],
)  # fmt: skip
def test_a_call_that_is_not_signed_has_no_effect(shop, peer, body, false):
    good = signature(peer.app_secret, body)
    given = {
        "sha1": signature(peer.app_secret, body, "sha1"),
        "no prefix": good.removeprefix("sha256="),
        "wrong secret": signature("another-secret", body),
        "empty secret": signature("", body),
        "upper case": good.upper(),
        "twice": f"{good}, {good}",
    }.get(false, false)
    assert shop.post(body, {"X-Hub-Signature-256": given}).status_code == 400
    assert shop.history() == []


def test_a_body_that_was_changed_has_no_effect(shop, peer, body):
    headers = peer.signed(body)
    for changed in (body.replace(b"Hello", b"Hallo"), body + b" ", body[:-1], b""):
        assert shop.post(changed, headers).status_code == 400
    assert shop.history() == []


def test_a_replayed_call_counts_once(shop, peer, body):
    for _ in range(5):
        assert shop.post(body, peer.signed(body)).status_code == 200
    assert shop.heard() == ["Hello"]


def test_a_call_may_be_as_large_as_meta_makes_them(shop, peer):
    """Of 3 MB; what is larger is refused before its signature is looked at."""
    large = peer.envelope([peer.reply(DIGITS, text={"body": "Hello"})])
    large += b" " * (3 * 1024 * 1024 - len(large))
    assert shop.post(large, peer.signed(large)).status_code == 200
    assert shop.heard() == ["Hello"]
    assert shop.post(large + b" ", peer.signed(large + b" ")).status_code == 413


def test_another_business_gets_nothing_of_it(shop, peer, body):
    """Signed with our secret, sent to somebody else's address."""
    other = make_business(name="Elsewhere")
    address = f"/hooks/whatsapp/meta/{other}"
    answer = shop.app.test_client().post(address, data=body, headers=peer.signed(body))
    assert answer.status_code == 404
    with enter_business(other):
        assert messages.find().items == ()
    assert shop.history() == []


@pytest.mark.parametrize("phone_id", ["1", "", "106540352242922 "])
def test_calls_about_another_number_are_left_alone(shop, peer, tell, phone_id):
    """One app of Meta's may serve several numbers, all signed with one secret."""
    item = peer.reply(DIGITS, text={"body": "STOP"})
    assert tell(item, phone_id=phone_id).status_code == 200
    assert shop.history() == []


@pytest.mark.parametrize(
    "odd",
    [
        [], {}, "text", 7, None, {"object": "page", "entry": []},
        {"object": "whatsapp_business_account", "entry": {}},
        {"object": "whatsapp_business_account", "entry": [1, {"changes": "x"}, {"changes": [0]}]},
        {"object": "whatsapp_business_account",
         "entry": [{"changes": [{"field": "account_update", "value": {"event": "X"}}]}]},
        {"object": "whatsapp_business_account",
         "entry": [{"changes": [{"field": "messages", "value": []}]}]},
    ],
)  # fmt: skip
def test_what_is_not_understood_is_taken_without_effect(shop, peer, odd):
    body = json.dumps(odd).encode()
    assert shop.post(body, peer.signed(body)).status_code == 200
    assert shop.history() == []


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b"hello"])
def test_what_is_no_json_is_refused(shop, peer, body):
    assert 400 <= shop.post(body, peer.signed(body)).status_code < 500
    assert shop.history() == []


@pytest.mark.parametrize(
    "without", [{"app_secret": ""}, {"provider": "twilio"}, {"phone_number_id": ""}]
)
def test_without_a_secret_there_is_no_address(bare, peer, without):
    given = {"phone_number_id": peer.phone_id, "app_secret": peer.app_secret, **without}
    bare.set(**{name: value for name, value in given.items() if value})
    body = peer.envelope([peer.reply(DIGITS)])
    for secret in (peer.app_secret, ""):
        answer = bare.post(body, {"X-Hub-Signature-256": signature(secret, body)})
        assert answer.status_code == 404
    assert bare.history() == []


# --- who owns the address


def asked(shop, **query):
    address = f"/hooks/whatsapp/meta/{shop.business_id}"
    given = {f"hub.{name}": value for name, value in query.items() if value is not None}
    return shop.app.test_client().get(address, query_string=given)


def test_meta_is_told_that_it_is_the_right_address(shop, peer):
    answer = asked(shop, mode="subscribe", verify_token=peer.verify_token, challenge="1158201444")
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.mimetype == "text/plain"


@pytest.mark.parametrize(
    "odd",
    [{"verify_token": "wrong"}, {"verify_token": ""}, {"verify_token": None}, {"mode": "other"},
     {"mode": None}, {"challenge": None}, {"challenge": "x" * 1000}, {"challenge": "a\r\nb: c"},
     {"verify_token": "ä"}],
)  # fmt: skip
def test_nobody_else_is_told_anything(shop, peer, odd):
    given = {"mode": "subscribe", "verify_token": peer.verify_token, "challenge": "1", **odd}
    assert asked(shop, **given).status_code == 404


def test_without_a_verify_token_nobody_is_told(shop, peer):
    shop.set(verify_token="another-token-0123456789")
    for token in ("", None, peer.verify_token):
        answer = asked(shop, mode="subscribe", verify_token=token, challenge="1")
        assert answer.status_code == 404


def test_the_secret_of_metas_example_is_computed_as_meta_does(peer):
    """A signature worked out apart from the code under test."""
    assert peer.signed(b"{}", "key")["X-Hub-Signature-256"] == "sha256=" + (
        hmac.new(b"key", b"{}", hashlib.sha256).hexdigest()
    )
