"""What providers tell afterwards: true calls move a mail on, all others do nothing."""

import json
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import permutations
from socket import create_server
from threading import Thread

import pytest
from invoicer_email_providers import happenings
from sqlalchemy import text

from invoicer_core.models import db
from invoicer_core.services.messages import consents
from tests import network
from tests.factories import BY
from tests.peers.ses import TOPIC, event

DAY = 86_400


def allowed(desk):
    return desk.do(
        consents.allowed, client_id=desk.client_id, channel="email", address=desk.address
    )


# --- SendGrid -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "state"),
    [("delivered", "delivered"), ("bounce", "bounced"), ("dropped", "failed"),
     ("processed", "sent"), ("deferred", "sent"), ("open", "sent"), ("unheard_of", "sent")],
)  # fmt: skip
def test_what_sendgrid_tells(desk, sendgrid, kind, state):
    mail = desk.send()
    told = sendgrid.event(kind, reason="550 5.1.1 no such user")
    assert desk.call("sendgrid", sendgrid.signed([told])) == 200
    found = desk.message(mail.id)
    assert found.state == state
    if state in ("bounced", "failed"):
        assert found.error == "550 5.1.1 no such user"


def test_an_opened_mail_is_read_where_that_is_wanted(desk, sendgrid):
    desk.set(count_opens=True)
    first, second = desk.send(), desk.send()
    mails = sendgrid.mails
    told = [
        sendgrid.event("open", mails[0], sg_machine_open=True),
        sendgrid.event("open", mails[1]),
    ]
    assert desk.call("sendgrid", sendgrid.signed(told)) == 200
    assert (desk.state(first.id), desk.state(second.id)) == ("sent", "read")


def test_events_in_every_order_end_the_same(desk, sendgrid):
    for order in permutations(("processed", "deferred", "delivered")):
        mail = desk.send()
        for kind in order:
            for _ in range(2):
                told = sendgrid.event(kind, sg_event_id=f"{mail.id}-{kind}")
                assert desk.call("sendgrid", sendgrid.signed([told])) == 200
        assert desk.state(mail.id) == "delivered"


def test_a_mail_that_was_taken_and_came_back_later_is_bounced(desk, sendgrid):
    """Whichever is heard first; the server took it, the mailbox did not."""
    for order in permutations(("processed", "delivered", "bounce")):
        mail = desk.send()
        for kind in order:
            told = sendgrid.event(kind, sg_event_id=f"{mail.id}-{kind}", reason="452 full")
            assert desk.call("sendgrid", sendgrid.signed([told])) == 200
        found = desk.message(mail.id)
        assert (found.state, found.error) == ("bounced", "452 full"), order


def test_a_delivered_mail_does_not_go_back(desk, sendgrid):
    desk.set(count_opens=True)
    mail = desk.send()
    for kind in ("delivered", "open", "delivered", "dropped"):
        desk.call("sendgrid", sendgrid.signed([sendgrid.event(kind)]))
    assert desk.state(mail.id) == "read"


def test_a_large_batch_is_taken_at_once_and_worked_on_later(desk, sendgrid):
    mails = [desk.send() for _ in range(3)]
    rest = happenings.AT_ONCE - 1
    told = [sendgrid.event("delivered", sendgrid.mails[0])]
    told += [{"event": "delivered", "sg_event_id": f"x{n}"} for n in range(rest)]
    told += [sendgrid.event("bounce", each) for each in sendgrid.mails[1:]]
    assert desk.call("sendgrid", sendgrid.signed(told)) == 200
    assert [desk.state(each.id) for each in mails] == ["delivered", "sent", "sent"]
    assert desk.work() == []
    assert [desk.state(each.id) for each in mails] == ["delivered", "bounced", "bounced"]


def test_an_event_that_is_faster_than_we_are_is_not_lost(desk, sendgrid):
    """It comes before our own side wrote down the number of the mail."""
    number = desk.write()
    early = {"event": "delivered", "sg_event_id": "early", "sg_message_id": "not-yet.filter.0"}
    sendgrid.mails.clear()
    assert desk.call("sendgrid", sendgrid.signed([early])) == 200

    def written():
        db.session.execute(
            text("UPDATE message_attempts SET provider_ref = 'not-yet' WHERE message_id = :id"),
            {"id": number},
        )
        db.session.commit()

    desk.work()
    assert desk.state(number) == "sent"
    desk.do(written)
    desk.call("sendgrid", sendgrid.signed([{**early, "sg_event_id": "again"}]))
    assert desk.state(number) == "delivered"


@pytest.mark.parametrize("kind", ["spamreport", "unsubscribe", "group_unsubscribe"])
def test_who_wants_no_more_mail_gets_none(desk, sendgrid, kind):
    desk.send()
    told = sendgrid.signed([sendgrid.event(kind)])
    assert desk.call("sendgrid", told) == 200
    assert not allowed(desk)


