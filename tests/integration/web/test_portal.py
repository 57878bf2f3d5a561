"""The client's own pages: getting in by a code, what is seen, and what never is."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.domain.drafts import CreditNoteDraft, PaymentDraft
from invoicer_core.models import db
from invoicer_core.services import businesses, clients, credit_notes, documents, payments, upkeep
from invoicer_core.services.messages import sending
from invoicer_core.services.portal import visitors
from tests.integration.web.conftest import Visitor
from tests.integration.web.scenes import BY, SAME, Shop, make_shop, words

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app, locale="en")


@pytest.fixture
def reader(app: Flask) -> Visitor:
    """The client's browser."""
    return Visitor(app.test_client())


def ask(visitor: Visitor, shop: Shop, email: str, token: str) -> str:
    """Ask for a code; the address of the page that takes it."""
    answer = visitor.http.post(f"/portal/enter/{token}", data={"email": email}, headers=SAME)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def enter(visitor: Visitor, shop: Shop, email: str | None = None) -> str:
    """Get in by the link of a new invoice; returns its token."""
    token = shop.tokens[shop.issue("1.00").id]
    page = ask(visitor, shop, email or shop.email, token)
    answer = visitor.http.post(page, data={"code": shop.newest_code()}, headers=SAME)
    assert (answer.status_code, answer.location) == (303, "/portal/")
    return token


# --- the door ------------------------------------------------------------------------------------


def test_a_code_opens_the_clients_pages(shop: Shop, reader: Visitor) -> None:
    token = enter(reader, shop)
    page = reader.get("/portal/", headers=ENGLISH)
    assert f"Signed in as {shop.email}" in words(page)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert reader.get(f"/portal/enter/{token}").location == "/portal/"


def test_the_cookie_is_closed_and_only_for_these_pages(shop: Shop, reader: Visitor) -> None:
    token = shop.tokens[shop.issue().id]
    page = ask(reader, shop, shop.email, token)
    answer = reader.http.post(page, data={"code": shop.newest_code()}, headers=SAME)
    (cookie,) = [each for each in answer.headers.getlist("Set-Cookie") if "portal" in each]
    for part in ("invoicer_portal=", "HttpOnly", "SameSite=Strict", "Path=/portal"):
        assert part in cookie
    assert "Domain" not in cookie


def test_nobody_learns_whether_an_address_is_known(shop: Shop, reader: Visitor) -> None:
    token = shop.tokens[shop.issue().id]
    known, unknown = (
        reader.get(ask(reader, shop, email, token), headers=ENGLISH)
        for email in (shop.email, f"{uuid4().hex}@elsewhere.test")
    )
    same = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
    assert same.sub("", known.text) == same.sub("", unknown.text)
    assert [recipient for recipient, _ in shop.mails("portal_code")] == [shop.email]


def test_a_contacts_address_opens_too_and_losing_it_closes(shop: Shop, reader: Visitor) -> None:
    email = f"{uuid4().hex[:8]}@contact.test"
    person = shop.do(
        clients.add_contact, client_id=shop.client_id, fields={"name": "Ines", "email": email}
    )
    enter(reader, shop, email.upper())
    assert reader.get("/portal/").status_code == 200
    shop.do(clients.remove_contact, client_id=shop.client_id, contact_id=person.id)
    assert reader.get("/portal/").status_code == 401


def test_five_tries_then_even_the_right_code_is_wrong(shop: Shop, reader: Visitor) -> None:
    token = shop.tokens[shop.issue().id]
    page = ask(reader, shop, shop.email, token)
    right = shop.newest_code()
    wrong = f"{(int(right) + 1) % 10**8:08}"
    for code in [wrong] * 5 + [right]:
        answer = reader.http.post(page, data={"code": code}, headers=SAME)
        assert answer.status_code == 422
        assert "Set-Cookie" not in answer.headers
        assert right not in answer.text
    again = ask(reader, shop, shop.email, token)
    assert (
        reader.http.post(again, data={"code": shop.newest_code()}, headers=SAME).status_code == 303
    )


