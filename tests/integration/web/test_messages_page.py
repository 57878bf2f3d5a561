"""Messages: found by what became of them, read as they went out, sent again another way."""

from collections.abc import Iterable

import pytest
from flask import Flask

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.domain.snapshots import MessageSnapshot
from invoicer_core.models import db
from invoicer_core.models.documents import Message, MessageAttempt
from invoicer_core.plugin import MessageChannel, Plugin, SendResult, hookimpl
from invoicer_core.services import businesses, messages
from tests.factories import BY
from tests.integration.web.conftest import Visitor
from tests.integration.web.test_plugin_health import owner_of


class Pigeon(Plugin):
    """Birds."""

    name = "pigeon"
    default_on = True

    @hookimpl
    def message_channels(self) -> Iterable[MessageChannel]:
        yield MessageChannel(
            "pigeon", "Pigeon", lambda ctx, message: SendResult("sent"),
            address=lambda client: client.phone, carries_files=False,
        )  # fmt: skip


def said(visitor: Visitor, app: Flask, state: str = "failed", **more: object) -> MessageSnapshot:
    """A message in some state, with one attempt."""
    content = {"kind": "invoice", "recipient": "a@client.test", "text": "Hello <b>you</b>",
               "subject": "Bill <i>1</i>", "html": "<p>Hi</p>", **more}  # fmt: skip
    with app.app_context(), businesses.enter_business(visitor.business_id):
        made = messages.queue(by=BY, **content)
        row = db.session.get_one(Message, made.id)
        row.state, row.error = state, "no <such> mailbox" if state == "failed" else None
        attempt = MessageAttempt(
            business_id=visitor.business_id, message_id=made.id, channel=row.channel,
            recipient=row.recipient, state=state, error=row.error,
        )  # fmt: skip
        db.session.add(attempt)
        db.session.commit()
        return made


def test_a_message_is_shown_as_it_went_out_and_harmlessly(app: Flask, owner: Visitor) -> None:
    made = said(owner, app)
    page = owner.get(f"/messages/{made.id}").text
    assert "Hello &lt;b&gt;you&lt;/b&gt;" in page
    assert "Bill &lt;i&gt;1&lt;/i&gt;" in page
    assert "no &lt;such&gt; mailbox" in page
    listed = owner.get("/messages").text
    assert "no &lt;such&gt; mailbox" in listed
    assert f"/messages/{made.id}" in listed


@pytest.mark.parametrize(
    ("filters", "found"),
    [("", True), ("?status=failed", True), ("?status=unsent", True), ("?status=sent", False),
     ("?channel=email", True), ("?channel=sms", False), ("?q=client.test", True),
     ("?q=nobody", False), ("?status=evil", True), ("?client_id=999999", True)],
)  # fmt: skip
def test_filters_find_what_they_say(
    app: Flask, owner: Visitor, filters: str, *, found: bool
) -> None:
    made = said(owner, app)
    page = owner.get(f"/messages{filters}")
    assert page.status_code == 200
    assert (f"/messages/{made.id}" in page.text) is found


def test_messages_of_one_client(app: Flask, owner: Visitor) -> None:
    mine = said(owner, app, client_id=owner.client_id)
    other = said(owner, app, recipient="b@client.test")
    page = owner.get(f"/messages?client_id={owner.client_id}").text
    assert f"/messages/{mine.id}" in page
    assert f"/messages/{other.id}" not in page
    assert "To Harbour Books." in page


def test_what_was_sent_again_is_no_longer_unsent(app: Flask, owner: Visitor) -> None:
    made = said(owner, app, client_id=owner.client_id)
    path = f"/messages/{made.id}"
    answer = owner.send(f"{path}/retry", path)
    assert answer.status_code == 302
    again = str(answer.location)
    assert again != path
    assert "waiting" in owner.get(again).text
    assert path not in owner.get("/messages?status=unsent").text
    early = owner.send(f"{again}/retry", again)
    assert early.status_code == 409
    assert "still waiting" in early.text


def test_one_click_sends_one_message(app: Flask, owner: Visitor) -> None:
    made = said(owner, app)
    path = f"/messages/{made.id}"
    hidden = owner.hidden(path)
    headers = {"Sec-Fetch-Site": "same-origin"}
    first = owner.http.post(f"{path}/retry", data=hidden, headers=headers)
    second = owner.http.post(f"{path}/retry", data=hidden, headers=headers)
    assert first.location == second.location
    with app.app_context(), businesses.enter_business(owner.business_id):
        assert len([each for each in messages.find().items if each.kind == "invoice"]) == 2


def test_another_channel_gets_the_words_without_files(config: Config) -> None:
    app = create_app(config, plugins=[Pigeon])
    owner = owner_of(app)
    made = said(owner, app)
    path = f"/messages/{made.id}"
    page = owner.get(path).text
    assert "By Pigeon" in page
    refused = owner.send(f"{path}/retry", path, channel="raven", recipient="x")
    assert refused.status_code == 404
    answer = owner.send(f"{path}/retry", path, channel="pigeon", recipient="tower 7")
    assert answer.status_code == 302
    with app.app_context(), businesses.enter_business(owner.business_id):
        found = messages.get(message_id=int(str(answer.location).rsplit("/", 1)[1]))
        row = db.session.get_one(Message, found.id)
        assert (row.html, row.attachments) == (None, [])
    assert (found.channel, found.recipient, found.text) == ("pigeon", "tower 7", "Hello <b>you</b>")


def test_who_may_only_look_cannot_send(app: Flask, owner: Visitor, viewer: Visitor) -> None:
    made = said(owner, app)
    path = f"/messages/{made.id}"
    page = viewer.get(path)
    assert page.status_code == 200
    assert "send-again" not in page.text
    assert viewer.send(f"{path}/retry", path).status_code == 403


def test_a_person_decides_what_nobody_knows(app: Flask, owner: Visitor, viewer: Visitor) -> None:
    path = f"/messages/{said(owner, app, 'unknown').id}"
    assert "It did not arrive" in owner.get(path).text
    assert "It did not arrive" not in viewer.get(path).text
    assert viewer.send(f"{path}/fate", path, arrived="no").status_code == 403
    assert owner.send(f"{path}/fate", path, arrived="no").status_code == 302
    page = owner.get(path).text
    assert "Somebody here said that it did not arrive." in page
    assert 'value="no"' not in page
    owner.send(f"{path}/fate", path, arrived="yes")
    with app.app_context(), businesses.enter_business(owner.business_id):
        number = int(path.rsplit("/", 1)[1])
        assert messages.get(message_id=number).state == "failed", "it is decided once"


def test_messages_of_others_and_private_ones_are_not_there(app: Flask, owner: Visitor) -> None:
    private = said(owner, app, kind="password_reset")
    assert owner.get(f"/messages/{private.id}").status_code == 404
    with app.app_context():
        other = businesses.create(fields={"name": "Other"}, owner_id=1, by=BY)
    stranger = Visitor(owner.http, business_id=other.id)
    foreign = said(stranger, app)
    assert owner.get(f"/messages/{foreign.id}").status_code == 404
    assert owner.send(f"/messages/{foreign.id}/retry", "/messages").status_code == 404