def test_a_repeated_complaint_does_not_undo_what_was_said_since(desk, sendgrid):
    desk.send()
    told = sendgrid.event("unsubscribe")
    desk.call("sendgrid", sendgrid.signed([told]))
    desk.do(consents.give, channel="email", address=desk.address, how="on paper", by=BY)
    assert desk.call("sendgrid", sendgrid.signed([told])) == 200
    assert allowed(desk)


def forged(sendgrid):
    """Calls that are not SendGrid's, or not of today."""
    whole = [sendgrid.event("bounce")]
    body, headers = sendgrid.signed(whole)
    signature = "X-Twilio-Email-Event-Webhook-Signature"
    moment = "X-Twilio-Email-Event-Webhook-Timestamp"
    now = int(time.time())
    other = type(sendgrid)()
    return {
        "unsigned": (body, {}),
        "no timestamp": (body, {signature: headers[signature]}),
        "empty signature": (body, {**headers, signature: ""}),
        "no base64": (body, {**headers, signature: "!!!"}),
        "another key": other.signed(whole, body=body),
        "another body": (body.replace(b"bounce", b"dropped"), headers),
        "another moment": (body, {**headers, moment: str(now + 1)}),
        "three days late": sendgrid.signed(whole, at=now - 3 * DAY),
        "of tomorrow": sendgrid.signed(whole, at=now + DAY),
        "a moment that is none": (body, {**headers, moment: "-1"}),
    }


def test_forged_calls_do_nothing(desk, sendgrid):
    mail = desk.send()
    for name, given in forged(sendgrid).items():
        assert desk.call("sendgrid", given) == 400, name
        assert desk.work() == [], name
        assert desk.state(mail.id) == "sent", name


def test_what_is_signed_but_no_batch_does_nothing(desk, sendgrid):
    mail = desk.send()
    for body in (b"{", b'{"event": "bounce"}', b'"x"', b"[NaN]"):
        assert desk.call("sendgrid", sendgrid.signed(None, body=body)) == 409, body
    odd = [1, None, "x", [], {"event": "bounce"}, {"event": ["bounce"], "sg_event_id": {}}]
    assert desk.call("sendgrid", sendgrid.signed(odd)) == 200
    assert desk.state(mail.id) == "sent"


def test_an_event_of_another_business_does_nothing(desk, other_desk, sendgrid):
    mail = desk.send()
    given = sendgrid.signed([sendgrid.event("bounce")])
    assert other_desk.call("sendgrid", given) == 200
    other_desk.work()
    assert desk.state(mail.id) == "sent"
    assert desk.call("sendgrid", given) == 200
    assert desk.state(mail.id) == "bounced"


def test_a_key_of_another_business_opens_nothing(desk, other_desk, sendgrid):
    stranger = type(sendgrid)()
    other_desk.set(sendgrid_event_key=stranger.event_key)
    mail = desk.send()
    given = stranger.signed([sendgrid.event("bounce", mail=sendgrid.mails[-1])])
    assert desk.call("sendgrid", given) == 400
    assert desk.state(mail.id) == "sent"


def test_without_a_key_there_is_no_such_address(app, desk, sendgrid, amazon):
    desk.set(sendgrid_event_key=" ")
    assert desk.call("sendgrid", sendgrid.signed([])) == 404


# --- Amazon ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "more", "state"),
    [
        ("Delivery", {}, "delivered"),
        ("Bounce", {"bounce": {"bounceType": "Permanent", "bouncedRecipients": [
            {"emailAddress": "a@b.test", "diagnosticCode": "smtp; 550 no such user"}]}}, "bounced"),
        ("Reject", {"reject": {"reason": "Bad content"}}, "failed"),
        ("Send", {}, "sent"),
        ("DeliveryDelay", {}, "sent"),
        ("Open", {}, "sent"),
    ],
)  # fmt: skip
def test_what_amazon_tells(desk, amazon, kind, more, state):
    mail = desk.send("ses")
    number = mail.attempts[0].provider_ref
    assert desk.call("ses", amazon.signed(event(kind, number, **more))) == 200
    found = desk.message(mail.id)
    assert found.state == state
    if kind == "Bounce":
        assert found.error == "smtp; 550 no such user"


def test_the_older_feedback_of_amazon_is_understood(desk, amazon):
    mail = desk.send("ses")
    told = event("x", mail.attempts[0].provider_ref) | {"notificationType": "Delivery"}
    del told["eventType"]
    assert desk.call("ses", amazon.signed(told)) == 200
    assert desk.state(mail.id) == "delivered"


def test_who_complains_to_amazon_gets_no_more_mail(desk, amazon):
    mail = desk.send("ses")
    complaint = {"complainedRecipients": [{"emailAddress": desk.address}]}
    told = event("Complaint", mail.attempts[0].provider_ref, complaint=complaint)
    assert desk.call("ses", amazon.signed(told)) == 200
    assert not allowed(desk)


def test_a_notification_counts_once(desk, amazon):
    mail = desk.send("ses")
    complaint = {"complainedRecipients": [{"emailAddress": desk.address}]}
    given = amazon.signed(event("Complaint", mail.attempts[0].provider_ref, complaint=complaint))
    desk.call("ses", given)
    desk.do(consents.give, channel="email", address=desk.address, how="on paper", by=BY)
    assert desk.call("ses", given) == 200
    assert allowed(desk)