def test_a_code_works_once_for_ten_minutes_and_the_newest_only(shop: Shop, reader: Visitor) -> None:
    token = shop.tokens[shop.issue().id]
    first = ask(reader, shop, shop.email, token)
    old = shop.newest_code()
    page = ask(reader, shop, shop.email, token)
    code = shop.newest_code()
    assert reader.http.post(first, data={"code": old}, headers=SAME).status_code == 422
    with shop.app.app_context(), businesses.enter_business(shop.business_id):
        db.session.execute(
            text("UPDATE portal_codes SET expires_at = expires_at - interval '10 min'")
        )
        db.session.commit()
    assert reader.http.post(page, data={"code": code}, headers=SAME).status_code == 422
    page = ask(reader, shop, shop.email, token)
    code = shop.newest_code()
    assert reader.http.post(page, data={"code": code}, headers=SAME).status_code == 303
    other = Visitor(shop.app.test_client())
    assert other.http.post(page, data={"code": code}, headers=SAME).status_code == 422


def test_a_code_is_bound_to_its_client(shop: Shop, reader: Visitor) -> None:
    other = shop.do(clients.create, fields={"name": "Other", "email": f"{uuid4().hex}@o.test"})
    mine = shop.tokens[shop.issue().id]
    theirs = shop.tokens[shop.issue(client_id=other.id).id]
    question = ask(reader, shop, shop.email, mine).rpartition("/")[2]
    answer = reader.http.post(
        f"/portal/enter/{theirs}/{question}", data={"code": shop.newest_code()}, headers=SAME
    )
    assert answer.status_code == 422
    ask(reader, shop, shop.email, theirs)
    assert len(shop.mails("portal_code")) == 1


def test_what_is_stored_gives_no_code_away(shop: Shop, reader: Visitor) -> None:
    page = ask(reader, shop, shop.email, shop.tokens[shop.issue().id])
    code = shop.newest_code()
    with shop.app.app_context(), businesses.enter_business(shop.business_id):
        stored = str(db.session.execute(text("SELECT * FROM portal_codes")).all())
        said = str(db.session.execute(text("SELECT data FROM events")).all())
        noted = str(db.session.execute(text("SELECT * FROM audit_entries")).all())
    for place in (stored, said, noted):
        assert code not in place
        assert f"{code[:4]} {code[4:]}" not in place
    assert "portal_code" in sending.PRIVATE
    assert page.startswith("/portal/enter/")


def test_tries_are_limited_from_one_place(config: Config) -> None:
    app = create_app(replace(config, rate_limit_sign_in="3/minute"), plugins=[])
    shop = make_shop(app)
    token = shop.tokens[shop.issue().id]
    visitor = Visitor(app.test_client())
    asked = [
        visitor.http.post(f"/portal/enter/{token}", data={"email": shop.email}, headers=SAME)
        for _ in range(4)
    ]
    assert [answer.status_code for answer in asked] == [303, 303, 303, 429]
    assert "Retry-After" in asked[-1].headers


def test_other_sites_can_not_ask(shop: Shop, reader: Visitor) -> None:
    token = shop.tokens[shop.issue().id]
    answer = reader.http.post(
        f"/portal/enter/{token}", data={"email": shop.email},
        headers={"Sec-Fetch-Site": "cross-site"},
    )  # fmt: skip
    assert answer.status_code == 403
    assert shop.mails("portal_code") == []


@pytest.mark.parametrize("email", ["", "x", "a b@c.d", "a" * 300 + "@x.test"])
def test_an_odd_address_is_kept_and_named(shop: Shop, reader: Visitor, email: str) -> None:
    token = shop.tokens[shop.issue().id]
    answer = reader.http.post(f"/portal/enter/{token}", data={"email": email}, headers=SAME)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text


# --- the end -------------------------------------------------------------------------------------


