"""Who hears what on the live channel, and who is thrown out of it."""

import secrets
import time
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
import websocket
from socketio.exceptions import ConnectionError as Refused

from invoicer_core.domain.document import Document, Item, Tax
from invoicer_core.domain.drafts import CreditNoteDraft, InvoiceDraft, PaymentDraft
from invoicer_core.models import db
from invoicer_core.models.portal import PortalSession
from invoicer_core.services import clients, credit_notes, invoices, links, payments
from invoicer_core.services.identity import access_tokens, members, sessions, users
from invoicer_core.services.portal import visitors
from tests.factories import BY, make_user
from tests.peers.processes import until

SPELLINGS = (
    "{id}", " {id}", "{id} ", "{id}.0", "+{id}", "0{id}", "{public}", "{PUBLIC}",
    "{{{public}}}", "urn:uuid:{public}", "invoice:{public}", "business:{id}",
)  # fmt: skip


def now() -> int:
    return time.time_ns() // 1_000_000


def draft_of(owner, name="Live client"):
    client_id = clients.create(fields={"name": name}, by=BY).id
    items = (Item("Thing", Decimal(3), Decimal("33.33"), taxes=(Tax("S", Decimal(20)),)),)
    return InvoiceDraft(
        document=Document("EUR", items), client_id=client_id, internal_note="our secret"
    )


def issued(owner):
    with owner.inside():
        return invoices.create(draft=draft_of(owner), by=BY, issue=True)


def test_members_hear_of_an_invoice_from_draft_to_paid(owner, connect):
    viewer = connect(token=owner.token)
    with owner.inside():
        invoice = invoices.create(draft=draft_of(owner), by=BY)
        invoices.issue(invoice_id=invoice.id, by=BY)
        payments.record(
            draft=PaymentDraft(invoice_id=invoice.id, amount=Decimal("119.99"), method="cash"),
            by=BY,
        )
    for kind in ("INVOICE_CREATED", "INVOICE_SENT", "PAYMENT_RECORDED", "INVOICE_PAID"):
        (told,) = until(lambda: viewer.named("invoice", kind))  # noqa: B023
        assert told["type"] == "INVOICE_UPDATE"
        assert told["customerId"] == str(invoice.client_public_id)
        assert told["invoice"]["id"] == invoice.id
    assert told["invoice"]["status"] == "paid"
    assert not viewer.named("changes", "invoice.issued")
    (change,) = until(lambda: viewer.named("changes", "client.created"))
    assert change.keys() == {"id", "name", "business_id", "occurred_at", "version", "data"}
    assert change["business_id"] == owner.business_id


def test_a_page_learns_what_happened_while_it_was_made(owner, other, connect):
    listening, before = connect(token=owner.token), now()
    with owner.inside():
        invoices.create(draft=draft_of(owner), by=BY)
    until(lambda: listening.named("invoice", "INVOICE_CREATED"))
    late = connect(token=owner.token)
    assert late.ask("missed", {"since": before}) == {"ok": True, "missed": True}
    assert late.ask("missed", {"since": now() + 1}) == {"ok": True, "missed": False}
    assert late.ask("missed", {"since": 0})["missed"] is True
    foreign = connect(token=other.token)
    assert foreign.ask("missed", {"since": before})["missed"] is False
    for garbage in (None, {}, {"since": "1"}, {"since": True}, {"since": None}, [before]):
        assert late.ask("missed", garbage)["ok"] is False


def test_a_client_hears_of_its_invoice_only_and_nothing_internal(owner, connect):
    mine, foreign = issued(owner), issued(owner)
    viewer = connect(link=links.invoice_token(mine.public_id))
    for each in (foreign, mine):
        with owner.inside():
            invoices.void(invoice_id=each.id, reason="typo", by=BY)
    (told,) = until(lambda: viewer.named("changes", "invoice.voided"))
    assert told["data"]["id"] == mine.id
    assert "our secret" not in str(viewer.heard)
    assert viewer.ask("watch", {"invoice": str(mine.public_id)})["invoice"]["status"] == "void"
    for wanted in (mine.id, foreign.id, str(foreign.public_id)):
        assert viewer.ask("watch", {"invoice": wanted}) == {
            "ok": False, "error": "There is no such invoice here.",
        }  # fmt: skip
    assert len(viewer.heard) == 1