def changed(given, **other):
    body, headers = given
    return json.dumps({**json.loads(body), **other}).encode(), headers


def test_forged_notifications_do_nothing(desk, amazon):
    mail = desk.send("ses")
    told = event("Bounce", mail.attempts[0].provider_ref)
    true = amazon.signed(told)
    now = datetime.now(UTC)
    region_url = "https://sns.eu-central-1.amazonaws.com/"
    calls = {
        "another message": changed(true, Message=json.dumps(told).replace("Bounce", "Reject")),
        "another key": amazon.signed(told, key=amazon.forger),
        "no signature": changed(true, Signature=""),
        "an odd signature": changed(true, Signature="!"),
        "the older signature": amazon.signed(told, SignatureVersion="1"),
        "another topic": amazon.signed(told, TopicArn=TOPIC + "x"),
        "three days late": amazon.signed(told, at=now - timedelta(days=3)),
        "of tomorrow": amazon.signed(told, at=now + timedelta(days=1)),
        "no moment": amazon.signed(told, Timestamp="yesterday"),
        "a moment without a zone": amazon.signed(told, Timestamp="2026-11-20T12:00:00"),
        "an old certificate": amazon.signed(told, SigningCertURL=region_url + "old.pem"),
        "no certificate": amazon.signed(told, SigningCertURL=region_url + "x.html"),
        "another kind": changed(true, Type="Nothing"),
        "no JSON": (b"{", {}),
        "no object": (b"[]", {}),
    }
    for name, given in calls.items():
        assert desk.call("ses", given) == 400, name
        assert desk.state(mail.id) == "sent", name
    assert desk.call("ses", true) == 200
    assert desk.state(mail.id) == "bounced"


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.eu-central-1.amazonaws.com.evil.test/a.pem",
        "https://evil.test/a.pem",
        "http://sns.eu-central-1.amazonaws.com/a.pem",
        "https://sns.eu-central-1.amazonaws.com:8443/a.pem",
        "https://user@sns.eu-central-1.amazonaws.com/a.pem",
        "https://s3.eu-central-1.amazonaws.com/bucket/a.pem",
        "https://sns.eu-central-1.amazonaws.com@evil.test/a.pem",
        "https://HERE/a.pem",
        "http://HERE/a.pem",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_certificate_of_somebody_else_is_not_even_asked_for(desk, amazon, url):
    """A business whose Amazon is the real one. Nobody's address is looked up, and nobody calls."""
    desk.set(ses_endpoint="https://email.eu-central-1.amazonaws.com")
    with create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = url.replace("HERE", f"127.0.0.1:{listener.getsockname()[1]}")
        given = amazon.signed(event("Bounce", "x"), SigningCertURL=url)
        network.names.clear()
        assert desk.call("ses", given) == 400
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert not [host for host in network.names if host.endswith((".test", ".com"))]


def test_a_subscription_of_our_topic_is_agreed_to(desk, amazon):
    given = amazon.signed("You have chosen to subscribe", kind="SubscriptionConfirmation")
    assert desk.call("ses", given) == 200
    assert amazon.confirmed == []
    assert desk.work() == []
    assert amazon.confirmed == [json.loads(given[0])["Token"]]
    assert desk.call("ses", given) == 200
    desk.work()
    assert len(amazon.confirmed) == 1


def test_no_other_subscription_is_agreed_to(desk, amazon):
    for more in (
        {"TopicArn": TOPIC + "x"},
        {"SignatureVersion": "1"},
        {"key": amazon.forger},
    ):
        given = amazon.signed("Please", kind="SubscriptionConfirmation", **more)
        assert desk.call("ses", given) == 400
    desk.set(ses_endpoint="https://email.eu-central-1.amazonaws.com")
    given = amazon.signed("x", kind="SubscriptionConfirmation", SubscribeURL="https://evil.test/?a")
    assert desk.call("ses", given) == 400
    desk.work()
    assert amazon.confirmed == []


def test_moto_signs_as_amazon_does(desk, amazon):
    """A second opinion: notifications that moto's SNS signs, with moto's own certificate."""
    sns = amazon.aws.client("sns")
    topic = sns.create_topic(Name="events-of-tests", Attributes={"SignatureVersion": "2"})
    desk.set(ses_topic=topic["TopicArn"])
    mail = desk.send("ses")
    received = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *given):
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        ear = f"http://127.0.0.1:{server.server_address[1]}/"
        sns.subscribe(TopicArn=topic["TopicArn"], Protocol="http", Endpoint=ear)
        told = event("Delivery", mail.attempts[0].provider_ref)
        sns.publish(TopicArn=topic["TopicArn"], Message=json.dumps(told))
    finally:
        server.shutdown()
        server.server_close()
    (body,) = received
    assert desk.call("ses", (body, {})) == 200
    assert desk.state(mail.id) == "delivered"
    assert desk.call("ses", changed((body, {}), Message="{}")) == 400