def test_signing_out_ends_the_session_itself(shop: Shop, reader: Visitor) -> None:
    enter(reader, shop)
    cookie = reader.http.get_cookie("invoicer_portal", path="/portal")
    assert cookie is not None
    reader.send("/portal/sign-out", "/portal/")
    assert reader.http.get_cookie("invoicer_portal", path="/portal") is None
    reader.http.set_cookie("invoicer_portal", cookie.value, path="/portal")
    assert reader.get("/portal/").status_code == 401


def test_sessions_end_by_time_by_rest_and_by_the_business(shop: Shop, app: Flask) -> None:
    def left(change: str | None) -> int:
        reader = Visitor(app.test_client())
        enter(reader, shop)
        with shop.app.app_context(), businesses.enter_business(shop.business_id):
            if change is None:
                visitors.revoke_all(client_id=shop.client_id, by=BY)
            else:
                db.session.execute(text(f"UPDATE portal_sessions SET {change}"))  # noqa: S608
                db.session.commit()
        return reader.get("/portal/").status_code

    assert left("expires_at = now()") == 401
    assert left("last_seen_at = now() - interval '61 minutes'") == 401
    assert left("last_seen_at = now() - interval '59 minutes'") == 200
    assert left(None) == 401


def test_what_has_had_its_time_is_thrown_away(shop: Shop, reader: Visitor) -> None:
    enter(reader, shop)
    with shop.app.app_context(), businesses.enter_business(shop.business_id):
        for table in ("portal_codes", "portal_sessions"):
            db.session.execute(text(f"UPDATE {table} SET expires_at = now() - interval '8 days'"))  # noqa: S608
        db.session.commit()
        upkeep.purge_business()
        for table in ("portal_codes", "portal_sessions"):
            assert db.session.scalar(text(f"SELECT count(*) FROM {table}")) == 0  # noqa: S608


@pytest.mark.parametrize("cookie", ["", "x", "A" * 300, "AAAA" * 18])
def test_an_odd_cookie_opens_nothing(reader: Visitor, cookie: str) -> None:
    reader.http.set_cookie("invoicer_portal", cookie, path="/portal")
    assert reader.get("/portal/").status_code == 401


# --- what is seen --------------------------------------------------------------------------------

PAGES = (
    "/portal/", "/portal/invoices", "/portal/invoices?which=all", "/portal/invoices?which=paid",
    "/portal/credit-notes", "/portal/payments", "/portal/statement", "/portal/details",
)  # fmt: skip


def fill(shop: Shop, client_id: int, mark: str) -> dict[str, Any]:
    """One of each for a client, with a word of its own in every text."""
    shop.do(clients.update, client_id=client_id, fields={"notes": f"{mark}-notes", "city": mark})
    paid = shop.issue(client_id=client_id, internal_note=f"{mark}-inner", tags=(f"{mark}-tag",))
    money = shop.do(
        payments.record,
        draft=PaymentDraft(
            amount=Decimal(119), invoice_id=paid.id, method="cash", note=f"{mark}-payment",
            reference=f"{mark}-ref",
        ),
    )  # fmt: skip
    late = shop.issue("50.00", client_id=client_id)
    note = shop.do(
        credit_notes.create, draft=CreditNoteDraft(invoice_id=late.id, reason=f"{mark}-reason")
    )
    draft = shop.issue("7.77", client_id=client_id, issue=False, notes=f"{mark}-draft")
    open_ = shop.issue("30.00", client_id=client_id)
    return {"paid": paid, "money": money, "note": note, "draft": draft, "open": open_}


def test_a_client_sees_its_own_account(shop: Shop, reader: Visitor) -> None:
    mine = fill(shop, shop.client_id, "mine")
    enter(reader, shop)
    home = words(reader.get("/portal/", headers=ENGLISH))
    assert "€36.89" in home
    assert mine["open"].invoice_number in home
    every = reader.get("/portal/invoices?which=all")
    for key in ("paid", "open"):
        assert mine[key].invoice_number in every.text
        assert f'href="{shop.link(mine[key])}?via=portal"' in every.text
    assert mine["note"].credit_note_number in reader.get("/portal/credit-notes").text
    paid = reader.get("/portal/payments")
    assert f"/portal/payments/{mine['money'].public_id}/receipt" in paid.text
    statement = words(reader.get("/portal/statement", headers=ENGLISH))
    assert mine["paid"].invoice_number in statement
    assert "Balance after €36.89" in statement
    assert "mine" in words(reader.get("/portal/details"))