def visit_of(owner, client_id, email):
    """Somebody on the client's own pages, and with what those pages follow changes."""
    with owner.inside():
        now = datetime.now(UTC)
        row = PortalSession(
            business_id=owner.business_id, client_id=client_id, email=email,
            token_hash=secrets.token_bytes(32), expires_at=now + visitors.LIFETIME,
        )  # fmt: skip
        db.session.add(row)
        db.session.commit()
        visit = visitors.Visit(row.id, client_id, email, row.expires_at)
        return visit, visitors.live_pass(visit=visit)


def test_a_clients_own_pages_hear_of_all_its_invoices_until_it_leaves(owner, connect):
    email = f"{uuid4().hex[:8]}@pages.test"
    mine, foreign = issued(owner), issued(owner)
    with owner.inside():
        clients.update(client_id=mine.client_id, fields={"email": email}, by=BY)
    visit, live_pass = visit_of(owner, mine.client_id, email)
    viewer = connect(link=live_pass)
    for each in (foreign, mine):
        with owner.inside():
            invoices.void(invoice_id=each.id, reason="typo", by=BY)
    (told,) = until(lambda: viewer.named("changes", "invoice.voided"))
    assert told["data"]["public_id"] == str(mine.public_id)
    assert "our secret" not in str(viewer.heard)
    assert viewer.ask("watch", {"invoice": mine.id})["ok"] is False
    with owner.inside():
        visitors.sign_out(visit=visit)
    until(lambda: not viewer.client.connected, seconds=5)
    with pytest.raises(Refused):
        connect(link=live_pass)


def test_a_client_hears_of_money_that_goes_back_and_of_credit(owner, connect):
    """Whatever changes what is due: the open page of the invoice and the client's own pages."""
    mine = issued(owner)
    viewer = connect(link=links.invoice_token(mine.public_id))
    email = f"{uuid4().hex[:8]}@pages.test"
    with owner.inside():
        clients.update(client_id=mine.client_id, fields={"email": email}, by=BY)
    on_pages = connect(link=visit_of(owner, mine.client_id, email)[1])
    with owner.inside():
        cash = PaymentDraft(invoice_id=mine.id, amount=Decimal("119.99"), method="cash")
        paid = payments.record(draft=cash, by=BY)
        payments.refund(payment_id=paid.id, reason="came back broken", by=BY)
        credit_notes.create(draft=CreditNoteDraft(invoice_id=mine.id, reason="broken"), by=BY)
    for each in (viewer, on_pages):
        (back,) = until(lambda: each.named("changes", "payment.refunded"))  # noqa: B023
        (credit,) = until(lambda: each.named("changes", "credit_note.issued"))  # noqa: B023
        assert (back["data"]["id"], credit["data"]["id"]) == (mine.id, mine.id)
        assert Decimal(back["data"]["balance_due"]) == Decimal("119.99")
        assert "our secret" not in str(each.heard)


def test_a_pass_of_one_business_opens_no_other(owner, other, connect):
    email = f"{uuid4().hex[:8]}@pages.test"
    mine = issued(owner)
    with owner.inside():
        clients.update(client_id=mine.client_id, fields={"email": email}, by=BY)
    _visit, live_pass = visit_of(owner, mine.client_id, email)
    start, number, token = live_pass.split(".")
    for forged in (
        f"{start}.{other.business_id}.{token}", f"{start}.{number}.{token[:-4]}AAAA", f"{start}.",
        f"{start}.x.{token}", f"{start}.{number}",
    ):  # fmt: skip
        with pytest.raises(Refused):
            connect(link=forged)


def test_nobody_hears_of_another_business(owner, other, connect):
    mine, theirs = connect(token=owner.token), connect(token=other.token)
    for _ in range(20):
        issued(other)
    last = issued(owner)
    until(lambda: mine.named("invoice", "INVOICE_SENT"))
    until(lambda: len(theirs.named("invoice", "INVOICE_SENT")) == 20)
    assert {data["invoice"]["id"] for data in mine.named("invoice", "INVOICE_SENT")} == {last.id}
    assert {data["business_id"] for name, data in mine.heard if name == "changes"} == {
        owner.business_id
    }


