"""What became of a message, in whatever order, number and company Meta tells it."""

from itertools import permutations

import pytest

from invoicer_core.models import db
from invoicer_core.services import messages

from .conftest import DIGITS


@pytest.fixture
def sent(shop, peer, tell):
    """A message that Meta took; its id."""
    tell(peer.reply(DIGITS, text={"body": "Hello"}))
    message = shop.sent()
    assert message.state in ("sent", "queued"), message.error
    return message.id


@pytest.mark.parametrize("order", list(permutations(("sent", "delivered", "read"))))
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("together", [True, False, None])
def test_receipts_in_any_order_end_as_read(shop, peer, tell, sent, order, times, together):
    items = [peer.status(peer.only(), state) for state in order for _ in range(times)]
    if together is None:
        answers = [tell(item) for item in items]
    else:
        answers = [tell(*items, together=together)]
    assert {each.status_code for each in answers} == {200}
    assert shop.message(sent).state == "read"
    assert len(shop.message(sent).attempts) == 1


def test_a_late_receipt_takes_nothing_back(shop, peer, tell, sent):
    three_days = int(peer.now().timestamp()) - 3 * 86400
    tell(peer.status(peer.only(), "read"))
    before = shop.message(sent)
    for state in ("sent", "delivered", "failed"):
        assert tell(peer.status(peer.only(), state, at=three_days)).status_code == 200
    assert shop.message(sent) == before


def test_a_failure_is_told_in_words(shop, peer, tell, sent):
    tell(peer.status(peer.only(), "failed", code=131026, details="Message Undeliverable."))
    message = shop.message(sent)
    assert message.state == "failed"
    assert "not on WhatsApp" in message.error
    assert "(Meta 131026)" in message.error


def test_a_failure_that_nobody_knows_is_told_in_metas_words(shop, peer, tell, sent):
    tell(peer.status(peer.only(), "failed", code=999999, details="The\nsky <b>fell</b>\u0000 down"))
    assert "sky <b>fell</b>" in shop.message(sent).error


def test_a_failure_without_a_reason(shop, peer, tell, sent):
    status = peer.status(peer.only(), "failed")
    del status["errors"]
    tell(status)
    assert shop.message(sent).error == "Meta did not say why."


def test_batched_anew_nothing_counts_twice(shop, peer, tell, sent):
    """The same items in other calls: apart, together, with new ones beside them."""
    first = peer.status(peer.only(), "sent")
    second = peer.status(peer.only(), "delivered")
    hello = peer.reply(DIGITS, text={"body": "One"})
    for items in ((first,), (first, second), (hello, first), (second, hello), (hello,)):
        for together in (True, False):
            assert tell(*items, together=together).status_code == 200
    assert shop.message(sent).state == "delivered"
    assert shop.heard() == ["Hello", "One"]


def test_a_report_that_overtakes_the_answer_waits_for_it(shop, peer, tell):
    """Meta reports before its answer to the request has been read."""
    tell(peer.reply(DIGITS, text={"body": "Hello"}))
    message_id = shop.write()
    early = []

    def overtake(taken):
        with shop.app.app_context():
            early.append(tell(peer.status(taken, "delivered")).status_code)

    peer.before_answer = overtake
    assert shop.send(message_id).state in ("sent", "queued")
    assert early == [200]
    assert shop.work() == 1
    assert shop.message(message_id).state == "delivered"


def test_reports_of_others_messages_change_nothing(shop, peer, tell, sent):
    before = shop.message(sent)
    strange = peer.status(peer.only(), "failed")
    for changed in ({"id": "wamid.unknown", "biz_opaque_callback_data": "theirs-1"},
                    {"id": "wamid.unknown", "biz_opaque_callback_data": "invoicer-99999999999"},
                    {"status": "warning"}, {"status": 7}, {"id": ""}, {"id": None},
                    {"id": "x" * 1000}):  # fmt: skip
        assert tell({**strange, **changed}).status_code == 200
    assert shop.message(sent) == before
    assert shop.work() == 0


def test_many_items_in_one_call_are_all_taken(shop, peer, tell, sent):
    items = [peer.reply(DIGITS, text={"body": f"Line {at}"}) for at in range(120)]
    assert tell(*items, peer.status(peer.only(), "read")).status_code == 200
    assert len(shop.heard()) == 51
    assert shop.work() == 2
    assert len([each for each in said(shop) if each.startswith("Line")]) == 120
    assert shop.message(sent).state == "read"


def said(shop):
    """Everything that was heard, over all pages."""
    found, cursor = [], None
    db.session.rollback()
    while True:
        page = messages.find(channel="whatsapp", limit=100, cursor=cursor)
        found += [each.text for each in page.items if each.direction == "in"]
        cursor = page.next_cursor
        if cursor is None:
            return found
