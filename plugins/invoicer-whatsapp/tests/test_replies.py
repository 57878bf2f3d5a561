"""What clients answer: into the history once, in words where it is no text, and STOP is obeyed."""

from datetime import UTC, datetime, timedelta

import pytest

from invoicer_core import host
from invoicer_core.services import businesses, messages
from invoicer_core.services.messages import consents
from invoicer_core.web import catalogs
from tests.factories import BY

from .conftest import DIGITS, PHONE

PICTURE = {"id": "1003383421387256", "mime_type": "image/jpeg", "sha256": "x"}


@pytest.mark.parametrize(
    ("kind", "what", "words"),
    [
        ("text", {"text": {"body": "Grüße,\nInes 👍"}}, "Grüße,\nInes 👍"),
        ("button", {"button": {"payload": "p", "text": "I have paid"}}, "I have paid"),
        ("interactive", {"interactive": {"type": "button_reply", "button_reply": {
            "id": "b", "title": "Call me"}}}, "Call me"),
        ("interactive", {"interactive": {"type": "list_reply", "list_reply": {
            "id": "l", "title": "Friday", "description": "in the morning"}}},
         "Friday (in the morning)"),
        ("interactive", {"interactive": {"type": "brand_new"}}, "(a filled-in form)"),
        ("reaction", {"reaction": {"emoji": "👍", "message_id": "w"}}, "Reacted with 👍"),
        ("image", {"image": {**PICTURE, "caption": "The receipt"}}, "(a picture): The receipt"),
        ("document", {"document": {**PICTURE, "filename": "cheque.pdf"}},
         "(a document: cheque.pdf)"),
        ("audio", {"audio": PICTURE}, "(a voice message)"),
        ("location", {"location": {"latitude": 1.5, "longitude": 2, "name": "Shop"}},
         "(a place: Shop, 1.5, 2)"),
        ("contacts", {"contacts": [{"name": {"formatted_name": "Lu"}}]}, "(contacts: Lu)"),
        ("hologram", {"hologram": {"x": 1}},
         "(a message of a kind that cannot be shown here: hologram)"),
        ("unsupported", {"errors": [{"code": 131051}]},
         "(a message of a kind that cannot be shown here: unsupported)"),
        ("text", {}, "(a message without text)"),
        ("text", {"text": "no object"}, "(a message without text)"),
    ],
)  # fmt: skip
def test_every_kind_lands_in_the_history(shop, peer, tell, kind, what, words):
    reply = peer.reply(DIGITS, kind, **what)
    for _ in range(2):
        assert tell(reply).status_code == 200
    (kept,) = shop.history()
    assert (kept.text, kept.direction, kept.channel) == (words, "in", "whatsapp")
    assert kept.client_id == shop.client_id


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("de-AT", "(ein Bild)"),
        ("fr", "(une image)"),
        ("en-GB", "(a picture)"),
        ("ja", "(a picture)"),
    ],
)
def test_what_is_no_text_is_described_in_the_owners_language(shop, peer, tell, locale, words):
    catalogs.book_of(host.current().registry.plugins["whatsapp"]).build()
    businesses.update(fields={"locale": locale}, by=BY)
    assert tell(peer.reply(DIGITS, "image", image=PICTURE)).status_code == 200
    assert shop.heard() == [words]


@pytest.mark.parametrize(
    "body", ["a\x00b", "\ud83d", "\u202eevil", "<script>alert(1)</script>", "x" * 70_000, "\x1b[2J"]
)
def test_hostile_texts_are_kept_without_harm(shop, peer, tell, body):
    assert tell(peer.reply(DIGITS, text={"body": body})).status_code == 200
    (kept,) = shop.heard()
    assert kept.replace("\n", "").isprintable()
    assert len(kept) <= 4096


def test_one_bad_item_does_not_keep_the_others_out(shop, peer, tell):
    odd = (
        {"id": None}, {"from": None}, {"from": "x"}, {"from": {"a": 1}}, {"type": None},
        {"timestamp": "never"}, {"timestamp": -5}, {"timestamp": "99999999999999"}, {"text": []},
    )  # fmt: skip
    bad = [{**peer.reply(DIGITS), **each} for each in odd]
    good = peer.reply(DIGITS, text={"body": "Still here"})
    assert tell(*bad, good).status_code == 200
    assert shop.heard()[-1] == "Still here"


def test_an_unknown_number_is_kept_too(shop, peer, tell):
    assert tell(peer.reply("15557654321", text={"body": "Who are you?"})).status_code == 200
    assert all(each.client_id is None for each in shop.history())


def test_a_late_message_does_not_open_the_window(shop, peer, tell):
    three_days = int((peer.now() - timedelta(days=3)).timestamp())
    assert tell(peer.reply(DIGITS, at=three_days, text={"body": "Late"})).status_code == 200
    assert shop.heard() == ["Late"]
    last = messages.last_inbound(channel="whatsapp", sender=PHONE)
    assert last is not None
    assert datetime.now(UTC) - last > timedelta(days=2)


def test_a_message_from_the_future_counts_from_now(shop, peer, tell):
    later = int((peer.now() + timedelta(days=300)).timestamp())
    assert tell(peer.reply(DIGITS, at=later, text={"body": "Soon"})).status_code == 200
    assert messages.last_inbound(channel="whatsapp", sender=PHONE) <= datetime.now(UTC)


def agreed(shop):
    return consents.allowed(client_id=shop.client_id, channel="whatsapp", address=PHONE)


@pytest.mark.parametrize("word", ["STOP", "stop", " Stop! ", "ARRÊT", "Abmelden", "BAJA"])
def test_stop_takes_the_consent_back(shop, peer, tell, word):
    assert agreed(shop)
    tell(peer.reply(DIGITS, text={"body": word}))
    assert not agreed(shop)


@pytest.mark.parametrize("words", ["Please don't stop", "stop by on Friday", "nonstop", "Ende"])
def test_other_words_do_not(shop, peer, tell, words):
    tell(peer.reply(DIGITS, text={"body": words}))
    assert agreed(shop)


def test_a_button_may_say_it_too(shop, peer, tell):
    tell(peer.reply(DIGITS, "button", button={"payload": "x", "text": "STOP"}))
    assert not agreed(shop)


def test_start_gives_it_again_and_an_old_stop_is_over(shop, peer, tell):
    now = int(peer.now().timestamp())
    stop = peer.reply(DIGITS, at=now - 20, text={"body": "STOP"})
    start = peer.reply(DIGITS, at=now - 10, text={"body": "START"})
    tell(stop)
    tell(start)
    assert agreed(shop)
    tell(stop, start)
    tell(stop, together=False)
    assert agreed(shop)


def test_stop_and_start_in_the_wrong_order(shop, peer, tell):
    now = int(peer.now().timestamp())
    stop = peer.reply(DIGITS, at=now - 20, text={"body": "STOP"})
    start = peer.reply(DIGITS, at=now - 10, text={"body": "START"})
    tell(start)
    tell(stop)
    assert agreed(shop)


def test_an_old_start_does_not_undo_a_newer_stop(shop, peer, tell):
    now = int(peer.now().timestamp())
    start = peer.reply(DIGITS, at=now - 20, text={"body": "START"})
    stop = peer.reply(DIGITS, at=now - 10, text={"body": "STOP"})
    tell(stop)
    tell(start)
    assert not agreed(shop)


def test_after_stop_nothing_goes_out(shop, peer, tell):
    waiting = shop.write()
    tell(peer.reply(DIGITS, text={"body": "STOP"}))
    message = shop.send(waiting)
    assert message.state == "failed"
    assert peer.sent == []