def test_its_papers_are_there(shop: Shop, reader: Visitor) -> None:
    mine = fill(shop, shop.client_id, "mine")
    shop.read(documents.render, credit_note_id=mine["note"].id)
    enter(reader, shop)
    for path in (
        f"/portal/payments/{mine['money'].public_id}/receipt",
        f"/portal/credit-notes/{mine['note'].public_id}/pdf",
        "/portal/statement/pdf",
    ):
        answer = reader.get(path)
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf"), path
        assert answer.data.startswith(b"%PDF-")


def test_nothing_internal_and_nothing_of_others_is_on_any_page(
    app: Flask, shop: Shop, reader: Visitor
) -> None:
    mine = fill(shop, shop.client_id, "mine")
    other = shop.do(clients.create, fields={"name": "Rival", "email": f"{uuid4().hex}@r.test"})
    theirs = fill(shop, other.id, "theirs")
    foreign = make_shop(app, name="Elsewhere")
    fill(foreign, foreign.client_id, "foreign")
    enter(reader, shop)
    for path in PAGES:
        page = reader.get(path)
        assert page.status_code == 200, path
        for word in ("theirs", "foreign", "Rival", "Elsewhere", "-inner", "-tag", "mine-notes",
                     "mine-payment", "mine-draft", "DRAFT-"):  # fmt: skip
            assert word not in page.text, (path, word)
        for key in ("paid", "open"):
            assert theirs[key].invoice_number not in page.text
    for path in (shop.link(mine["paid"]), shop.link(mine["open"])):
        page = reader.get(path)
        for word in ("-inner", "-tag", "mine-notes", "mine-payment"):
            assert word not in page.text
    assert reader.get(shop.link(mine["draft"])).status_code == 404


def test_papers_of_others_are_not_there(app: Flask, shop: Shop, reader: Visitor) -> None:
    other = shop.do(clients.create, fields={"name": "Rival", "email": f"{uuid4().hex}@r.test"})
    foreign = make_shop(app, name="Elsewhere")
    enter(reader, shop)
    nobody = Visitor(app.test_client())
    for where, client_id in ((shop, other.id), (foreign, foreign.client_id)):
        theirs = fill(where, client_id, "theirs")
        for path in (
            f"/portal/payments/{theirs['money'].public_id}/receipt",
            f"/portal/credit-notes/{theirs['note'].public_id}/pdf",
        ):
            assert reader.get(path).status_code == 404, path
            assert nobody.get(path).status_code == 401, path


def test_every_route_is_closed_to_strangers_and_to_members(
    app: Flask, owner: Visitor, stranger: Visitor
) -> None:
    seen = 0
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/portal/") or rule.rule.startswith("/portal/enter/"):
            continue
        values = {name: uuid4() for name in rule.arguments}
        path = app.url_map.bind("").build(rule.endpoint, values)
        for visitor in (stranger, owner):
            if "GET" in (rule.methods or ()):
                assert visitor.get(path).status_code == 401, path
            else:
                assert visitor.send(path, "/sign-in").status_code in (401, 403), path
            seen += 1
    assert seen >= 20


def test_a_session_of_one_business_is_nothing_in_another(
    app: Flask, shop: Shop, reader: Visitor
) -> None:
    foreign = make_shop(app, name="Elsewhere")
    enter(reader, shop)
    token = foreign.tokens[foreign.issue().id]
    page = reader.get(f"/portal/enter/{token}")
    assert page.status_code == 200
    assert "Elsewhere" in page.text