def test_no_spelling_reaches_another_business_s_invoice(owner, other, connect):
    theirs = issued(other)
    viewer = connect(token=owner.token)
    names = {"id": theirs.id, "public": theirs.public_id, "PUBLIC": str(theirs.public_id).upper()}
    wanted = [theirs.id, [theirs.id], {"id": theirs.id}, None, True, 2**70]
    wanted += [spelling.format(**names) for spelling in SPELLINGS]
    for each in wanted:
        assert viewer.ask("watch", {"invoice": each})["ok"] is False


@pytest.mark.parametrize(
    "auth", [{}, {"token": "x"}, {"token": ""}, {"link": "x"}, {"token": 7}, {"room": "business:1"}]
)
def test_strangers_are_refused(connect, auth):
    with pytest.raises(Refused):
        connect(**auth)


def test_a_token_leads_into_no_foreign_business(owner, other, connect):
    with pytest.raises(Refused):
        connect(token=owner.token, business_id=other.business_id)
    with pytest.raises(Refused):
        connect(token=owner.token, business_id=str(owner.business_id))


def test_the_cookie_counts_on_our_own_pages_only(owner, connect, web):
    viewer = connect(cookie=owner.cookie, origin=web)
    issued(owner)
    until(lambda: viewer.named("invoice", "INVOICE_SENT"))
    with pytest.raises(Refused):
        connect(cookie=owner.cookie)
    with pytest.raises(Refused):
        connect(cookie=owner.cookie, origin="http://evil.test")


def test_a_revoked_sign_in_is_thrown_out_within_5_seconds(owner, connect):
    viewer = connect(token=owner.token)
    sessions.end(identity=owner.signed_in.identity)
    until(lambda: not viewer.client.connected, seconds=5)
    with pytest.raises(Refused):
        connect(token=owner.token)


def test_a_removed_member_is_thrown_out_within_5_seconds(owner, connect, app):
    user_id = make_user()
    with owner.inside():
        member = members.add(email=users.get(user_id=user_id).email, role="viewer", by=BY)
    signed_in = sessions.begin(user_id=user_id, kind="api")
    token = access_tokens.make(user_id, signed_in.identity.sign_in_id, owner.business_id)
    viewer = connect(token=token)
    with owner.inside():
        members.remove(member_id=member.id, by=BY)
    until(lambda: not viewer.client.connected, seconds=5)


def test_who_floods_is_thrown_out(owner, connect):
    viewer = connect(token=owner.token)
    for _ in range(60):
        viewer.client.emit("watch", {"invoice": 1})
    until(lambda: not viewer.client.connected)


def test_an_oversized_event_ends_the_connection(owner, connect):
    viewer = connect(token=owner.token)
    viewer.client.emit("watch", {"invoice": "x" * 1_000_000})
    until(lambda: not viewer.client.connected)
    assert connect(token=owner.token).ask("watch", {"invoice": 0})["ok"] is False


def test_one_user_has_ten_sockets_at_most(owner, connect):
    opened = [connect(token=owner.token) for _ in range(10)]
    with pytest.raises(Refused):
        connect(token=owner.token)
    opened[0].client.disconnect()
    until(lambda: _connects(connect, owner))


def _connects(connect, owner) -> bool:
    try:
        connect(token=owner.token)
    except Refused:
        return False
    return True


def test_who_never_says_who_it_is_is_thrown_out(web, owner, connect):
    address = web.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    silent = [websocket.create_connection(address, timeout=20) for _ in range(30)]
    for each in silent:
        assert each.recv().startswith("0{")
    assert connect(token=owner.token).ask("watch", {"invoice": 0})["ok"] is False
    for each in silent:
        assert closes(each)


def closes(connection) -> bool:
    """True when the server ends it; its pings are answered until then."""
    try:
        while message := connection.recv():
            if message == "2":
                connection.send("3")
    except (websocket.WebSocketConnectionClosedException, ConnectionError):
        return True
    return True


@pytest.mark.parametrize("garbage", ["4", "42", '42["watch"', "451-", "49", "4x", '42["a",NaN]'])
def test_garbage_disturbs_nobody(web, owner, connect, garbage):
    viewer = connect(token=owner.token)
    address = web.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    with closing(websocket.create_connection(address, timeout=10)) as raw:
        raw.send(garbage)
        raw.send(garbage)
    issued(owner)
    until(lambda: viewer.named("invoice", "INVOICE_SENT"))
